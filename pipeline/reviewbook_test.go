package pipeline_test

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/diag"
	"palermo/fixtures"
	"palermo/pipeline"
)

// sheetOf is the rows of a review workbook.
func sheetOf(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := excelize.OpenFile(file)
	check(t, err)
	defer f.Close()
	rows, err := f.GetRows("Pairs")
	check(t, err)
	return rows
}

// fill writes cells into a copy of a workbook, by their names.
func fill(t *testing.T, file string, cells map[string]string) string {
	t.Helper()
	f, err := excelize.OpenFile(file)
	check(t, err)
	defer f.Close()
	for at, text := range cells {
		check(t, f.SetCellStr("Pairs", at, text))
	}
	out := filepath.Join(t.TempDir(), "given back.xlsx")
	check(t, f.SaveAs(out))
	return out
}

// reviewHome is a home with many pairs for review: one list has no names.
func reviewHome(t *testing.T) (home string, truth []map[string]string) {
	t.Helper()
	files, truth := caseFiles(t, fixtures.CasesOptions{CTM: 600, RCP: 300, Seed: 5})
	for name, b := range files {
		if strings.HasSuffix(name, "regional_workbook.xlsx") {
			files[name] = withoutNames(t, b)
		}
	}
	home = newHome(t, files)
	run(t, home, pipeline.Options{Now: clock(1)})
	return home, truth
}

// TestReview: pairs go out as a workbook without a name, verdicts come back, what a stranger changed
// is reported and not read, and decisions hold in later runs.
func TestReview(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	home, _ := reviewHome(t)
	h := openHome(t, home)
	x, err := h.ExportReview(t.Context(), pipeline.ReviewOptions{}, clock(1)())
	check(t, err)
	rows := sheetOf(t, x.File)
	if x.Open < 20 || x.Pairs != x.Open || x.Twice < 1 || x.Rows != x.Pairs+x.Twice || len(rows) != x.Rows+1 {
		t.Fatalf("%+v, %d rows", x, len(rows))
	}
	if fi, err := os.Stat(x.File); err != nil || fi.Mode().Perm() != 0o600 || !strings.HasPrefix(x.File, filepath.Join(home, "steward")) {
		t.Errorf("%s: %v %v", x.File, fi.Mode(), err)
	}
	checkNoNames(t, home, x.File)
	if d := cmp.Diff(sheetOf(t, x.File), sheetOf(t, exportAgain(t, h))); d != "" {
		t.Errorf("exported again:\n%s", d)
	}

	a, b := twiceAsked(t, rows)
	if d := a - b; max(d, -d) < len(rows)/3 {
		t.Errorf("the two rows of one pair are %d and %d", a, b)
	}
	cells := map[string]string{}
	for i := range rows[1:] {
		cells[fmt.Sprint("B", i+2)] = []string{"same", "Different", " РАЗНЫЕ"}[i%3]
	}
	cells[fmt.Sprint("B", a+1)], cells[fmt.Sprint("B", b+1)] = "same", "different"
	free := others(len(rows), a, b)
	cells[fmt.Sprint("B", free[0]+1)] = "perhaps"
	cells[fmt.Sprint("A", free[1]+1)] = "ZZZZZ-ZZZZZ"
	cells[fmt.Sprint("A", free[2]+1)] = rows[free[3]][0] // another row's number
	cells[fmt.Sprint("B", free[4]+1)] = ""
	cells[fmt.Sprint("C", free[5]+1)] = "the same scar"
	file := fill(t, x.File, cells)
	got, err := h.ImportReview(t.Context(), file, "reviewer 1", clock(2)())
	check(t, err)
	var codes []string
	for _, f := range got.Findings {
		codes = append(codes, fmt.Sprint(f.Code, " ", f.Pos.Sheet, "!", diag.Cell(f.Pos.Row, f.Pos.Col)))
	}
	want := []string{fmt.Sprint("review.verdict Pairs!B", free[0]+1), fmt.Sprint("review.pair Pairs!A", free[1]+1), fmt.Sprint("review.changed Pairs!A", free[2]+1)}
	slices.Sort(codes)
	slices.Sort(want)
	if d := cmp.Diff(want, codes); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	if got.Rows != x.Rows || got.Refused != 3 || got.Blank != 1 || got.Answered != x.Rows-4 {
		t.Errorf("%+v", got)
	}
	if got.Agreement.Pairs < 1 || got.Agreement.Agreed >= got.Agreement.Pairs {
		t.Errorf("agreement: %+v", got.Agreement)
	}
	again, err := h.ImportReview(t.Context(), file, "reviewer 1", clock(3)())
	check(t, err)
	if again.Decisions != 0 || again.Unchanged != got.Decisions || again.Agreement.Pairs != got.Agreement.Pairs {
		t.Errorf("read again: %+v", again)
	}
	ds, err := h.ReadDecisions()
	check(t, err)
	if len(ds) != got.Decisions || !slices.ContainsFunc(ds, func(d pipeline.Decision) bool { return d.Reason == "the same scar" && d.Model != "" }) ||
		!slices.ContainsFunc(ds, func(d pipeline.Decision) bool { return d.Verdict == pipeline.VerdictUnsure }) {
		t.Errorf("decisions: %d of %d", len(ds), got.Decisions)
	}
	s := run(t, home, pipeline.Options{Now: clock(4)})
	if s.Status != pipeline.RunPublished {
		t.Fatalf("after the decisions: %s", s.Status)
	}
	checkDecided(t, home, ds)
	state, err := h.ReviewState(t.Context())
	check(t, err)
	if state.Pending != 0 || state.Same+state.Different+state.Unsure != got.Decisions || state.Reviewers != 1 || state.Asked != x.Pairs {
		t.Errorf("%+v", state)
	}
	bytes := parquetFiles(t, home)
	run(t, home, pipeline.Options{Full: true, Now: clock(5)})
	checkDecided(t, home, ds)
	if d := cmp.Diff(bytes, parquetFiles(t, home)); d != "" {
		t.Errorf("--full (-before +after):\n%s", d)
	}
}

func exportAgain(t *testing.T, h *pipeline.Home) string {
	t.Helper()
	x, err := h.ExportReview(t.Context(), pipeline.ReviewOptions{}, clock(1)())
	check(t, err)
	if _, err := h.ExportReview(t.Context(), pipeline.ReviewOptions{Out: x.File}, clock(1)()); err != pipeline.ErrFileExists {
		t.Errorf("over somebody's work: %v", err)
	}
	return x.File
}

// twiceAsked is the places of two rows that show the same two records.
func twiceAsked(t *testing.T, rows [][]string) (a, b int) {
	t.Helper()
	shown := func(r []string, one, two string) string {
		var out []string
		for i, c := range r[3:] {
			title := rows[0][i+3]
			if strings.HasSuffix(title, one) {
				out = append(out, strings.TrimSuffix(title, one)+c)
			}
		}
		for i, c := range r[3:] {
			if title := rows[0][i+3]; strings.HasSuffix(title, two) {
				out = append(out, strings.TrimSuffix(title, two)+c)
			}
		}
		return r[3] + r[4] + strings.Join(out, "|")
	}
	for i := 1; i < len(rows); i++ {
		for k := 1; k < len(rows); k++ {
			d := i - k
			if max(d, -d) > 1 && shown(rows[i], " 1", " 2") == shown(rows[k], " 2", " 1") && rows[i][0] != rows[k][0] {
				return i, k
			}
		}
	}
	t.Fatal("no pair stands twice")
	return 0, 0
}

// others is places of rows that are not these.
func others(n int, not ...int) []int {
	var out []int
	for i := 1; i < n; i++ {
		if !slices.Contains(not, i) {
			out = append(out, i)
		}
	}
	return out
}

// checkNoNames: no name and no case reference of the vault stands in the workbook.
func checkNoNames(t *testing.T, home, file string) {
	t.Helper()
	words := map[string]bool{}
	for _, row := range query(t, openMemory(t), `SELECT DISTINCT unnest([given_name, family_name, father_name, case_reference]) FROM read_parquet('`+filepath.Join(home, "vault", "record", "*", "*.parquet")+`')`) {
		if len(row) > 2 {
			words[row] = true
		}
	}
	if len(words) < 100 {
		t.Fatalf("only %d names in the vault", len(words))
	}
	for i, r := range sheetOf(t, file) {
		for k, c := range r {
			if words[c] {
				t.Errorf("row %d, column %d: a name", i+1, k+1)
			}
		}
	}
}

// checkDecided: what was decided to be one person is, and what was decided to be two is two, where
// decisions do not contradict each other.
func checkDecided(t *testing.T, home string, ds []pipeline.Decision) {
	t.Helper()
	of := map[string]string{}
	zone := []byte(mac(keyBytes(t), "zone", "steward"))
	m := memberships(t, home)
	same, different, broken := 0, 0, 0
	for _, d := range ds {
		of[d.A], of[d.B] = m["r"+mac(zone, "id", d.A)[:24]].person, m["r"+mac(zone, "id", d.B)[:24]].person
		switch {
		case d.Verdict == pipeline.VerdictSame && of[d.A] == of[d.B]:
			same++
		case d.Verdict == pipeline.VerdictSame:
			t.Error("decided same, and two persons")
		case d.Verdict == pipeline.VerdictDifferent && of[d.A] != of[d.B]:
			different++
		case d.Verdict == pipeline.VerdictDifferent:
			broken++ // joined by others that were decided same
		}
	}
	if same == 0 || different == 0 || broken > different/2 {
		t.Errorf("held: %d same, %d different, %d contradicted", same, different, broken)
	}
}

// TestReviewWithNames: names and case references are shown only after a line is in the audit file.
func TestReviewWithNames(t *testing.T) {
	t.Parallel()
	files, _ := caseFiles(t, fixtures.CasesOptions{CTM: 300, RCP: 100, Seed: 5})
	home := newHome(t, files)
	run(t, home, pipeline.Options{})
	h := openHome(t, home)
	x, err := h.ExportReview(t.Context(), pipeline.ReviewOptions{WithNames: true, Limit: 2, Out: filepath.Join(t.TempDir(), "names.xlsx")}, clock(1)())
	check(t, err)
	rows := sheetOf(t, x.File)
	k := slices.Index(rows[0], "Name 1")
	if x.Pairs == 0 || k < 0 || !slices.ContainsFunc(rows[1:], func(r []string) bool { return r[k] != "" && r[k+1] != "" }) {
		t.Fatalf("%+v, %q", x, rows[1][k:k+4])
	}
	if noted := string(read(t, home, "state/audit.jsonl")); strings.Count(noted, "\n") != 1 || !strings.Contains(noted, "review export --with-names") {
		t.Errorf("noted %d lines", strings.Count(noted, "\n"))
	}
	check(t, os.Remove(filepath.Join(home, "state", "audit.jsonl")))
	check(t, os.Mkdir(filepath.Join(home, "state", "audit.jsonl"), 0o700)) // nothing can be noted there
	out := filepath.Join(t.TempDir(), "unseen.xlsx")
	if _, err := h.ExportReview(t.Context(), pipeline.ReviewOptions{WithNames: true, Out: out}, clock(1)()); err == nil {
		t.Error("shown without a note")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("written without a note")
	}
	for _, name := range []string{"no.xlsx", "text.csv"} {
		check(t, os.WriteFile(filepath.Join(home, name), []byte("Pair,Other\n1,2\n"), 0o600))
		got, err := h.ImportReview(t.Context(), filepath.Join(home, name), "reviewer 1", clock(2)())
		if err != nil || len(got.Findings) != 1 || got.Findings[0].Code != diag.ReviewSheet || got.Decisions != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestKappa is worked out by hand: of ten pairs eight agree, and by chance 5.2 would.
func TestKappa(t *testing.T) {
	same, different := pipeline.VerdictSame, pipeline.VerdictDifferent
	var answers [][2]string
	for range 5 {
		answers = append(answers, [2]string{same, same})
	}
	for range 3 {
		answers = append(answers, [2]string{different, different})
	}
	answers = append(answers, [2]string{same, different}, [2]string{different, same})
	g := pipeline.AgreementOf(answers)
	// chance: 6/10 * 6/10 + 4/10 * 4/10 = 0.52
	if g.Pairs != 10 || g.Agreed != 8 || math.Abs(*g.Share-0.8) > 1e-12 || math.Abs(*g.Kappa-(0.8-0.52)/0.48) > 1e-12 {
		t.Errorf("%+v", g)
	}
	if g := pipeline.AgreementOf([][2]string{{same, same}}); *g.Share != 1 || g.Kappa != nil {
		t.Errorf("%+v", g)
	}
	if g := pipeline.AgreementOf(nil); g.Share != nil || g.Kappa != nil {
		t.Errorf("%+v", g)
	}
}

func openMemory(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}
