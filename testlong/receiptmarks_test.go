package testlong

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"palermo/fixtures"
	"palermo/load/receipt"
	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

// spoiled is a text that is wrong in a column, whatever stands in the rest of the row.
type spoiled struct{ header, text string }

// plantable is a file of the generator, the columns in which errors are planted, and how many.
type plantable struct {
	name, file string // the file below the generator's folder; in a workbook the sheet too
	sheet      string
	header     int // the row of the header's last line
	consent    string
	columns    []spoiled
	asCSV      bool // the sheet is sent as CSV
}

var plantables = []plantable{
	{name: "CTM, CSV", file: "iom_chisinau/ctm_assistance.csv", header: 1, consent: "Data consent", columns: []spoiled{
		{"Registered on", "31/02/2003"}, {"Age", "240"}, {"Number of children", "several"}, {"Monthly income USD", "enough"}, {"Sex", "Fe?"},
		{"Country of origin", "Atlantis"}, {"Education", "Some"}, {"Exploited from", "30/02/2002"}, {"Threats", "maybe"}, {"Marital status", "It is complicated"}, {"Left on", "03.04.2003"}}},
	{name: "CTM, workbook", file: "iom_bishkek/case_system_export.xlsx", sheet: "Assistance", header: 1, consent: "DataConsent", columns: []spoiled{
		{"RegistrationDate", "2013-02-30"}, {"Age", "-4"}, {"NumberOfChildren", "1.5"}, {"Gender", "Q9"}, {"CountryOfOrigin", "ZZZ"},
		{"EducationLevel", "??"}, {"MonthlyIncomeUSD", "1.2.3"}, {"ReturnDate", "soon"}, {"meansThreats", "7"}, {"CaseStatus", "Lost"}}},
	{name: "RCP, workbook", file: "rcp_belgrade/regional_workbook.xlsx", sheet: "Serbia", header: 4, columns: []spoiled{
		{"Age", "tall"}, {"Sex", "Q9"}, {"Identified on", "31.02.2003"}, {"Children", "-2"}, {"Education", "some"},
		{"Marital status", "unclear"}, {"Country of origin", "Atlantis"}, {"Destination", "Nowhere"}, {"Hours a day", "all"}}},
	{name: "RCP, CSV", file: "rcp_belgrade/regional_workbook.xlsx", sheet: "Albania", header: 4, asCSV: true, columns: []spoiled{
		{"Age", "tall"}, {"Sex", "Q9"}, {"Identified on", "31.02.2003"}, {"Children", "-2"}, {"Education", "some"},
		{"Marital status", "unclear"}, {"Country of origin", "Atlantis"}, {"Destination", "Nowhere"}, {"Hours a day", "all"}}},
	{name: "GLOTIP, workbook", file: "glotip.xlsx", sheet: "data_glotip_1", header: 3, columns: glotipSpoiled},
	{name: "GLOTIP, CSV", file: "glotip.xlsx", sheet: "data_glotip_1", header: 3, asCSV: true, columns: glotipSpoiled},
}

var glotipSpoiled = []spoiled{{"Year", "20O3"}, {"txtVALUE", "ten"}, {"txtVALUE", "-3"}, {"Sex", "Q9"}, {"Dimension", "by nothing"}, {"Indicator", "Guesses"}}

const plantsInEach = 50

// TestPlantedErrorsAreMarked: of errors that are planted into the generator's files, the receipts mark nearly all, and
// hardly anything else. What they mark of the files as they are is counted apart: the generator makes the oddities of real ones.
func TestPlantedErrorsAreMarked(t *testing.T) {
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 900, RCP: 900, Seed: 5, NoReports: true}))
	var b bytes.Buffer
	check(t, fixtures.Glotip(&b, fixtures.GlotipOptions{Seed: 3, Rows: 120}))
	check(t, os.WriteFile(filepath.Join(dir, "glotip.xlsx"), b.Bytes(), 0o600))
	schema := schemas.Builtin()
	set, err := pipeline.LoadMappings(schema)
	check(t, err)
	var planted, hit, false_ int
	for i, p := range plantables {
		book := p.open(t, dir)
		cells := p.draw(t, book, rand.New(rand.NewPCG(uint64(i), 300)))
		before := p.marked(t, book, filepath.Join(dir, fmt.Sprint("before", i)), schema, set, receipt.Languages[(2*i)%len(receipt.Languages)])
		for at, text := range cells {
			check(t, book.SetCellStr(p.sheet, at, text))
		}
		after := p.marked(t, book, filepath.Join(dir, fmt.Sprint("after", i)), schema, set, receipt.Languages[(2*i+1)%len(receipt.Languages)])
		found, more := 0, 0
		var missed []string
		for at, text := range cells {
			if after[at] {
				found++
			} else {
				missed = append(missed, at+" "+text)
			}
		}
		for at := range after {
			if _, is := cells[at]; !is && !before[at] {
				more++
			}
		}
		t.Logf("%s: %d of %d planted errors marked, %d other cells; %d were marked before", p.name, found, len(cells), more, len(before))
		if len(missed) > 0 {
			t.Logf("  missed: %v", missed)
		}
		planted, hit, false_ = planted+len(cells), hit+found, false_+more
	}
	recall, precision := float64(hit)/float64(planted), float64(hit)/float64(hit+false_)
	t.Logf("%d planted errors: precision %.4f, recall %.4f", planted, precision, recall)
	if planted < 300 || precision < 0.99 || recall < 0.99 {
		t.Errorf("of %d planted errors: precision %.4f, recall %.4f; both are to be 0.99 of 300", planted, precision, recall)
	}
}

// open is the file as a workbook of one sheet; a file of text is read into one.
func (p *plantable) open(t *testing.T, dir string) *excelize.File {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(p.file))
	if filepath.Ext(path) != ".csv" {
		f, err := excelize.OpenFile(path)
		check(t, err)
		for _, s := range f.GetSheetList() {
			if s != p.sheet {
				check(t, f.DeleteSheet(s))
			}
		}
		return f
	}
	raw, err := os.ReadFile(path)
	check(t, err)
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))).ReadAll()
	check(t, err)
	f := excelize.NewFile()
	p.sheet, p.asCSV = "Sheet1", true
	for i, r := range rows[:min(len(rows), 80)] {
		check(t, f.SetSheetRow(p.sheet, fmt.Sprintf("A%d", i+1), &r))
	}
	return f
}

// draw is the cells that are spoiled, and by what: never two in one row, since a row may be judged by its first, and none in
// rows that are no data or of people who refuse.
func (p *plantable) draw(t *testing.T, f *excelize.File, rnd *rand.Rand) map[string]string {
	t.Helper()
	rows, err := f.GetRows(p.sheet)
	check(t, err)
	header := rows[p.header-1]
	var data []int
	for i := p.header; i < len(rows); i++ {
		c := slices.Index(header, p.consent)
		if len(rows[i]) > len(header)/2 && (c < 0 || !slices.Contains([]string{"No", "Withdrawn", "N"}, strings.TrimSpace(rows[i][c]))) {
			data = append(data, i+1)
		}
	}
	rnd.Shuffle(len(data), func(i, j int) { data[i], data[j] = data[j], data[i] })
	if len(data) < plantsInEach {
		t.Fatalf("%s: %d rows, too few", p.name, len(data))
	}
	out := map[string]string{}
	for n, row := range data[:plantsInEach] {
		s := p.columns[n%len(p.columns)]
		col := slices.Index(header, s.header)
		if col < 0 {
			t.Fatalf("%s has no column %q", p.name, s.header)
		}
		at, err := excelize.CoordinatesToCellName(col+1, row)
		check(t, err)
		out[at] = s.text
	}
	return out
}

// marked is the cells that the receipt colours as to be fixed or looked at.
func (p *plantable) marked(t *testing.T, f *excelize.File, name string, s *schemas.Schema, set *mappings.Set, lang string) map[string]bool {
	t.Helper()
	name += ".xlsx"
	check(t, f.SaveAs(name))
	if p.asCSV {
		name = toCSV(t, f, p.sheet, name)
	}
	got, err := pipeline.CheckFile(context.Background(), name, s, set, pipeline.CheckOptions{Language: lang, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	check(t, err)
	if len(got.Files) != 3 || got.Language != lang {
		t.Fatalf("%s: the receipt is %v in %s", p.name, got.Files, got.Language)
	}
	for _, file := range got.Files {
		if fi, err := os.Stat(file); err != nil || fi.Size() == 0 {
			t.Errorf("%s: %s is not there", p.name, filepath.Base(file))
		}
	}
	sheet := p.sheet
	if p.asCSV {
		sheet = "CSV"
	}
	return colouredCells(t, got.Files[2], sheet)
}

func toCSV(t *testing.T, f *excelize.File, sheet, name string) string {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: false})
	check(t, err)
	width := 0
	for _, r := range rows {
		width = max(width, len(r))
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for i, r := range rows {
		r = append(r, make([]string, width-len(r))...)
		if i+2 < len(rows) && slices.Contains(rows[i+1], "Family name") { // what merged cells above the header say stands in each
			for k := 1; k < width; k++ {
				if r[k] == "" {
					r[k] = r[k-1]
				}
			}
			r[len(r)-1] = rows[i][len(rows[i])-1]
		}
		check(t, w.Write(r))
	}
	w.Flush()
	name = strings.TrimSuffix(name, ".xlsx") + ".csv"
	check(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

// isMarked reports whether a style is red or yellow, as a receipt's are. GetStyle has no colours of a workbook without a theme.
func isMarked(f *excelize.File, style int) bool {
	fill := f.Styles.CellXfs.Xf[style].FillID
	if fill == nil || f.Styles.Fills.Fill[*fill].PatternFill == nil || f.Styles.Fills.Fill[*fill].PatternFill.FgColor == nil {
		return false
	}
	rgb := f.Styles.Fills.Fill[*fill].PatternFill.FgColor.RGB
	return rgb == "FFFFC7C1" || rgb == "FFFFEBA1"
}

// colouredCells is the cells of a sheet that are red or yellow.
func colouredCells(t *testing.T, path, sheet string) map[string]bool {
	t.Helper()
	f, err := excelize.OpenFile(path)
	check(t, err)
	defer f.Close()
	rows, err := f.GetRows(sheet)
	check(t, err)
	width := 0
	for _, r := range rows {
		width = max(width, len(r))
	}
	colours := map[int]bool{} // of styles
	out := map[string]bool{}
	for r := range len(rows) + 1 {
		for c := range width + 1 {
			at, err := excelize.CoordinatesToCellName(c+1, r+1)
			check(t, err)
			style, err := f.GetCellStyle(sheet, at)
			check(t, err)
			marked, known := colours[style]
			if !known {
				marked = isMarked(f, style)
				colours[style] = marked
			}
			if marked {
				out[at] = true
			}
		}
	}
	return out
}
