package load

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet/file"
)

// Pages hands f what the pages of a Parquet file hold, decompressed: dictionaries, with words that no row may have any
// more, and values. It is valid during the call.
func Pages(path string, f func([]byte) error) error {
	return withReader(path, func(r *file.Reader) error {
		for g := range r.NumRowGroups() {
			rg := r.RowGroup(g)
			for c := range rg.NumColumns() {
				pages, err := rg.GetColumnPageReader(c)
				if err != nil {
					return err
				}
				for pages.Next() {
					if err := f(pages.Page().Data()); err != nil {
						return err
					}
				}
				if err := pages.Err(); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
		}
		return nil
	})
}

// Texts hands f every distinct text of each column of a database that this project wrote.
func Texts(ctx context.Context, path string, f func(table, column, text string) error) error {
	columns, err := Query(ctx, path, `SELECT c.table_name AS name, c.column_name AS col FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_oid)
		WHERE NOT t.internal AND c.data_type = 'VARCHAR' ORDER BY c.table_oid, c.column_index`)
	if err != nil {
		return err
	}
	db, err := sql.Open("duckdb", path+"?access_mode=READ_ONLY")
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	for _, c := range columns {
		if err := textsOf(ctx, db, c["name"], c["col"], f); err != nil {
			return fmt.Errorf("table %s: %w", c["name"], err)
		}
	}
	return nil
}

func textsOf(ctx context.Context, db *sql.DB, table, column string, f func(table, column, text string) error) error {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL", identifier(column), identifier(table), identifier(column)))
	if err != nil {
		return systemError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if err := f(table, column, text); err != nil {
			return err
		}
	}
	return systemError(rows.Err())
}
