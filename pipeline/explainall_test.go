package pipeline_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"palermo/fixtures"
	"palermo/mappings"
	"palermo/pipeline"
	"palermo/transform"
)

// explainable is the tables whose rows explain is asked about, with a query of their ids.
func explainable(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	out := map[string][]string{
		"record":     query(t, db, `SELECT record_id || '@' || record_version FROM record ORDER BY ALL`),
		"assessment": query(t, db, `SELECT DISTINCT subject_id || '@' || subject_version || '/assessment/' || definition_code FROM assessment ORDER BY ALL`),
		"person":     query(t, db, `SELECT person_id FROM person ORDER BY ALL`),
		"episode":    query(t, db, `SELECT episode_id FROM episode ORDER BY ALL`),
	}
	for _, table := range query(t, db, `SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = 'ordinal' AND table_name LIKE 'record\_%' ESCAPE '\'`) {
		out[table] = query(t, db, fmt.Sprintf(`SELECT record_id || '@' || record_version || '/%s/' || ordinal FROM %[1]s ORDER BY ALL`, table))
	}
	return out
}

// draw is n ids, of every table in turn that has rows.
func draw(ids map[string][]string, n int, rng *rand.Rand) []string {
	var tables, out []string
	for table, rows := range ids {
		if len(rows) > 0 {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	for i := range n {
		rows := ids[tables[i%len(tables)]]
		out = append(out, rows[rng.IntN(len(rows))])
	}
	return out
}

// TestExplainEverything walks from 200 random rows of all tables of cases back to their cells. The
// cells are those of the received file, read again by other code, and through the mapping's codes
// they give what is published.
func TestExplainEverything(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 150, RCP: 60, Seed: 5}))
	home := newHome(t, map[string][]byte{
		"iom_chisinau/cases.csv":     read(t, dir, "iom_chisinau", "ctm_assistance.csv"),
		"iom_chisinau/screening.csv": read(t, dir, "iom_chisinau", "ctm_screening.csv"),
		"rcp_belgrade/book.xlsx":     read(t, dir, "rcp_belgrade", "regional_workbook.xlsx"),
	})
	run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	db := open(t, home)
	all := explainable(t, db)
	for _, table := range []string{"record", "record_act", "record_means", "record_purpose", "record_offer", "record_exploitation", "record_route",
		"record_perpetrator", "record_citizenship", "record_assistance", "record_followup", "assessment", "person", "episode"} {
		if len(all[table]) == 0 {
			t.Errorf("the home has no row of %s to explain", table)
		}
	}
	xs, err := h.ExplainPersonal(context.Background(), draw(all, 210, rand.New(rand.NewPCG(7, 7)))...)
	check(t, err)
	w := &witness{t: t, home: home, rows: map[string]map[int][]string{}, codes: map[string]map[string]string{}}
	for _, x := range xs {
		if d := x.Differs(); len(d) > 0 || len(x.Published) == 0 {
			t.Errorf("%s differs in %v, published %d columns", x.ID, d, len(x.Published))
		}
		switch x.Table {
		case "assessment":
			w.assessment(db, x)
		case "person", "episode":
			w.members(db, x)
		default:
			w.row(x)
		}
	}
	t.Logf("%d coded values of %d cells, %d statements of elements", w.coded, w.cells, w.statements)
	if w.coded < 200 || w.statements < 20 {
		t.Error("too few were compared")
	}
}

// witness reads the received files again, with none of the readers under test.
type witness struct {
	t                        *testing.T
	home                     string
	rows                     map[string]map[int][]string  // by file and sheet
	codes                    map[string]map[string]string // of a codes file
	cells, coded, statements int
}

// row holds an explained row's cells against the file, and its codes against the mapping's.
func (w *witness) row(x *pipeline.Explanation) {
	w.t.Helper()
	for i := range x.Fields {
		f := &x.Fields[i]
		for _, c := range f.Cells {
			if c.Row != x.Row {
				continue // above the table
			}
			raw := w.cell(x, c.Row, c.Col)
			if w.cells++; mappings.Word(c.Text) != mappings.Word(raw) {
				w.t.Errorf("%s, %s: the cell in row %d, column %d has another text", x.ID, f.Field, c.Row, c.Col)
			}
			if c.Used {
				w.code(x, f, c.Word, raw)
			}
		}
	}
}

// code looks the word up in the codes file that the field names.
func (w *witness) code(x *pipeline.Explanation, f *transform.Trace, piece, raw string) {
	word := mappings.Word(raw)
	if piece != "" {
		if word = piece; !strings.Contains(mappings.Word(raw), piece) {
			w.t.Errorf("%s, %s: the word is not of the cell", x.ID, f.Field)
		}
	}
	name, ok := strings.CutPrefix(f.Rule, "codes:")
	if !ok {
		return
	}
	want, listed := w.list(x.Source, name)[word]
	if !listed {
		w.t.Errorf("%s, %s: the word is not in codes/%s.csv", x.ID, f.Field, name)
		return
	}
	got := x.Published[f.Field]
	if strings.HasPrefix(want, "*") {
		want = ""
	}
	if _, published := x.Published[f.Field]; !published && want != "" {
		return // a field that analysts do not have
	}
	if w.coded++; got != want {
		w.t.Errorf("%s: %s is published as %q; codes/%s.csv says %q", x.ID, f.Field, got, name, want)
	}
}

// list is a codes file, read by encoding/csv alone.
func (w *witness) list(source, name string) map[string]string {
	key := source + "/codes/" + name + ".csv"
	if w.codes[key] == nil {
		b, err := fs.ReadFile(mappings.Builtin(), key)
		check(w.t, err)
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		check(w.t, err)
		w.codes[key] = map[string]string{}
		for _, r := range rows[1:] {
			w.codes[key][mappings.Word(r[0])] = r[1]
		}
	}
	return w.codes[key]
}

func (w *witness) cell(x *pipeline.Explanation, row, col int) string {
	w.t.Helper()
	sheet := 1
	if n := x.Published["_sheet"]; n != "" {
		_, err := fmt.Sscan(n, &sheet)
		check(w.t, err)
	}
	file := filepath.Join(w.home, "inbox", x.Submission.SHA256)
	key := fmt.Sprintf("%s %d", file, sheet)
	if w.rows[key] == nil {
		w.rows[key] = w.sheet(file, sheet, filepath.Ext(x.Submission.Name) == ".xlsx")
	}
	cells := w.rows[key][row]
	if col > len(cells) {
		return ""
	}
	return cells[col-1]
}

func (w *witness) sheet(file string, sheet int, book bool) map[int][]string {
	out := map[int][]string{}
	if book {
		rows, err := fixtures.RawSheetAt(file, sheet)
		check(w.t, err)
		for _, r := range rows {
			out[r.Num] = r.Cells
		}
		return out
	}
	r := csv.NewReader(bytes.NewReader(read(w.t, file)))
	r.FieldsPerRecord = -1
	for {
		cells, err := r.Read()
		if err != nil {
			return out
		}
		line, _ := r.FieldPos(0)
		out[line] = cells
	}
}

// assessment holds the reading against the published rows: its own, and those that it rests on.
func (w *witness) assessment(db *sql.DB, x *pipeline.Explanation) {
	w.t.Helper()
	base, _, _ := strings.Cut(x.ID, "/")
	id, version, _ := strings.Cut(base, "@")
	want := query(w.t, db, `SELECT status_code, rule, article FROM assessment WHERE subject_id = ? AND subject_version = ? AND definition_code = ? ORDER BY ALL`,
		id, version, x.Reading.Definition)
	var got []string
	for _, r := range x.Reading.Rules {
		got = append(got, strings.Join([]string{r.Status, r.Rule, r.Article}, "|"))
		if r.Note == "" || r.Said.Row == 0 {
			w.t.Errorf("%s: rule %s has no words or no place", x.ID, r.Rule)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		w.t.Errorf("%s: the rules are %v, published %v", x.ID, got, want)
	}
	for _, e := range x.Reading.Elements {
		if state, ok := x.Published[e.Element+"_state_code"]; ok && state != e.State {
			w.t.Errorf("%s: %s is %s, published %s", x.ID, e.Element, e.State, state)
		}
		rests := 0
		for _, s := range e.Statements {
			w.statements++
			if s.Rests {
				rests++
			}
			of, ordinal := strings.Split(s.ID, "/")[1], strings.Split(s.ID, "/")[2]
			row := query(w.t, db, fmt.Sprintf(`SELECT %s_code, answer_code, rule FROM %s WHERE record_id = ? AND record_version = ? AND ordinal = ?`,
				strings.TrimPrefix(of, "record_"), of), id, version, ordinal)
			if len(row) != 1 || row[0] != strings.Join([]string{s.Code, s.Answer, s.Rule}, "|") {
				w.t.Errorf("%s: %s is %s %s by %s, published %v", x.ID, s.ID, s.Code, s.Answer, s.Rule, row)
			}
			if len(s.Cells) == 0 {
				w.t.Errorf("%s: %s has no cell", x.ID, s.ID)
			}
		}
		if met := e.State == "stated" || e.State == "inferred"; met && rests == 0 {
			w.t.Errorf("%s: %s is %s, and rests on nothing", x.ID, e.Element, e.State)
		}
	}
}

// members: a person and an episode lead to their records.
func (w *witness) members(db *sql.DB, x *pipeline.Explanation) {
	w.t.Helper()
	var got []string
	for _, a := range x.Also {
		if a.Table == "record" {
			got = append(got, a.ID)
		}
	}
	if len(got) == 0 {
		w.t.Errorf("%s leads to no record", x.ID)
		return
	}
	want := query(w.t, db, `SELECT record_id FROM record WHERE is_current AND case_id = (SELECT any_value(case_id) FROM record WHERE record_id = ?) ORDER BY ALL`, got[0])
	if slices.Sort(got); !slices.Equal(got, want) || x.Published["records"] != fmt.Sprint(len(got)) {
		w.t.Errorf("%s: records %v, want %v", x.ID, got, want)
	}
}

// TestExplainShowsNoUnlistedWord: a name that stands in a coded column, in a list or in a flag is
// shown as its shape to who does not ask for personal data, and a listed word as it is.
func TestExplainShowsNoUnlistedWord(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 60, Seed: 5}))
	c := readCaseTable(t, filepath.Join(dir, "iom_chisinau", "ctm_assistance.csv"), ',', nil)
	const name = "Qvyxander"
	for _, row := range c.rows[1:] {
		c.set(row, "Data consent", "Yes")
		c.set(row, "Education", name)
		c.set(row, "Threats", name)
		c.set(row, "Citizenship", "Moldova; "+name)
		c.set(row, "Sex", "Female")
	}
	home := newHome(t, map[string][]byte{"iom_chisinau/" + name + ".csv": c.bytes(t)})
	run(t, home, pipeline.Options{})
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	all := explainable(t, open(t, home))
	ids := append([]string{all["record"][0]}, draw(all, 60, rand.New(rand.NewPCG(1, 1)))...)
	xs, err := h.Explain(context.Background(), ids...)
	check(t, err)
	b, err := json.Marshal(xs)
	check(t, err)
	if bytes.Contains(b, []byte(name)) {
		t.Error("a name that stands in a coded column, or is that of the file, is shown")
	}
	for _, want := range []string{"[9 characters, Latin]", "Moldova; [9 characters, Latin]", `"text":"Female"`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("nothing is shown as %s", want)
		}
	}
	if xs, err = h.ExplainPersonal(context.Background(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if b, err = json.Marshal(xs); err != nil || !bytes.Contains(b, []byte(name)) {
		t.Errorf("--personal does not show the word (%v)", err)
	}
}
