package testlong

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"palermo/diag"
	"palermo/load/receipt"
)

// runReceipt names the folder in which this program, executed again, is to make one receipt: so
// its memory is measured by itself.
const runReceipt = "PALERMO_LONG_RUN_RECEIPT"

// What a receipt of a large workbook may take: seconds of CPU, since those of the clock are the neighbours' too.
const (
	receiptSeconds = 30
	receiptMiB     = 512
)

// TestReceiptOfALargeWorkbook makes the receipt of 200,000 rows of 30 columns, a cell in each hundred of which is
// to be mended.
func TestReceiptOfALargeWorkbook(t *testing.T) {
	dir := t.TempDir()
	rows := scale(200_000, 10_000)
	writeLarge(t, filepath.Join(dir, "in.xlsx"), rows)
	measureReceipt(t, dir, rows)
}

// TestReceiptOfALargeFileOfText does the same with a file of text.
func TestReceiptOfALargeFileOfText(t *testing.T) {
	measureReceipt(t, t.TempDir(), scale(200_000, 10_000))
}

// measureReceipt makes the receipt of in.xlsx in the folder, or of rows of text where there is none.
func measureReceipt(t *testing.T, dir string, rows int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), runReceipt+"="+dir, runReceipt+"_ROWS="+strconv.Itoa(rows))
	cmd.Stderr = t.Output()
	start := time.Now()
	out, err := cmd.Output()
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	mib, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.Logf("%d rows: %.1f s, %.1f s of CPU, %d MiB", rows, took.Seconds(), cpu.Seconds(), mib)
	if cpu > receiptSeconds*time.Second || mib > receiptMiB {
		t.Errorf("a receipt may take %d s of CPU and %d MiB", receiptSeconds, receiptMiB)
	}
}

// makeReceipt makes the receipt in the folder, and says how much memory that took at most.
func makeReceipt(dir string) error {
	rows, err := strconv.Atoi(os.Getenv(runReceipt + "_ROWS"))
	if err != nil {
		return err
	}
	in := &receipt.Input{Number: "PAL-2026-000001", State: receipt.AcceptedInPart, Sheets: []receipt.Sheet{{Name: "S", Unit: receipt.Rows, Read: int64(rows)}}}
	for col := range 30 {
		f := receipt.Finding{Code: diag.ValueNotDate, Severity: diag.Error, Sheet: "S", Column: fmt.Sprint("c", col)}
		for row := 2 + col; row <= rows; row += 100 {
			f.Cells = append(f.Cells, receipt.Cell{Row: row, Col: col + 1})
		}
		f.Count = len(f.Cells)
		in.Findings = append(in.Findings, f)
	}
	dst, err := os.Create(filepath.Join(dir, "out.xlsx"))
	if err != nil {
		return err
	}
	defer dst.Close()
	src, err := os.Open(filepath.Join(dir, "in.xlsx"))
	if errors.Is(err, fs.ErrNotExist) {
		if err := receipt.AnnotateRows(context.Background(), textRows(rows), dir, dst, in); err != nil {
			return err
		}
		return printPeak()
	}
	if err != nil {
		return err
	}
	defer src.Close()
	fi, err := src.Stat()
	if err != nil {
		return err
	}
	if err := receipt.Annotate(context.Background(), src, fi.Size(), dst, in); err != nil {
		return err
	}
	return printPeak()
}

// textRows is the rows of writeLarge as text.
func textRows(rows int) iter.Seq2[receipt.TextRow, error] {
	return func(yield func(receipt.TextRow, error) bool) {
		cells := make([]string, 30)
		for row := 1; row <= rows; row++ {
			for col := range cells {
				cells[col] = fmt.Sprintf("word %d", row%97*col)
			}
			if !yield(receipt.TextRow{Line: row, Cells: cells}, nil) {
				return
			}
		}
	}
}

// printPeak prints the most memory that this program has had, in MiB.
func printPeak() error {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "VmHWM:" {
			kib, err := strconv.Atoi(words[1])
			fmt.Println(kib / 1024)
			return err
		}
	}
	return fmt.Errorf("the system does not say how much memory was used")
}

// writeLarge writes a workbook as a stream, so that this program stays small.
func writeLarge(t *testing.T, path string, rows int) {
	t.Helper()
	writeBook(t, path, rows, func(row, col int) (string, bool) {
		if col%2 == 0 {
			return strconv.Itoa(row * col), true
		}
		return fmt.Sprintf("word %d", row%97*col), false
	})
}

// writeBook writes a workbook of 30 columns, whose cells are given, as numbers or as text.
func writeBook(t *testing.T, path string, rows int, cell func(row, col int) (text string, number bool)) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	const kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	z := zip.NewWriter(f)
	put := func(name string, write func(w *bufio.Writer)) {
		part, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(part)
		write(w)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	text := func(s string) func(w *bufio.Writer) { return func(w *bufio.Writer) { io.WriteString(w, s) } }
	put("[Content_Types].xml", text(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="`+kind+`sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="`+kind+`worksheet+xml"/></Types>`))
	put("_rels/.rels", text(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="`+rel+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`))
	put("xl/workbook.xml", text(`<workbook xmlns="`+space+`" xmlns:r="`+rel+`"><sheets><sheet name="S" sheetId="1" r:id="x"/></sheets></workbook>`))
	put("xl/_rels/workbook.xml.rels", text(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="x" Type="`+rel+`/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`))
	put("xl/worksheets/sheet1.xml", func(w *bufio.Writer) {
		fmt.Fprintf(w, `<worksheet xmlns="%s"><sheetData>`, space)
		for row := 1; row <= rows; row++ {
			fmt.Fprintf(w, `<row r="%d">`, row)
			for col := 1; col <= 30; col++ {
				if s, number := cell(row, col); number {
					fmt.Fprintf(w, `<c r="%s"><v>%s</v></c>`, diag.Cell(row, col), s)
				} else if s != "" {
					fmt.Fprintf(w, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, diag.Cell(row, col), s)
				}
			}
			io.WriteString(w, `</row>`)
		}
		io.WriteString(w, `</sheetData></worksheet>`)
	})
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}
