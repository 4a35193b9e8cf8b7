package pipeline_test

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"palermo/pipeline"
)

// searchReceipts: the pages hold no name or reference from the vault, and nothing of who refuses; the workbooks are the
// agency's own files, and so hold its names, and nothing of another agency.
func searchReceipts(t *testing.T, home string, k *canaries) {
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	l, err := h.ReadLedger()
	check(t, err)
	names, numbers := map[string][]string{}, map[string]string{} // by agency; by number
	for _, s := range l.Submissions {
		names[s.Agency] = append(names[s.Agency], vaultNames(t, filepath.Join(home, "vault", "record", "submission="+s.ID), k)...)
		numbers[s.Receipt] = s.Agency
	}
	if n := len(slices.Concat(names["iom_chisinau"], names["iom_kyiv"], names["rcp_belgrade"])); n < 1000 {
		t.Fatalf("the vault has %d names and references that can be told apart", n)
	}
	pages, reports, books := 0, 0, 0
	for _, f := range receiptFiles(t, home) {
		agency := filepath.Dir(f)
		b := read(t, home, "receipts", f)
		ext := filepath.Ext(f)
		if ext != ".html" && ext != ".json" {
			books++
			b = unzipped(t, b)
		} else {
			none(t, f, b, k.refused)
			if strings.HasPrefix(filepath.Base(f), "report.") { // a page about all that an agency sent
				reports++
				none(t, f, b, k.own, k.astray)
			} else {
				pages++
			}
		}
		has := map[string]bool{}
		for _, w := range regexp.MustCompile(`[\pL\d/-]+`).FindAll(b, -1) {
			has[string(w)] = true
		}
		for other, of := range names {
			if other == agency && books > 0 && ext != ".html" && ext != ".json" {
				continue
			}
			for _, n := range of {
				if has[n] {
					t.Errorf("%s holds a name or a reference of %s", f, other)
					break
				}
			}
		}
		for number, of := range numbers {
			if of != agency && bytes.Contains(b, []byte(number)) {
				t.Errorf("%s holds a number of %s", f, of)
			}
		}
		for other := range names {
			if other != agency && bytes.Contains(b, []byte(other)) {
				t.Errorf("%s names %s", f, other)
			}
		}
	}
	if pages != 2*len(l.Submissions) || reports != 2*len(names) || books < 5 {
		t.Errorf("%d pages and %d workbooks of %d submissions, and %d reports of %d agencies", pages, books, len(l.Submissions), reports, len(names))
	}
}

// vaultNames is what of the planted names and references the vault holds of a submission.
func vaultNames(t *testing.T, dir string, k *canaries) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	check(t, err)
	var out []string
	for _, f := range files {
		db, err := sql.Open("duckdb", "")
		check(t, err)
		for _, column := range []string{"family_name", "given_name", "father_name", "identity_number", "other_reference", "case_reference"} {
			rows, err := db.Query(fmt.Sprintf(`SELECT DISTINCT %s FROM read_parquet('%s', hive_partitioning = false) WHERE %[1]s IS NOT NULL`, column, f))
			if err != nil {
				continue // the form does not ask it
			}
			for rows.Next() {
				var s string
				check(t, rows.Scan(&s))
				if strings.Contains(s, k.own.latin) || strings.Contains(s, k.own.cyr) || strings.Contains(s, k.own.ref) {
					out = append(out, s)
				}
			}
			check(t, rows.Err())
		}
		check(t, db.Close())
	}
	return out
}

// unzipped is all parts of a workbook.
func unzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	check(t, err)
	var out bytes.Buffer
	for _, f := range z.File {
		r, err := f.Open()
		check(t, err)
		_, err = io.Copy(&out, r)
		check(t, err)
		r.Close()
	}
	return out.Bytes()
}
