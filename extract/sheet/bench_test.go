package sheet_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"palermo/extract/sheet"
	"palermo/extract/zipfile"
	"palermo/fixtures"
)

const benchCols = 30

var benchRows = []int{100_000, 200_000}

// wide is a workbook of so many rows of cases: words, numbers, dates as text, names.
func wide(b *testing.B, rows int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "wide.xlsx")
	if err := fixtures.WideSheet(path, rows, benchCols, 1); err != nil {
		b.Fatal(err)
	}
	return path
}

// bench measures how long read takes, what it allocates, and the most that lives on the heap at
// once, beside what did before.
func bench(b *testing.B, rows int, read func(path string) (int, error)) {
	path := wide(b, rows)
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(st.Size())
	b.ReportAllocs()
	for b.Loop() {
		if n, err := read(path); err != nil || n != rows+1 {
			b.Fatal(n, err)
		}
	}
	b.StopTimer()
	peak := peakHeap(func() {
		if _, err := read(path); err != nil {
			b.Fatal(err)
		}
	})
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows*benchCols), "ns/cell")
}

// peakHeap is the most bytes of the heap in use, garbage too, while f runs.
func peakHeap(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak := m.HeapInuse, uint64(0)
	var done atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !done.Load() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	f()
	done.Store(true)
	<-ended
	return peak - min(peak, before)
}

// BenchmarkSheet opens the workbook, its container checked to its end, and reads every row.
func BenchmarkSheet(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) { bench(b, rows, readSheet) })
	}
}

func readSheet(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	book, err := openBook(f)
	if err != nil {
		return 0, err
	}
	return readRows(book)
}

func openBook(f *os.File) (*sheet.Book, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	a, err := zipfile.Open(f, st.Size(), zipfile.Options{Package: true})
	if err == nil {
		err = a.Check(context.Background())
	}
	if err != nil {
		return nil, err
	}
	return sheet.Open(a, sheet.Options{})
}

func readRows(book *sheet.Book) (n int, err error) {
	r, err := book.Rows(0)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		if _, err := r.Next(context.Background()); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

// BenchmarkRows reads the rows alone, of a workbook that is open: its peak is what reading takes
// beside the shared strings.
func BenchmarkRows(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			var book *sheet.Book
			bench(b, rows, func(path string) (int, error) {
				if book == nil {
					f, err := os.Open(path)
					if err != nil {
						return 0, err
					}
					b.Cleanup(func() { f.Close() })
					if book, err = openBook(f); err != nil {
						return 0, err
					}
				}
				return readRows(book)
			})
		})
	}
}

// BenchmarkExcelize is excelize's own bare loop over the same rows.
func BenchmarkExcelize(b *testing.B) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprint(rows), func(b *testing.B) { bench(b, rows, readExcelize) })
	}
}

func readExcelize(path string) (n int, err error) {
	f, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	if err != nil {
		return 0, err
	}
	defer f.Close()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := rows.Columns(); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Error()
}
