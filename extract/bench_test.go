package extract_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/xuri/excelize/v2"

	"palermo/extract"
)

// benchCSV is a file of cases: most columns of few words, one of names, one of counts.
func benchCSV(b *testing.B, rows, cols int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "cases.csv")
	f, err := os.Create(path)
	must(b, err)
	w := bufio.NewWriterSize(f, 1<<20)
	for c := range cols {
		fmt.Fprintf(w, "column %d%s", c+1, end(c, cols))
	}
	for r := range rows {
		for c := range cols {
			switch {
			case c == 0:
				fmt.Fprintf(w, "case-%07d,", r)
			case (r+c)%9 == 0:
				w.WriteString(end(c, cols))
			default:
				fmt.Fprintf(w, "word %d%s", (r*31+c*7)%(3+c*c), end(c, cols))
			}
		}
	}
	must(b, w.Flush())
	must(b, f.Close())
	return path
}

func end(c, cols int) string {
	if c == cols-1 {
		return "\n"
	}
	return ","
}

func benchBatches(b *testing.B, path string, cols, rows int) {
	st, err := os.Stat(path)
	must(b, err)
	b.SetBytes(st.Size())
	b.ReportAllocs()
	for b.Loop() {
		f, err := extract.Open(path, extract.Options{TmpDir: b.TempDir()})
		must(b, err)
		sp := extract.Spec{HeaderRow: 1}
		for c := range cols {
			sp.Columns = append(sp.Columns, extract.Column{Name: strconv.Itoa(c), Col: c + 1, Plain: c == 0})
		}
		r := extract.NewReader(f.Sheets()[0], sp, memory.DefaultAllocator)
		for batch, err := range r.Batches(context.Background()) {
			must(b, err)
			batch.Release()
		}
		if n := r.Counts().Batched; n != int64(rows) {
			b.Fatalf("%d rows, want %d", n, rows)
		}
		must(b, f.Close())
	}
}

const csvRows, csvCols = 100_000, 40

func BenchmarkCSV(b *testing.B) { benchBatches(b, benchCSV(b, csvRows, csvCols), csvCols, csvRows) }

// BenchmarkCSVBare is encoding/csv alone over the same file.
func BenchmarkCSVBare(b *testing.B) {
	path := benchCSV(b, csvRows, csvCols)
	st, err := os.Stat(path)
	must(b, err)
	b.SetBytes(st.Size())
	b.ReportAllocs()
	for b.Loop() {
		f, err := os.Open(path)
		must(b, err)
		r := csv.NewReader(bufio.NewReaderSize(f, 1<<16))
		r.ReuseRecord = true
		for err = nil; !errors.Is(err, io.EOF); {
			_, err = r.Read()
		}
		must(b, f.Close())
	}
}

// BenchmarkUniqueNames is one column of which no word repeats: the cap must keep it cheap.
func BenchmarkUniqueNames(b *testing.B) {
	const rows = 1_000_000
	path := filepath.Join(b.TempDir(), "names.csv")
	var text []byte
	text = append(text, "name,x\n"...)
	for r := range rows {
		text = fmt.Appendf(text, "family name %d,1\n", r)
	}
	write(b, path, text)
	benchBatches(b, path, 2, rows)
}

func BenchmarkUniqueNamesCapped(b *testing.B) {
	const rows = 1_000_000
	path := filepath.Join(b.TempDir(), "names.csv")
	text := []byte("x,name\n")
	for r := range rows {
		text = fmt.Appendf(text, "1,family name %d\n", r)
	}
	write(b, path, text)
	benchBatches(b, path, 2, rows)
}

const xlsxRows, xlsxCols = 20_000, 30

func benchXLSX(b *testing.B) string {
	b.Helper()
	f := excelize.NewFile()
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	must(b, err)
	sw, err := f.NewStreamWriter("Sheet1")
	must(b, err)
	for r := range xlsxRows + 1 {
		cells := make([]any, xlsxCols)
		for c := range cells {
			switch {
			case r == 0:
				cells[c] = fmt.Sprintf("column %d", c+1)
			case c%10 == 3:
				cells[c] = excelize.Cell{StyleID: day, Value: 40000 + r%5000}
			case c%3 == 0:
				cells[c] = r * c
			default:
				cells[c] = fmt.Sprintf("word %d", r*c%97)
			}
		}
		must(b, sw.SetRow(cellName(b, 1, r+1), cells))
	}
	must(b, sw.Flush())
	path := filepath.Join(b.TempDir(), "cases.xlsx")
	must(b, f.SaveAs(path))
	return path
}

func BenchmarkXLSX(b *testing.B) { benchBatches(b, benchXLSX(b), xlsxCols, xlsxRows) }

// BenchmarkXLSXBare is a loop over excelize's rows.
func BenchmarkXLSXBare(b *testing.B) {
	path := benchXLSX(b)
	b.ReportAllocs()
	for b.Loop() {
		f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
		must(b, err)
		rows, err := f.Rows("Sheet1")
		must(b, err)
		for rows.Next() {
			_, err := rows.Columns()
			must(b, err)
		}
		must(b, rows.Close())
		must(b, f.Close())
	}
}
