package main

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"palermo/fixtures"
)

// receiptCommands is what the scripts about receipts do as an agency would.
var receiptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"cases":   makeCases,
	"receipt": findReceipt,
	"pick":    pickRows,
	"mend":    mendCells,
	"marked":  checkMarked,
	"count":   checkCount,
}

func withReceipts(all map[string]func(*testscript.TestScript, bool, []string)) map[string]func(*testscript.TestScript, bool, []string) {
	maps.Copy(all, receiptCommands)
	return all
}

// cases DIR makes the generator's files: of the two databases of cases, and glotip.xlsx.
func makeCases(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(fixtures.Cases(dir, fixtures.CasesOptions{CTM: 200, RCP: 300, Seed: 9, NoReports: true}))
	var b bytes.Buffer
	ts.Check(fixtures.Glotip(&b, fixtures.GlotipOptions{Seed: 3, Rows: 30}))
	ts.Check(os.WriteFile(filepath.Join(dir, "glotip.xlsx"), b.Bytes(), 0o666))
}

// receipt VARIABLE HOME AGENCY N sets the variable to the path of the receipt of that number, without its extension.
func findReceipt(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	pages, err := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "receipts", args[2], fmt.Sprintf("PAL-*-%06d.html", n)))
	ts.Check(err)
	if len(pages) != 1 {
		ts.Fatalf("%d receipts of number %d for %s", len(pages), n, args[2])
	}
	ts.Setenv(args[0], strings.TrimSuffix(pages[0], ".html"))
}

// pick IN OUT SHEET HEADER N copies a file with only the rows down to the header and the first N below it, and only that sheet.
func pickRows(ts *testscript.TestScript, _ bool, args []string) {
	header, err := strconv.Atoi(args[3])
	ts.Check(err)
	n, err := strconv.Atoi(args[4])
	ts.Check(err)
	in, out := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(out), 0o777))
	if filepath.Ext(in) == ".csv" {
		rows := readRows(ts, in)
		writeRows(ts, out, rows[:header+n])
		return
	}
	f, err := excelize.OpenFile(in)
	ts.Check(err)
	defer f.Close()
	for _, s := range f.GetSheetList() {
		if s != args[2] {
			ts.Check(f.DeleteSheet(s))
		}
	}
	rows, err := f.GetRows(args[2])
	ts.Check(err)
	for r := len(rows) + 1; r > header+n; r-- {
		ts.Check(f.RemoveRow(args[2], r))
	}
	ts.Check(f.SaveAs(out))
}

func readRows(ts *testscript.TestScript, path string) [][]string {
	b, err := os.ReadFile(path)
	ts.Check(err)
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).ReadAll()
	ts.Check(err)
	return rows
}

func writeRows(ts *testscript.TestScript, path string, rows [][]string) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	ts.Check(w.WriteAll(rows))
	ts.Check(os.WriteFile(path, b.Bytes(), 0o666))
}

// mend IN OUT SHEET CELL=TEXT... copies a file with some cells changed, as another program would save it. "swap=A/B" lets two rows change
// places, "add=A" puts a copy of a row at the end, "drop=A" takes one out.
func mendCells(ts *testscript.TestScript, _ bool, args []string) {
	in, out := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(out), 0o777))
	isText := filepath.Ext(in) == ".csv"
	sheet := args[2]
	var f *excelize.File
	if isText {
		f, sheet = excelize.NewFile(), "Sheet1"
		for i, r := range readRows(ts, in) {
			ts.Check(f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &r))
		}
	} else {
		var err error
		f, err = excelize.OpenFile(in)
		ts.Check(err)
	}
	defer f.Close()
	for _, a := range args[3:] {
		at, text, _ := strings.Cut(a, "=")
		switch at {
		case "swap":
			one, other, _ := strings.Cut(text, "/")
			swapRows(ts, f, sheet, number1(ts, one), number1(ts, other))
		case "add":
			rows, err := f.GetRows(sheet)
			ts.Check(err)
			ts.Check(f.SetSheetRow(sheet, fmt.Sprintf("A%d", len(rows)+1), &rows[number1(ts, text)-1]))
		case "drop":
			ts.Check(f.RemoveRow(sheet, number1(ts, text)))
		default:
			ts.Check(f.SetCellStr(sheet, at, text))
		}
	}
	if !isText {
		ts.Check(f.SaveAs(out))
		return
	}
	rows, err := f.GetRows(sheet)
	ts.Check(err)
	for i := range rows {
		rows[i] = append(rows[i], make([]string, len(rows[0])-len(rows[i]))...)
	}
	writeRows(ts, out, rows)
}

func number1(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

func swapRows(ts *testscript.TestScript, f *excelize.File, sheet string, a, b int) {
	rows, err := f.GetRows(sheet)
	ts.Check(err)
	for c := range max(len(rows[a-1]), len(rows[b-1])) {
		cell := func(r []string) string {
			if c < len(r) {
				return r[c]
			}
			return ""
		}
		for row, text := range map[int]string{a: cell(rows[b-1]), b: cell(rows[a-1])} {
			at, err := excelize.CoordinatesToCellName(c+1, row)
			ts.Check(err)
			ts.Check(f.SetCellStr(sheet, at, text))
		}
	}
}

// marked FILE SHEET CELL... checks that these cells, and no others of the sheet, are red or yellow.
func checkMarked(ts *testscript.TestScript, _ bool, args []string) {
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	rows, err := f.GetRows(args[1])
	ts.Check(err)
	width := 0
	for _, r := range rows {
		width = max(width, len(r))
	}
	var got []string
	for r := range rows {
		for c := range width + 1 {
			at, err := excelize.CoordinatesToCellName(c+1, r+1)
			ts.Check(err)
			id, err := f.GetCellStyle(args[1], at)
			ts.Check(err)
			if fill := f.Styles.CellXfs.Xf[id].FillID; fill != nil && f.Styles.Fills.Fill[*fill].PatternFill != nil {
				if c := f.Styles.Fills.Fill[*fill].PatternFill.FgColor; c != nil && (c.RGB == "FFFFC7C1" || c.RGB == "FFFFEBA1") {
					got = append(got, at)
				}
			}
		}
	}
	want := slices.Sorted(slices.Values(args[2:]))
	if slices.Sort(got); !slices.Equal(got, want) {
		ts.Fatalf("marked in %s: %v, want %v", filepath.Base(args[0]), got, want)
	}
}

// count HOME SQL WANT asks the published database.
func checkCount(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("duckdb", filepath.Join(ts.MkAbs(args[0]), "current", "palermo.duckdb")+"?access_mode=read_only")
	ts.Check(err)
	defer db.Close()
	var got string
	ts.Check(db.QueryRow("SELECT CAST((" + args[1] + ") AS VARCHAR)").Scan(&got))
	if got != args[2] {
		ts.Fatalf("%s: %s, want %s", args[1], got, args[2])
	}
}
