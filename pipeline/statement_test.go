package pipeline_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/pipeline"
)

const kindsHeader = "Kind,%s,,,\nPeriod,%s,%s,,\nCase,Registered,Consent,Serial,A\n"

// TestStatements: who says of what kind a file is, and what is made of it where it cannot be read.
func TestStatements(t *testing.T) {
	t.Parallel()
	replacement := func(from, to, by string) pipeline.Statement {
		return pipeline.Statement{Kind: pipeline.FullReplacement, From: from, To: to, By: by}
	}
	inferred := pipeline.Statement{Kind: pipeline.NewCases, By: pipeline.SaidByNobody}
	tests := []struct {
		folder, kind, from, to string
		want                   pipeline.Statement
		codes                  string
	}{
		{"", "", "", "", inferred, ""},
		{"my files", "", "", "", inferred, ""},
		{"corrections", "", "", "", inferred, ""},
		{"correction", "", "", "", pipeline.Statement{Kind: pipeline.Correction, By: pipeline.SaidByAgency}, ""},
		{"New_Cases", "", "", "", pipeline.Statement{Kind: pipeline.NewCases, By: pipeline.SaidByAgency}, ""},
		{"withdrawal", "", "", "", pipeline.Statement{Kind: pipeline.Withdrawal, By: pipeline.SaidByAgency}, ""},
		{"full replacement 2024", "", "", "", replacement("2024-01-01", "2024-12-31", pipeline.SaidByAgency), ""},
		{"FULL-REPLACEMENT 2024-02", "", "", "", replacement("2024-02-01", "2024-02-29", pipeline.SaidByAgency), ""},
		{"full_replacement 2024-01-15 to 2024-03", "", "", "", replacement("2024-01-15", "2024-03-31", pipeline.SaidByAgency), ""},
		{"full_replacement_2024-01-15_2024-02-01", "", "", "", replacement("2024-01-15", "2024-02-01", pipeline.SaidByAgency), ""},
		{"full replacement", "", "", "", inferred, "submission.period_unreadable"},
		{"full replacement 2024-13", "", "", "", inferred, "submission.period_unreadable"},
		{"full replacement 2024 to 2023", "", "", "", inferred, "submission.period_unreadable"},
		{"", "correction", "", "", pipeline.Statement{Kind: pipeline.Correction, By: pipeline.SaidByFile}, ""},
		{"", "full_replacement", "2024", "2024-06-30", replacement("2024-01-01", "2024-06-30", pipeline.SaidByFile), ""},
		{"", "full_replacement", "", "", inferred, "submission.period_unreadable"},
		{"", "full_replacement", "soon", "2024-06-30", inferred, "submission.period_unreadable submission.period_unreadable"},
		{"", "everything new", "", "", inferred, "submission.kind_unreadable"},
		{"correction", "new_cases", "", "", pipeline.Statement{Kind: pipeline.Correction, By: pipeline.SaidByAgency}, "submission.kind_conflict"},
		{"full replacement", "full_replacement", "2024", "2024", replacement("2024-01-01", "2024-12-31", pipeline.SaidByAgency), ""},
	}
	home := kindsHome(t)
	for i, tc := range tests {
		drop(t, home, filepath.Join(fmt.Sprint(i), tc.folder, "f.csv"), []byte(fmt.Sprintf(kindsHeader, tc.kind, tc.from, tc.to)+"K1,2024-02-01,Yes,1,\n"))
	}
	files := map[string]pipeline.FileSummary{}
	for _, f := range run(t, home, pipeline.Options{}).Files {
		files[f.Agency] = f
	}
	for i, tc := range tests {
		f := files[fmt.Sprint(i)]
		what := fmt.Sprintf("folder %q, file %q %q %q", tc.folder, tc.kind, tc.from, tc.to)
		if d := cmp.Diff(tc.want, f.Stated); d != "" {
			t.Errorf("%s: stated (-want +got):\n%s", what, d)
		}
		var codes []string
		for _, g := range f.Found {
			codes = append(codes, string(g.Code))
		}
		if tc.want.Kind == pipeline.Correction {
			tc.codes = strings.TrimSpace(tc.codes + " record.unknown")
		}
		if got := strings.Join(codes, " "); got != tc.codes {
			t.Errorf("%s: found %s, want %s", what, got, tc.codes)
		}
	}
}

// TestStatementOfCover: a workbook says on its first sheet what its table does, in words of its own.
func TestStatementOfCover(t *testing.T) {
	t.Parallel()
	home := kindsHome(t)
	text := strings.NewReplacer("{to: kind, at: B1}", "{to: kind, at: B2, sheet: Cover, codes: kinds}", "{to: from, at: B2}", "{to: from, at: B3, sheet: Cover, form: dd/mm/yyyy}",
		"{to: to, at: C2}", "{to: to, at: B4, sheet: Cover, form: dd/mm/yyyy}").Replace(kindsMapping)
	write(t, filepath.Join(home, "mappings", "kinds", "mapping.yaml"), []byte(text))
	write(t, filepath.Join(home, "mappings", "kinds", "codes", "kinds.csv"), []byte("source_value,code,note\nTout remplacer,full_replacement,\n"))
	f := excelize.NewFile()
	check(t, f.SetSheetName("Sheet1", "Cover"))
	for cell, v := range map[string]string{"A1": "Our cases", "B2": "Tout remplacer", "B3": "01/02/2024", "B4": "29/02/2024"} {
		check(t, f.SetCellValue("Cover", cell, v))
	}
	_, err := f.NewSheet("Cases")
	check(t, err)
	check(t, f.SetSheetRow("Cases", "A1", &[]string{"Case", "Registered", "Consent", "Serial", "A"}))
	check(t, f.SetSheetRow("Cases", "A2", &[]string{"K1", "2024-02-01", "Yes", "1"}))
	var b bytes.Buffer
	check(t, f.Write(&b))
	drop(t, home, "two/cases.xlsx", b.Bytes())
	s := run(t, home, pipeline.Options{})
	want := pipeline.Statement{Kind: pipeline.FullReplacement, From: "2024-02-01", To: "2024-02-29", By: pipeline.SaidByFile}
	if d := cmp.Diff(want, s.Files[0].Stated); d != "" {
		t.Errorf("stated (-want +got):\n%s\nfound %v", d, s.Files[0].Found)
	}
	row := query(t, open(t, home), `SELECT kind_code, kind_basis_code, period_from, period_to, is_cumulative FROM submission`)
	if want := "full_replacement|file|2024-02-01 00:00:00 +0000 UTC|2024-02-29 00:00:00 +0000 UTC|false"; row[0] != want {
		t.Errorf("table submission: %s, want %s", row[0], want)
	}
}

// TestSameFileInAnotherFolder: the same content in a folder that names a kind changes what the
// submission is said to be.
func TestSameFileInAnotherFolder(t *testing.T) {
	t.Parallel()
	home := kindsHome(t)
	header := fmt.Sprintf(kindsHeader, "", "", "")
	drop(t, home, "two/first.csv", []byte(header+"K1,2024-02-01,Yes,1,\nK2,2024-02-02,Yes,2,\nK3,2024-02-02,Yes,3,\nK4,2024-02-02,Yes,4,\nK5,2024-02-02,Yes,5,\n"))
	run(t, home, pipeline.Options{Now: clock(1)})
	second := []byte(header + "K1,2024-02-01,Yes,11,\nK2,2024-02-01,Yes,12,\nK3,2024-02-01,Yes,13,\nK4,2024-02-01,Yes,14,\n")
	current := func() string {
		return query(t, open(t, home), `SELECT count(*) FROM record WHERE is_current`)[0]
	}
	for night, tc := range []struct{ name, want string }{
		{"two/second.csv", "5"}, {"two/full replacement 2024/second.csv", "4"}, {"two/again.csv", "4"}, {"two/correction/second.csv", "5"},
	} {
		drop(t, home, tc.name, second)
		run(t, home, pipeline.Options{Now: clock(2 + night)})
		if got := current(); got != tc.want {
			t.Errorf("after %s %s records are current, want %s", tc.name, got, tc.want)
		}
	}
	want := parquetFiles(t, home)
	run(t, home, pipeline.Options{Now: clock(9), Full: true})
	if d := cmp.Diff(want, parquetFiles(t, home)); d != "" {
		t.Errorf("bytes differ (-first +full):\n%s", d)
	}
}

// TestRefusalOutlastsItsFile: neither the withdrawal of the file nor its loss from the inbox brings
// back what a refusal in it struck; a later consent does.
func TestRefusalOutlastsItsFile(t *testing.T) {
	t.Parallel()
	home := kindsHome(t)
	header := fmt.Sprintf(kindsHeader, "", "", "")
	drop(t, home, "two/first.csv", []byte(header+"K1,2024-02-01,Yes,1,\nK2,2024-02-02,Yes,2,\n"))
	run(t, home, pipeline.Options{Now: clock(1)})
	drop(t, home, "two/second.csv", []byte(header+"K1,2024-02-01,Gone,3,\n"))
	s := run(t, home, pipeline.Options{Now: clock(2)})
	refusal := s.Files[0].Submission
	rows := func(want string) {
		t.Helper()
		if got := query(t, open(t, home), `SELECT count(*) FROM record`)[0]; got != want {
			t.Errorf("%s rows, want %s", got, want)
		}
	}
	rows("1")
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	about, err := h.SubmissionSubject(refusal)
	check(t, err)
	check(t, h.Decide(pipeline.ActWithdraw, about, false, clock(3)()))
	run(t, home, pipeline.Options{Now: clock(3)})
	rows("1")
	check(t, h.Decide(pipeline.ActWithdraw, about, true, clock(4)()))
	removeAll(t, filepath.Join(home, "inbox", about.Submission.SHA256))
	run(t, home, pipeline.Options{Now: clock(4), Full: true})
	rows("1")
	drop(t, home, "two/third.csv", []byte(header+"K1,2024-02-01,Yes,4,\n"))
	run(t, home, pipeline.Options{Now: clock(5)})
	rows("2")
	if got := query(t, open(t, home), `SELECT record_version, is_current FROM record`); strings.Join(got, " ") != "1|true 1|true" {
		t.Errorf("versions after a new consent: %v", got)
	}
}

func removeAll(t *testing.T, path string) {
	t.Helper()
	check(t, os.RemoveAll(path))
}
