package pipeline_test

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"palermo/diag"
	"palermo/fixtures"
	"palermo/load"
	"palermo/pipeline"
)

// canary stands in every bad cell, and may not come back anywhere but where stewards are.
const canary = "Xanthippeqz"

// glotipHead is the lines of a GLOTIP table down to its header.
func glotipHead(t *testing.T) []string {
	t.Helper()
	var b bytes.Buffer
	if err := fixtures.GlotipCSV(&b, fixtures.GlotipOptions{Rows: 1}); err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(b.String(), "\n")[:3]
}

// cells of a good row, by their place; a test changes some.
const (
	cellCategory = 6
	cellSex      = 7
	cellAge      = 8
	cellYear     = 9
	cellValue    = 11
	cellsInRow   = 13
)

// goodRow is a row without fault; no two of unlike year have the same key.
func goodRow(year int) []string {
	return []string{"AUT", "Austria", "Europe", "Western Europe", "Detected trafficking victims", "Total", "Total",
		"Total", "Total", fmt.Sprint(year), "Counts", "31", "GLOTIP"}
}

// badRow is a good row with one cell changed.
func badRow(year, cell int, text string) []string {
	r := goodRow(year)
	if cell == cellCategory {
		r[5] = "by citizenship"
	}
	r[cell] = text
	return r
}

// csvText is rows as comma-separated text. A cell with a comma is quoted.
func csvText(rows ...[]string) string {
	var b strings.Builder
	for _, r := range rows {
		for i, c := range r {
			if i > 0 {
				b.WriteByte(',')
			}
			if strings.ContainsAny(c, ",\"\n") {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// table is a GLOTIP table of the rows.
func table(t *testing.T, rows ...[]string) []byte {
	t.Helper()
	return []byte(strings.Join(glotipHead(t), "") + csvText(rows...))
}

// workbook makes a workbook with one sheet for each name, in their order, of the rows given.
func workbook(t *testing.T, edit func(f *excelize.File), sheets ...sheetRows) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range sheets {
		if i == 0 {
			check(t, f.SetSheetName("Sheet1", s.name))
		} else if _, err := f.NewSheet(s.name); err != nil {
			t.Fatal(err)
		}
		for n, row := range s.rows {
			check(t, f.SetSheetRow(s.name, fmt.Sprintf("A%d", n+1), &row))
		}
	}
	if edit != nil {
		edit(f)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// damagedSheet is the workbook with the last row of its second sheet cut off within a tag, in a
// container that is whole.
func damagedSheet(t *testing.T, book []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	check(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, part := range in.File {
		r, err := part.Open()
		check(t, err)
		text, err := io.ReadAll(r)
		check(t, err)
		if part.Name == "xl/worksheets/sheet2.xml" {
			text = text[:bytes.LastIndex(text, []byte("<row"))+len("<row r")]
		}
		w, err := out.Create(part.Name)
		check(t, err)
		_, err = w.Write(text)
		check(t, err)
	}
	check(t, out.Close())
	return b.Bytes()
}

type sheetRows struct {
	name string
	rows [][]string
}

// glotipSheet is a GLOTIP table as the rows of a sheet.
func glotipSheet(t *testing.T, name string, rows ...[]string) sheetRows {
	s := sheetRows{name: name}
	for _, l := range glotipHead(t) {
		s.rows = append(s.rows, strings.Split(strings.TrimSpace(l), ","))
	}
	s.rows = append(s.rows, rows...)
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// badCase is one file that is not as it should be, and what becomes of it.
type badCase struct {
	name   string
	body   []byte
	status string
	rows   [4]int64 // read, loaded, rejected, skipped
	found  []string // code and place of each finding
}

func badCases(t *testing.T) []badCase {
	book := workbook(t, nil, glotipSheet(t, "data", goodRow(2001)))
	flipped := bytes.Clone(book)
	flipped[bytes.Index(flipped, []byte("xl/worksheets/sheet1.xml"))+200] ^= 0x40
	renamed := strings.Replace(string(table(t, badRow(2002, cellSex, canary), goodRow(2003))), ",Sex,", ",Gender,", 1)
	cut := func(line string) string { return line[:strings.LastIndexByte(line, ',')] + "\n" }
	head := glotipHead(t)
	fewer := head[0] + head[1] + cut(head[2]) + cut(csvText(goodRow(2004)))
	more := head[0] + head[1] + strings.TrimSpace(head[2]) + "," + canary + " notes\n" + strings.TrimSpace(csvText(goodRow(2005))) + "," + canary + "\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes(table(t, goodRow(2026)))
	check(t, err)
	const (
		accepted    = pipeline.StatusAccepted
		inPart      = pipeline.StatusAcceptedInPart
		quarantined = pipeline.StatusQuarantined
		refused     = pipeline.StatusRefused
	)
	return []badCase{
		{"unknown.csv", []byte("Name,Remark\n" + canary + ",1\n" + canary + ",2\n"), quarantined, [4]int64{3, 0, 0, 3},
			[]string{"sheet.unmapped unknown.csv", "source.unknown unknown.csv"}},
		{"vintage.csv", []byte(renamed), quarantined, [4]int64{5, 0, 0, 5}, []string{"vintage.unknown vintage.csv:3"}},
		{"column_missing.csv", []byte(fewer), quarantined, [4]int64{4, 0, 0, 4}, []string{"vintage.unknown column_missing.csv:3"}},
		{"column_absent.csv", []byte("Year of report;Persons counted\n2019;7\n"), accepted, [4]int64{1, 1, 0, 0},
			[]string{"column.missing column_absent.csv:1"}},
		{"column_extra.csv", []byte(more), accepted, [4]int64{1, 1, 0, 0}, []string{"column.extra column_extra.csv:3:14"}},
		{"word_loads.csv", table(t, badRow(2006, cellCategory, canary)), accepted, [4]int64{1, 1, 0, 0},
			[]string{"code.unmapped word_loads.csv:4:7", "code.unmapped word_loads.csv:4:7"}},
		{"word_rejects.csv", table(t, goodRow(2007), badRow(2008, cellSex, canary)), inPart, [4]int64{2, 1, 1, 0},
			[]string{"code.unmapped word_rejects.csv:5:8"}},
		{"number_word.csv", table(t, badRow(2009, cellValue, canary+" five"), goodRow(2010)), inPart, [4]int64{2, 1, 1, 0},
			[]string{"value.not_a_count number_word.csv:4:12"}},
		{"number_negative.csv", table(t, badRow(2011, cellValue, "-3")), inPart, [4]int64{1, 0, 1, 0},
			[]string{"value.not_a_count number_negative.csv:4:12"}},
		{"number_comma.csv", table(t, badRow(2012, cellValue, "1,28")), inPart, [4]int64{1, 0, 1, 0},
			[]string{"value.not_a_count number_comma.csv:4:12"}},
		{"zip_cut.xlsx", book[:len(book)*2/3], refused, [4]int64{}, []string{"file.damaged zip_cut.xlsx"}},
		{"zip_flipped.xlsx", flipped, refused, [4]int64{}, []string{"file.damaged zip_flipped.xlsx"}},
		{"zip_garbage.xlsx", []byte("PK\x03\x04" + canary), refused, [4]int64{}, []string{"file.damaged zip_garbage.xlsx"}},
		{"sheet_damaged.xlsx", damagedSheet(t, workbook(t, nil, sheetRows{"notes", [][]string{{canary}}}, glotipSheet(t, "data", badRow(2021, cellSex, canary), goodRow(2022)))),
			refused, [4]int64{}, []string{"file.damaged sheet_damaged.xlsx[data]!4", "sheet.unmapped sheet_damaged.xlsx[notes]"}},
		{"binary.csv", []byte(canary + ",2\n\x00\x01\xfe\xed" + canary), refused, [4]int64{}, []string{"file.encoding binary.csv:2"}},
		{"half_utf8.csv", append(table(t, badRow(2013, cellCategory, "Türkiye Côte ñandú é"+canary)), 0xe9, '\n'), refused, [4]int64{}, []string{"file.encoding half_utf8.csv:5"}},
		{"utf16.csv", utf16, accepted, [4]int64{1, 1, 0, 0}, []string{"file.encoding_used utf16.csv"}},
		{"empty.csv", nil, refused, [4]int64{}, []string{"file.empty empty.csv"}},
		{"blank.csv", []byte("\n \n\t\n"), refused, [4]int64{}, []string{"file.empty blank.csv"}},
		{"empty_sheet.xlsx", workbook(t, nil, sheetRows{name: "nothing"}), refused, [4]int64{},
			[]string{"file.empty empty_sheet.xlsx", "sheet.empty empty_sheet.xlsx[nothing]"}},
		{"header_only.csv", table(t), accepted, [4]int64{}, []string{"sheet.empty header_only.csv:3"}},
		{"ragged.csv", table(t, goodRow(2014), append(goodRow(2015), canary), goodRow(2016)[:12]), inPart, [4]int64{3, 2, 1, 0},
			[]string{"row.ragged ragged.csv:5"}},
		{"sheets.xlsx", workbook(t, nil, sheetRows{name: "empty"}, sheetRows{"notes", [][]string{{canary, "x"}, {"y"}}},
			glotipSheet(t, "data", badRow(2017, cellSex, canary), goodRow(2018))), inPart, [4]int64{4, 1, 1, 2},
			[]string{"code.unmapped sheets.xlsx[data]!H4", "sheet.empty sheets.xlsx[empty]", "sheet.unmapped sheets.xlsx[notes]"}},
		{"hidden.xlsx", workbook(t, func(f *excelize.File) { check(t, f.SetSheetVisible("data", false)) },
			sheetRows{"cover", [][]string{{canary}}}, glotipSheet(t, "data", goodRow(2019))), accepted, [4]int64{2, 1, 0, 1},
			[]string{"sheet.unmapped hidden.xlsx[cover]"}},
		{"a2.csv", []byte(head[0] + strings.Replace(head[1], "30/05/2023", canary, 1) + head[2] + csvText(goodRow(2020))), accepted, [4]int64{1, 1, 0, 0},
			[]string{"value.not_a_date a2.csv:2:1"}},
	}
}

// absentMapping knows a table by two of its three columns: the third may go missing.
const absentMapping = `source: {id: absent, title: "A table whose third column may be gone"}
tables:
  - vintage: "one"
    recognise: {headers: [Year of report, Persons counted]}
    target: statistic
    columns:
      - {from: Year of report, to: year, parse: year}
      - {from: Persons counted, to: value, parse: count_or_below}
      - {from: Reporter, to: reporter_code, by: name}
    constants: {indicator_code: detected_victims, dimension_code: total, sex_code: total, age_code: total, unit_code: persons, is_total: "true"}
`

// TestBadInput drops every bad file at once on a home that has published. Each ends with its
// status, its findings at their places and its rows accounted for; the old snapshot is unharmed,
// the new one whole, and no cell's text has got where it may not stand.
func TestBadInput(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/good.csv": table(t, goodRow(1999))})
	write(t, filepath.Join(home, "mappings", "absent", "mapping.yaml"), []byte(absentMapping))
	old := run(t, home, pipeline.Options{Now: clock(1)}).Snapshot
	cases := badCases(t)
	for _, c := range cases {
		drop(t, home, "unodc/"+c.name, c.body)
	}
	core, logs := observer.New(zap.DebugLevel)
	s := run(t, home, pipeline.Options{Now: clock(2), Log: zap.New(core)})
	if s.Status != pipeline.RunPublished || len(s.Files) != len(cases) || len(s.Waiting) > 0 {
		t.Fatalf("run: %s, %d files of %d, waiting %v", s.Status, len(s.Files), len(cases), s.Waiting)
	}
	for _, dir := range []string{old, s.Snapshot} {
		if err := load.Verify(dir); err != nil {
			t.Errorf("%s: %v", filepath.Base(dir), err)
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := slices.IndexFunc(s.Files, func(f pipeline.FileSummary) bool { return f.Name == c.name })
			checkFile(t, c, s.Files[i])
		})
	}
	checkBalances(t, home)
	checkQuarantine(t, home, cases)
	noCanary(t, home, s, logs)
}

// clock stands still, at another day for each n.
func clock(n int) func() time.Time {
	return func() time.Time { return time.Date(2026, 1, n, 3, 4, 5, 0, time.UTC) }
}

func checkFile(t *testing.T, c badCase, f pipeline.FileSummary) {
	t.Helper()
	if f.Status != c.status {
		t.Errorf("status %s, want %s", f.Status, c.status)
	}
	if got := [4]int64{f.Rows.Read, f.Rows.Loaded, f.Rows.Rejected, f.Rows.SkippedAll()}; got != c.rows {
		t.Errorf("read, loaded, rejected, skipped = %v, want %v", got, c.rows)
	}
	var found []string
	for _, d := range f.Found {
		found = append(found, string(d.Code)+" "+d.Pos.String())
		if (d.Pos.Sheet != "") != (d.SheetNo > 0) && strings.HasSuffix(c.name, ".xlsx") {
			t.Errorf("%s: sheet %q has number %d", d.Code, d.Pos.Sheet, d.SheetNo)
		}
	}
	if d := cmp.Diff(c.found, found); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	if c.name == "vintage.csv" && !strings.Contains(f.Found[0].Message, "unodc_glotip (13-column download)") {
		t.Errorf("the nearest form is not named: %s", f.Found[0].Message)
	}
}

// checkBalances: every sheet that could be read has one line, and every line adds up.
func checkBalances(t *testing.T, home string) {
	t.Helper()
	db := open(t, home)
	if bad := query(t, db, `SELECT * FROM row_balance WHERE read <> loaded + rejected + skipped`); len(bad) > 0 {
		t.Errorf("balances that do not add up: %v", bad)
	}
	want := []string{"1||0|0|0|0", "2||2|0|0|2", "3|statistic|2|1|1|0"}
	got := query(t, db, `SELECT sheet, target, read, loaded, rejected, skipped FROM row_balance WHERE submission_id =
		(SELECT submission_id FROM row_balance GROUP BY 1 HAVING count(*) = 3) ORDER BY sheet`)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lines of a workbook with three sheets (-want +got):\n%s", d)
	}
	words := query(t, db, `SELECT DISTINCT word FROM value_map WHERE NOT is_listed AND column_name = 'Category'`)
	if d := cmp.Diff([]string{fmt.Sprintf("[%d characters, Latin]", len(canary))}, words); d != "" {
		t.Errorf("what is shown of a word that no list has (-want +got):\n%s", d)
	}
	if n := query(t, db, `SELECT citizenship_code, citizenship_code_status FROM statistic WHERE year = 2006`); n[0] != "|unmapped" {
		t.Errorf("a citizenship that no list has: %v", n)
	}
}

// checkQuarantine: rejected rows are there with every cell as it was.
func checkQuarantine(t *testing.T, home string, cases []badCase) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	check(t, err)
	defer db.Close()
	got := query(t, db, `SELECT reason_code, "row", col, field, cells FROM read_parquet(?) ORDER BY ALL`, filepath.Join(home, "quarantine", "*.parquet"))
	var want []string
	add := func(code string, row, col int, field string, cells []string) {
		b, err := json.Marshal(cells)
		check(t, err)
		want = append(want, fmt.Sprintf("%s|%d|%d|%s|%s", code, row, col, field, b))
	}
	add("code.unmapped", 4, 8, "sex_code", badRow(2017, cellSex, canary))
	add("code.unmapped", 5, 8, "sex_code", badRow(2008, cellSex, canary))
	add("row.ragged", 5, 0, "", append(goodRow(2015), canary))
	add("value.not_a_count", 4, 12, "value", badRow(2009, cellValue, canary+" five"))
	add("value.not_a_count", 4, 12, "value", badRow(2011, cellValue, "-3"))
	add("value.not_a_count", 4, 12, "value", badRow(2012, cellValue, "1,28"))
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("quarantine (-want +got):\n%s", d)
	}
	var rejected int64
	for _, c := range cases {
		rejected += c.rows[2]
	}
	if int64(len(got)) != rejected {
		t.Errorf("%d rows in quarantine, %d were rejected", len(got), rejected)
	}
}

// noCanary looks for the canary wherever analysts, operators and senders can read.
func noCanary(t *testing.T, home string, s *pipeline.Summary, logs *observer.ObservedLogs) {
	t.Helper()
	has := func(where string, b []byte) {
		if bytes.Contains(bytes.ToLower(b), []byte(strings.ToLower(canary))) {
			t.Errorf("%s holds a cell's text", where)
		}
	}
	b, err := json.Marshal(s)
	check(t, err)
	has("the summary", b)
	for _, f := range s.Files {
		for _, d := range f.Found {
			has("the message of "+string(d.Code), []byte(d.Message+d.String()))
		}
	}
	for _, e := range logs.All() {
		b, err := json.Marshal(e.ContextMap())
		check(t, err)
		has("a log", append(b, e.Message...))
	}
	has("the ledger", read(t, home, "state", "ledger.jsonl"))
	db := open(t, home)
	for _, name := range query(t, db, `SELECT table_name FROM duckdb_tables() WHERE NOT internal UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal`) {
		if n := query(t, db, fmt.Sprintf(`SELECT count(*) FROM %q AS r WHERE contains(lower(CAST(r AS VARCHAR)), lower(?))`, name), canary); n[0] != "0" {
			t.Errorf("%s rows of the analysts' table %s hold a cell's text", n[0], name)
		}
	}
	check(t, filepath.WalkDir(filepath.Join(home, "snapshots"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		has(d.Name(), read(t, p))
		if filepath.Ext(p) == ".parquet" {
			if n := query(t, db, `SELECT count(*) FROM read_parquet(?) AS r WHERE contains(lower(CAST(r AS VARCHAR)), lower(?))`, p, canary); n[0] != "0" {
				t.Errorf("%s holds a cell's text", p)
			}
		}
		return nil
	}))
}

// statisticValues is all of the table statistic but what comes from the file's own id.
const statisticValues = `SELECT * EXCLUDE (statistic_id, _submission) FROM statistic ORDER BY year`

// TestSameTableInManyForms: separators, encodings and line ends are not data.
func TestSameTableInManyForms(t *testing.T) {
	t.Parallel()
	plain := string(table(t, badRow(2001, cellCategory, "Côte d’Ivoire"), badRow(2002, cellValue, "1,282"), badRow(2003, cellCategory, "Türkiye"), goodRow(2004)))
	with := func(sep string) []byte {
		return []byte(strings.NewReplacer(`"1,282"`, "1,282", ",", sep).Replace(plain))
	}
	latin, err := charmap.Windows1252.NewEncoder().Bytes([]byte(plain))
	check(t, err)
	wide, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(plain))
	check(t, err)
	home := newHome(t, map[string][]byte{"unodc/t.csv": []byte(plain)})
	run(t, home, pipeline.Options{})
	want := query(t, open(t, home), statisticValues)
	if len(want) != 4 {
		t.Fatalf("%d rows, want 4", len(want))
	}
	for name, b := range map[string][]byte{
		"semicolons": with(";"), "tabs": with("\t"), "windows-1252": latin, "utf-16": wide,
		"carriage returns": []byte(strings.ReplaceAll(plain, "\n", "\r")), "both line ends": []byte(strings.ReplaceAll(plain, "\n", "\r\n")),
		"byte-order mark": []byte("\ufeff" + plain),
	} {
		t.Run(name, func(t *testing.T) {
			home := newHome(t, map[string][]byte{"unodc/t.csv": b})
			run(t, home, pipeline.Options{})
			if d := cmp.Diff(want, query(t, open(t, home), statisticValues)); d != "" {
				t.Errorf("statistics differ (-comma +this):\n%s", d)
			}
		})
	}
}

// TestDateCell: a date above the table is the same whether it is text or a cell of the type date.
func TestDateCell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(f *excelize.File)
	}{
		{"text", nil},
		{"date", func(f *excelize.File) {
			check(t, f.SetCellValue("data", "A2", time.Date(2023, 5, 30, 0, 0, 0, 0, time.UTC)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := newHome(t, map[string][]byte{"unodc/t.xlsx": workbook(t, c.edit, glotipSheet(t, "data", goodRow(2001)))})
			run(t, home, pipeline.Options{})
			if got := query(t, open(t, home), `SELECT strftime(vintage_date, '%Y-%m-%d'), vintage FROM statistic`); !slices.Equal(got, []string{"2023-05-30|2023-05-30"}) {
				t.Errorf("vintage_date, vintage = %v", got)
			}
		})
	}
}

// TestGrowingFile: a file that its sender still writes stays in the drop folder, and the next run
// takes it.
func TestGrowingFile(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"unodc/good.csv": table(t, goodRow(1999))})
	path := filepath.Join(home, "drop", "unodc", "growing.csv")
	f, err := os.Create(path)
	check(t, err)
	check(t, f.Truncate(64<<20)) // long enough to copy that the sender is at work meanwhile
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		defer close(stopped)
		for n := int64(64 << 20); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := f.WriteAt([]byte{'x'}, n); err != nil {
				stopped <- err
				return
			}
			time.Sleep(100 * time.Microsecond)
		}
	}()
	s := run(t, home, pipeline.Options{Now: clock(1)})
	close(stop)
	check(t, <-stopped)
	check(t, f.Close())
	if len(s.Waiting) != 1 || s.Waiting[0].Code != diag.FileChanging || s.Waiting[0].Pos.File != "unodc/growing.csv" {
		t.Fatalf("waiting: %v", s.Waiting)
	}
	if s.Submissions != 1 || s.Rows.Loaded != 1 {
		t.Errorf("%d submissions, %d rows, want the other file alone", s.Submissions, s.Rows.Loaded)
	}
	write(t, path, table(t, goodRow(2001)))
	s = run(t, home, pipeline.Options{Now: clock(2)})
	if len(s.Waiting) != 0 || s.Submissions != 2 || s.Rows.Loaded != 2 {
		t.Errorf("next run: waiting %v, %d submissions, %d rows", s.Waiting, s.Submissions, s.Rows.Loaded)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("still in the drop folder: %v", err)
	}
}
