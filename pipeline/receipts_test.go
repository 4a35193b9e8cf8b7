package pipeline_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"palermo/fixtures"
	"palermo/load/receipt"
	"palermo/pipeline"
)

// runReceipts runs the home and writes its receipts.
func runReceipts(t *testing.T, home string, o pipeline.Options) *pipeline.Summary {
	t.Helper()
	s, err := runWhole(home, o)
	check(t, err)
	return s
}

// TestReceiptsAtOnce: the receipts of two files are made side by side.
func TestReceiptsAtOnce(t *testing.T) {
	wholeRun(t)
	t.Parallel()
	book := func(seed uint64) []byte {
		return glotip(t, fixtures.GlotipOptions{Seed: seed, Rows: 20, Vintage: fixtures.Glotip2025})
	}
	home := newHome(t, map[string][]byte{"a/one.xlsx": book(1), "b/two.xlsx": book(2)})
	if s := runReceipts(t, home, pipeline.Options{}); s.Receipts.Written != 2 || s.Receipts.Failed != 0 {
		t.Fatalf("receipts: %+v", s.Receipts)
	}
	files := map[string]bool{}
	for _, agency := range []string{"a", "b"} {
		for n := 1; n <= 2; n++ {
			if _, err := os.Stat(receiptPath(home, agency, n, ".json")); err == nil {
				files[receiptOf(t, home, agency, n).File] = true
			}
		}
	}
	if !files["one.xlsx"] || !files["two.xlsx"] {
		t.Errorf("receipts of %v", files)
	}
}

// receiptOf is the receipt of that number in its form for programs.
func receiptOf(t *testing.T, home, agency string, n int) *receipt.Document {
	t.Helper()
	var d receipt.Document
	check(t, json.Unmarshal(read(t, receiptPath(home, agency, n, ".json")), &d))
	return &d
}

func receiptPath(home, agency string, n int, ext string) string {
	return filepath.Join(home, "receipts", agency, fmt.Sprintf("PAL-2026-%06d%s", n, ext))
}

func receiptFiles(t *testing.T, home string) []string {
	t.Helper()
	return filesBelow(t, filepath.Join(home, "receipts"))
}

// kindsTable is a file of the source kinds.
func kindsTable(rows ...string) []byte {
	return []byte("Kind,,,,\nPeriod,,,,\nCase,Registered,Consent,Serial,A\n" + strings.Join(rows, "\n") + "\n")
}

// atStart calls f when a step of a run begins.
type atStart struct {
	step string
	f    func()
}

func (a atStart) Start(step string, _ int) {
	if step == a.step {
		a.f()
	}
}
func (atStart) Done(string) {}

// TestReceipts: one home through its life. At claim there is an acknowledgement, at the end of the run the receipt; what is missing
// is written again and what is the same is not; nothing that goes wrong with one fails a run; they go when they are old.
func TestReceipts(t *testing.T) {
	t.Parallel()
	var told []string
	var mu sync.Mutex
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		told = append(told, string(b))
	}))
	home := kindsHome(t)
	config := func(more string) {
		write(t, filepath.Join(home, "palermo.yaml"), []byte("agencies:\n  one: {language: mk, title: The First}\nreceipts: {contact: help@example.org, webhook: \""+hook.URL+"/x?token=secret\""+more+"}\n"))
	}
	config("")
	drop(t, home, "one/a.csv", kindsTable("K1,2025-01-02,Yes,1,", "K2,2025-01-02,Perhaps,2,", "K3,2025-02-30,Yes,x,", "K1,2025-01-02,Yes,3,", "K4,2025-01-03,No,4,"))
	drop(t, home, "two/nothing.csv", []byte("a,b\n1,2\n"))

	var ack *receipt.Document
	s := runReceipts(t, home, pipeline.Options{Now: clock(1), Progress: atStart{"reading files", func() { ack = receiptOf(t, home, "one", numberOf(t, home, "one", "a.csv")) }}})
	a, b := numberOf(t, home, "one", "a.csv"), numberOf(t, home, "two", "nothing.csv")
	if ack == nil || ack.State != receipt.Received || ack.File != "a.csv" || ack.Contact != "help@example.org" || ack.Received == nil || ack.Language != "mk" || ack.Agency != "The First" {
		t.Fatalf("the acknowledgement: %+v", ack)
	}
	got := receiptOf(t, home, "one", a)
	if s.Receipts.Written != 2 || s.Receipts.Failed > 0 || s.Receipts.Untold || got.State != receipt.AcceptedInPart || got.Kind != "new_cases" {
		t.Fatalf("%+v: %+v", s.Receipts, got)
	}
	if sh := got.Sheets; len(sh) != 1 || sh[0].Read != 5 || sh[0].Loaded != 3 || sh[0].Rejected != 1 || sh[0].Skipped["no_consent"] != 1 {
		t.Errorf("sheets: %+v", sh)
	}
	if d := got.Duplicates; len(d) != 1 || !slices.Equal(d[0].Rows, []int{4, 7}) {
		t.Errorf("duplicates: %+v", d)
	}
	if c := cellsOf(got, "code.unmapped"); !slices.Equal(c, []string{"C5"}) {
		t.Errorf("unknown words: %v", c)
	}
	if c := cellsOf(got, "value.not_a_date"); !slices.Equal(c, []string{"B6"}) {
		t.Errorf("dates: %v", c)
	}
	if n := receiptOf(t, home, "two", b); n.State != receipt.NeedsYou || n.Language != "en" || n.Next[0].Step != receipt.StepAnswer {
		t.Errorf("of a file that no mapping knows: %+v", n)
	}
	if !marked(t, receiptPath(home, "one", a, ".xlsx"), "C5") || !marked(t, receiptPath(home, "one", a, ".xlsx"), "B6") || marked(t, receiptPath(home, "one", a, ".xlsx"), "A4") {
		t.Error("the workbook does not mark what the page names")
	}
	fi, err := os.Stat(receiptPath(home, "one", a, ".html"))
	check(t, err)
	if dir, err := os.Stat(filepath.Join(home, "receipts", "one")); err != nil || fi.Mode().Perm()&0o007 != 0 || dir.Mode().Perm()&0o007 != 0 {
		t.Error("anybody can read a receipt")
	}
	want := []string{fmt.Sprintf(`{"receipt":"PAL-2026-%06d","agency":"one","state":"accepted_in_part"}`, a), fmt.Sprintf(`{"receipt":"PAL-2026-%06d","agency":"two","state":"needs_you"}`, b)}
	slices.Sort(told)
	slices.Sort(want)
	if !slices.Equal(told, want) {
		t.Errorf("the webhook was told %v", told)
	}

	// A quiet night changes nothing; what is gone is written again, as it was.
	before := map[string]string{}
	for _, f := range receiptFiles(t, home) {
		before[f] = string(read(t, home, "receipts", f))
	}
	if s := runReceipts(t, home, pipeline.Options{Now: clock(2)}); s.Receipts != (pipeline.Receipts{}) {
		t.Errorf("a quiet night: %+v", s.Receipts)
	}
	check(t, os.Remove(receiptPath(home, "one", a, ".xlsx")))
	check(t, os.Remove(receiptPath(home, "two", b, ".html")))
	if s := runReceipts(t, home, pipeline.Options{Now: clock(3)}); s.Receipts.Written != 2 || s.Receipts.Failed != 0 {
		t.Errorf("missing ones: %+v", s.Receipts)
	}
	for f, was := range before {
		if string(read(t, home, "receipts", f)) != was {
			t.Errorf("%s was written again, and is another", f)
		}
	}

	// The folder cannot be written, and nobody answers at the webhook: the run goes on, and the next writes it.
	hook.Close()
	blocked := filepath.Join(home, "receipts", "three")
	write(t, blocked, []byte("a file"))
	drop(t, home, "three/b.csv", kindsTable("K1,2025-01-02,Yes,5,"))
	drop(t, home, "one/again.csv", kindsTable("K1,2025-01-02,Yes,6,", "K3,2025-02-28,Yes,7,"))
	if s := runReceipts(t, home, pipeline.Options{Now: clock(4)}); s.Status != pipeline.RunPublished || s.Receipts.Failed == 0 || s.Receipts.Written == 0 || !s.Receipts.Untold {
		t.Errorf("a folder that cannot be written: %s, %+v", s.Status, s.Receipts)
	}
	if d := receiptOf(t, home, "one", a); d.State != receipt.Superseded || d.SupersededBy != fmt.Sprintf("PAL-2026-%06d", numberOf(t, home, "one", "again.csv")) {
		t.Errorf("of a file that was sent anew: %s by %s", d.State, d.SupersededBy)
	}
	if _, err := os.Stat(receiptPath(home, "one", a, ".xlsx")); !os.IsNotExist(err) {
		t.Error("the workbook of a file that was replaced is still there")
	}
	check(t, os.Remove(blocked))
	if s := runReceipts(t, home, pipeline.Options{Now: clock(5)}); s.Status != pipeline.RunNothingNew || s.Receipts.Failed != 0 || s.Receipts.Written != 1 {
		t.Errorf("the run after: %s, %+v", s.Status, s.Receipts)
	}
	if d := receiptOf(t, home, "three", numberOf(t, home, "three", "b.csv")); d.State != receipt.Accepted || d.Next[0].Step != receipt.StepNothing {
		t.Errorf("%+v", d)
	}

	// Others' files stay; receipts go when they are old, and what a killed run left goes.
	others := filepath.Join(home, "receipts", "one", "notes.txt")
	write(t, others, []byte("mine"))
	left := filepath.Join(home, "receipts", "one", ".PAL-2026-000001.xlsx.tmp")
	write(t, left, []byte("half"))
	day := func(n int) func() time.Time { return func() time.Time { return clock(1)().AddDate(0, 0, n) } }
	if s := runReceipts(t, home, pipeline.Options{Now: day(25)}); s.Receipts.Deleted != 0 {
		t.Errorf("deleted too early: %+v", s.Receipts)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Error("what a killed run left is still there")
	}
	if s := runReceipts(t, home, pipeline.Options{Now: day(60)}); s.Receipts.Deleted != 4 || s.Receipts.Written != 0 {
		t.Errorf("old ones: %+v", s.Receipts)
	}
	if left := receiptFiles(t, home); !slices.Equal(left, []string{"one/notes.txt"}) {
		t.Errorf("left: %v", left)
	}
	if s := runReceipts(t, home, pipeline.Options{Now: day(61)}); s.Receipts != (pipeline.Receipts{}) {
		t.Errorf("the night after: %+v", s.Receipts)
	}
}

// marked reports whether a cell of a file of text is red or yellow in its receipt.
func marked(t *testing.T, path, at string) bool {
	t.Helper()
	f, err := excelize.OpenFile(path)
	check(t, err)
	defer f.Close()
	style, err := f.GetCellStyle("CSV", at)
	check(t, err)
	c := f.Styles.Fills.Fill[*f.Styles.CellXfs.Xf[style].FillID].PatternFill.FgColor
	return c != nil && (c.RGB == "FFFFC7C1" || c.RGB == "FFFFEBA1")
}

// numberOf is the number of the receipt of a file.
func numberOf(t *testing.T, home, agency, name string) int {
	t.Helper()
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	l, err := h.ReadLedger()
	check(t, err)
	for _, s := range l.Submissions {
		if s.Agency == agency && s.Name == name {
			var year, n int
			_, err := fmt.Sscanf(s.Receipt, "PAL-%d-%d", &year, &n)
			check(t, err)
			return n
		}
	}
	t.Fatalf("no submission %s/%s", agency, name)
	return 0
}

func cellsOf(d *receipt.Document, code string) []string {
	var out []string
	for _, f := range d.Findings {
		if string(f.Code) == code {
			for _, c := range f.Cells {
				out = append(out, c.Name)
			}
		}
	}
	return out
}

// TestReceiptComesBack: a receipt that an agency corrected and sent is a correction of what it was of, whatever the order of its
// rows; one of another agency is a file like any other.
func TestReceiptComesBack(t *testing.T) {
	t.Parallel()
	home := kindsHome(t)
	write(t, filepath.Join(home, "palermo.yaml"), nil)
	drop(t, home, "one/a.csv", kindsTable("K1,2025-01-02,Yes,1,", "K2,2025-01-02,Perhaps,2,", ",2025-01-05,Yes,3,", ",2025-01-06,Yes,4,", "K3,2025-01-07,Yes,five,"))
	runReceipts(t, home, pipeline.Options{Now: clock(1)})
	a := numberOf(t, home, "one", "a.csv")
	f, err := excelize.OpenFile(receiptPath(home, "one", a, ".xlsx"))
	check(t, err)
	for at, text := range map[string]string{"C5": "Yes", "D6": "33", "D8": "5"} { // a rejected row, one without a reference, and a number
		check(t, f.SetCellStr("CSV", at, text))
	}
	check(t, f.SetSheetRow("CSV", "A9", &[]string{"K1", "2025-01-02", "Yes", "11", ""}))
	check(t, f.RemoveRow("CSV", 4))
	back := filepath.Join(t.TempDir(), "back.xlsx")
	check(t, f.SaveAs(back))
	drop(t, home, "one/back.xlsx", read(t, back))
	drop(t, home, "two/stolen.xlsx", read(t, back))
	s := runReceipts(t, home, pipeline.Options{Now: clock(2)})
	if s.Rows.Rejected != 1 || s.Receipts.Failed > 0 {
		t.Errorf("%+v, %+v", s.Rows, s.Receipts)
	}
	b := numberOf(t, home, "one", "back.xlsx")
	if d := receiptOf(t, home, "one", b); d.State != receipt.Accepted || d.Kind != pipeline.Correction || d.KindBy != pipeline.SaidByFile || len(d.Sheets) != 1 || d.Sheets[0].Loaded != 5 || len(d.Findings) > 0 {
		t.Errorf("what came back: %+v", d)
	}
	if d := receiptOf(t, home, "one", a); d.State != receipt.Superseded || d.SupersededBy != fmt.Sprintf("PAL-2026-%06d", b) {
		t.Errorf("what it was of: %s by %s", d.State, d.SupersededBy)
	}
	if d := receiptOf(t, home, "two", numberOf(t, home, "two", "stolen.xlsx")); d.State != receipt.Accepted || d.Kind != pipeline.NewCases || len(d.Sheets) != 1 {
		t.Errorf("of another agency: %+v", d)
	}
	got := query(t, openFile(t, filepath.Join(home, "steward", s.Run, "steward.duckdb")), `SELECT income_before_low::INTEGER FROM record WHERE is_current ORDER BY 1`)
	if !slices.Equal(got, []string{"2", "2", "4", "4", "5", "5", "11", "11", "33", "33"}) { // once of each agency
		t.Errorf("what counts: %v", got)
	}
	if os.Getenv("PALERMO_LONG") == "" {
		return
	}
	// Taken back, what it was of stands again.
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	about, err := h.SubmissionSubject(fmt.Sprintf("PAL-2026-%06d", b))
	check(t, err)
	check(t, h.Decide(pipeline.ActWithdraw, about, false, clock(3)()))
	runReceipts(t, home, pipeline.Options{Now: clock(3)})
	if d := receiptOf(t, home, "one", b); d.State != receipt.Withdrawn || len(d.Findings) > 0 {
		t.Errorf("taken back: %+v", d)
	}
	if d := receiptOf(t, home, "one", a); d.State != receipt.AcceptedInPart {
		t.Errorf("what it was of, after: %s", d.State)
	}
	if _, err := os.Stat(receiptPath(home, "one", b, ".xlsx")); !os.IsNotExist(err) {
		t.Error("the workbook of a file that was taken back is still there")
	}
}
