package testreal

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/pipeline"
	"palermo/schemas"
)

// sheetAccount is what becomes of one sheet: read, loaded, rejected and skipped.
type sheetAccount [4]int

// sourceFile is a real file of the sources htcds, ctdc and us_tip, and what becomes of it.
type sourceFile struct {
	path     string
	source   string   // null where there is none
	status   string   // of the submission
	vintages []string // by sheet; "" for one that no mapping knows
	accounts []sheetAccount
	finding  string // the reason where it is refused or set aside
}

// du is the sheets of the directionality coding: which of them it is, its rows, and those of them that are
// blank or hold nothing but a note.
var du = []struct {
	form       string
	rows, left int
}{{"2008", 2002, 0}, {"2016, copy", 2073, 2073}, {"2009", 2478, 472}, {"2010", 2255, 0}, {"2011", 2617, 0}, {"2012", 2880, 0}, {"2013", 3091, 1}, {"2014", 3257, 0},
	{"2015", 2206, 55}, {"2016", 2073, 100}}

var sourceFiles = []sourceFile{
	{"htcds/v0.2/HTCDS Excel Spreadsheet.xlsm", "htcds", "accepted", []string{"template v0.2", ""}, []sheetAccount{{1250, 0, 0, 1250}, {2, 0, 0, 2}}, ""},
	{"htcds/v0.2/HTCDS-Excel-Spreadsheet_v0.2-alpha-headings-only.csv", "htcds", "accepted", []string{"template v0.2"}, []sheetAccount{{0, 0, 0, 0}}, ""},
	{"htcds/v1.0_with_sample_row/HTCDS Excel Spreadsheet multi select with validation v1.0.xlsm", "htcds", "accepted", []string{"template v1.0", "", ""},
		[]sheetAccount{{1000, 1, 0, 999}, {251, 0, 0, 251}, {2, 0, 0, 2}}, ""},
	{"htcds/v2.0/HTCDS Excel Spreadsheet v2.0.xlsx", "htcds", "accepted", []string{"template v2.0"}, []sheetAccount{{1000, 0, 0, 1000}}, ""},
	{"htcds/v2.0/HTCDS Excel Spreadsheet single select with validation v2.0.xlsx", "htcds", "accepted", []string{"template v2.0", "", ""},
		[]sheetAccount{{1000, 0, 0, 1000}, {2, 0, 0, 2}, {251, 0, 0, 251}}, ""},
	{"htcds/HTCDS Field Standards 2.0.ods", "", "quarantined", []string{""}, []sheetAccount{{107, 0, 0, 107}}, "source.unknown"},
	{"htcds/v2.0/htcds_xlsform.xlsx", "", "quarantined", []string{"", "", ""}, []sheetAccount{{35, 0, 0, 35}, {332, 0, 0, 332}, {2, 0, 0, 2}}, "source.unknown"},
	{"htcds/v2.0/htcds_xlsform.xml", "", "refused", nil, nil, "file.format"},

	{"ctdc/CTDC_VPsynthetic_condensed.csv", "ctdc", "accepted", []string{"Global Victim-Perpetrator Synthetic Dataset 2022"}, []sheetAccount{{21195, 21195, 0, 0}}, ""},
	{"ctdc/global_dataset_14_apr_2020_excerpt.csv", "ctdc", "accepted", []string{"Global Dataset, k = 11"}, []sheetAccount{{173, 173, 0, 0}}, ""},
	{"ctdc/CTDC_VPsynthetic_dict_20221201.xlsx", "", "quarantined", []string{"", "", ""}, []sheetAccount{{19, 0, 0, 19}, {127, 0, 0, 127}, {253, 0, 0, 253}}, "source.unknown"},
	{"ctdc/DATA DICTIONARY version 28 11 2017_0.xlsx", "", "quarantined", []string{"", "", ""}, []sheetAccount{{63, 0, 0, 63}, {995, 0, 0, 995}, {1, 0, 0, 1}}, "source.unknown"},
	{"ctdc/CTDC Global K-anon Dataset DATA DICTIONARY version 20210825.xlsx", "", "quarantined", []string{"", "", "", ""},
		[]sheetAccount{{63, 0, 0, 63}, {272, 0, 0, 272}, {253, 0, 0, 253}, {1, 0, 0, 1}}, "source.unknown"},
	{"ctdc/CTDC codebook v6_0.pdf", "", "refused", nil, nil, "file.format"},
	{"ctdc/CTDCk_codebook_v7_1.pdf", "", "refused", nil, nil, "file.format"},
	{"ctdc/Codebook_CTDC_global_synthetic_data_v2024.pdf", "", "refused", nil, nil, "file.format"},

	{"us_tip/tip_tiers_orig.csv", "us_tip", "accepted", []string{"tiers, 1999 to 2015"}, []sheetAccount{{3208, 3208, 0, 0}}, ""},
	{"us_tip/Directionality Coding 2008-2016.xlsx", "us_tip", "accepted", nil, nil, ""}, // its sheets are du
	{"us_tip/edgelists/edgelist2001.txt", "us_tip", "accepted", []string{"edge list"}, []sheetAccount{{461, 461, 0, 0}}, ""},
	{"us_tip/edgelists/edgelist2010.txt", "us_tip", "accepted", []string{"edge list"}, []sheetAccount{{1691, 1691, 0, 0}}, ""},
	{"us_tip/Directionality Codebook.docx", "", "refused", nil, nil, "file.format"},
}

func init() {
	for i := range sourceFiles {
		f := &sourceFiles[i]
		if !strings.Contains(f.path, "Directionality Coding") {
			continue
		}
		for _, s := range du {
			f.vintages = append(f.vintages, "directionality coding, "+s.form)
			f.accounts = append(f.accounts, sheetAccount{s.rows, s.rows - s.left, 0, s.left})
		}
	}
}

// agencyOf is the folder into which a file is dropped.
func agencyOf(i int) string { return "a" + string(rune('a'+i)) }

// sources is one home with all of these files, each called upload.bin, run once for all tests.
var sources = homeOf(func() (out []dropped) {
	for i, f := range sourceFiles {
		out = append(out, dropped{strings.Split(f.path, "/"), agencyOf(i) + "/upload.bin"})
	}
	return out
})

// openSources is the database of that home, and the id of each file's submission by its path.
func openSources(t *testing.T) (*sql.DB, map[string]string) {
	t.Helper()
	return openHome(t, sources, func(s pipeline.Submission) string {
		for i, f := range sourceFiles {
			if s.Agency == agencyOf(i) {
				return f.path
			}
		}
		return s.ID
	})
}

// linesOf is the rows of a query, their cells joined by bars.
func linesOf(t *testing.T, db *sql.DB, q string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(cells))
		for i, c := range cells {
			line[i] = c.String
		}
		out = append(out, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSourcesRecognised: each file is known by its content, as what it is and as nothing else; what is no
// data is not, and says why; and each row is accounted for.
func TestSourcesRecognised(t *testing.T) {
	db, ids := openSources(t)
	for _, f := range sourceFiles {
		id := ids[f.path]
		got := linesOf(t, db, `SELECT status_code, source_id FROM submission WHERE submission_id = ?`, id)
		if d := cmp.Diff([]string{f.status + "|" + f.source}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", f.path, d)
		}
		if f.source == "" && number(t, db, `SELECT count(*) FROM submission WHERE submission_id = ? AND source_id IS NULL`, id) != 1 {
			t.Errorf("%s: its source is not null", f.path)
		}
		var accounts []sheetAccount
		rows, err := db.Query(`SELECT read, loaded, rejected, skipped FROM row_balance WHERE submission_id = ? ORDER BY sheet`, id)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a sheetAccount
			if err := rows.Scan(&a[0], &a[1], &a[2], &a[3]); err != nil {
				t.Fatal(err)
			}
			if a[0] != a[1]+a[2]+a[3] {
				t.Errorf("%s: %v does not add up", f.path, a)
			}
			accounts = append(accounts, a)
		}
		rows.Close()
		if d := cmp.Diff(f.accounts, accounts); d != "" {
			t.Errorf("%s: accounts (-want +got):\n%s", f.path, d)
		}
		if f.finding != "" && number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code = ? AND severity = 'error'`, id, f.finding) == 0 {
			t.Errorf("%s: no finding %s: %q", f.path, f.finding, linesOf(t, db, `SELECT code, message FROM diagnostic WHERE submission_id = ?`, id))
		}
	}
}

// TestSourcesForms: each sheet is the form that it is, with no finding that it is another one or near it.
func TestSourcesForms(t *testing.T) {
	db, ids := openSources(t)
	for _, f := range sourceFiles {
		in, err := inspectAs(t, f.path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range in.Sheets {
			switch c := s.Chosen; {
			case c == nil || !c.Matches:
				got = append(got, "")
			case c.Source != f.source:
				t.Errorf("%s: a sheet is taken for %s", f.path, c.Source)
			default:
				got = append(got, c.Vintage)
			}
			if r := s.RunnerUp; r != nil && r.Matches && r.Source != f.source {
				t.Errorf("%s: %s would load it too", f.path, r.Source)
			}
		}
		if d := cmp.Diff(f.vintages, got); d != "" {
			t.Errorf("%s: forms (-want +got):\n%s", f.path, d)
		}
		if n := number(t, db, `SELECT count(*) FROM diagnostic WHERE submission_id = ? AND code IN ('vintage.unknown', 'column.extra', 'column.missing', 'row.ragged')`, ids[f.path]); n != 0 {
			t.Errorf("%s: %d findings about its form", f.path, n)
		}
	}
}

// inspectAs inspects a real file under another name.
func inspectAs(t *testing.T, path string) (*pipeline.Inspection, error) {
	t.Helper()
	set, err := pipeline.LoadMappings(schemas.Builtin())
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(realFile(strings.Split(path, "/")...))
	if err != nil {
		return nil, err
	}
	to := filepath.Join(t.TempDir(), "upload.bin")
	if err := os.WriteFile(to, b, 0o600); err != nil {
		return nil, err
	}
	return pipeline.Inspect(context.Background(), to, schemas.Builtin(), set)
}
