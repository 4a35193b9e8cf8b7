package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
	"palermo/transform/assess"
)

// Explanation is the way from one published row back to its cells.
type Explanation struct {
	ID         string            `json:"id"`
	Table      string            `json:"table"`
	Published  map[string]string `json:"published"`           // the row as the current snapshot has it; empty where it has not
	Submission Submission        `json:"submission,omitzero"` // not of a person or episode, which records of several make up
	Sheet      string            `json:"sheet,omitempty"`
	Source     string            `json:"source,omitempty"`
	Vintage    string            `json:"vintage,omitempty"`
	Mapping    string            `json:"mapping,omitempty"` // its digest
	Row        int               `json:"row,omitempty"`
	Col        int               `json:"col,omitempty"` // where the row is one cell of an unpivoted table
	Fields     []transform.Trace `json:"fields"`
	Rejected   *Rejection        `json:"rejected,omitempty"` // the row is in quarantine, and why
	Hidden     int               `json:"hidden,omitempty"`   // fields whose values are not shown, since they are of a person
	Reading    *Reading          `json:"reading,omitempty"`  // of an assessment
	Also       []Also            `json:"also,omitempty"`     // what else can be asked about the same record, person or episode

	sheetNo int
	nth     int             // of the rows that one cell makes, from 2 on; else 0
	compare map[string]bool // columns that are published as the cells give them
	differs []string        // what else differs
	listed  bool            // the mapping lists the sheet's name
}

// Also is one more row that can be explained.
type Also struct {
	ID    string `json:"id"`
	Table string `json:"table"`
	What  string `json:"what"` // a code of it, or what it is
}

// Rejection is why a row was not loaded.
type Rejection struct {
	Code  diag.Code `json:"code"`
	Field string    `json:"field,omitempty"`
}

// ErrNotFound says that an id names nothing that palermo has.
var ErrNotFound = errors.New("not found")

// Explain leads from published rows back to their cells. An id is "<submission>.<sheet>.<row>", as
// in statistic_id, with ".<col>" where the row is one cell of an unpivoted table; the id of a record,
// with "@2" for its second version; either of them with "/<table>/<ordinal>" for a row of another
// table, or "/assessment/<definition>"; or the id of a person or an episode, which leads to its
// records. The cells are read again from the inbox, by the mapping that the rows were made with; rows
// of one sheet are read in one pass. The explanations come in the order of ids.
//
// What names or endangers a person is left out, and so is any word that no mapping lists:
// ExplainPersonal has it.
func (h *Home) Explain(ctx context.Context, ids ...string) ([]*Explanation, error) {
	xs, err := h.explain(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, x := range xs {
		x.hide(h.Schema)
	}
	return xs, nil
}

// ExplainPersonal is Explain with nothing left out, for those who may see the cases themselves. It
// leaves a line for each row in the home's audit file, and shows nothing where it cannot.
func (h *Home) ExplainPersonal(ctx context.Context, ids ...string) ([]*Explanation, error) {
	xs, err := h.explain(ctx, ids)
	if err != nil {
		return nil, err
	}
	return xs, h.audit("explain --personal", xs)
}

// asked is one id with its explanation.
type asked struct {
	*ask
	x *Explanation
}

func (h *Home) explain(ctx context.Context, ids []string) ([]*Explanation, error) {
	ledger, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	pub, err := h.published()
	if err != nil {
		return nil, err
	}
	out := make([]*Explanation, len(ids))
	sheets := map[sheetPlace][]asked{}
	var order []sheetPlace
	for i, id := range ids {
		a, err := parseAsk(id)
		if err != nil {
			return nil, err
		}
		if a.subject != "" && a.subject[:1] != "r" {
			if out[i], err = pub.explainPerson(ctx, h, a); err != nil {
				return nil, err
			}
			continue
		}
		if a.subject != "" {
			if a.place, err = pub.record(ctx, a.subject, a.version); err != nil {
				return nil, err
			}
		}
		sub := ledger.find(a.place.submission)
		if sub == nil {
			return nil, fmt.Errorf("submission %s: %w", a.place.submission, ErrNotFound)
		}
		out[i] = &Explanation{ID: id, Submission: *sub, Row: a.place.row, Col: a.place.col, nth: a.place.nth, sheetNo: a.place.sheet}
		at := sheetPlace{sub.ID, a.place.sheet}
		if sheets[at] == nil {
			order = append(order, at)
		}
		sheets[at] = append(sheets[at], asked{a, out[i]})
	}
	for _, at := range order {
		if err := h.explainSheet(ctx, ledger.find(at.submission), at.sheet, sheets[at], pub); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type sheetPlace struct {
	submission string
	sheet      int
}

// explainSheet explains rows of one sheet of one submission.
func (h *Home) explainSheet(ctx context.Context, sub *Submission, no int, as []asked, pub *published) error {
	entry, err := h.keptEntry(sub)
	if err != nil {
		return err
	}
	if sub.withdrawn {
		return fmt.Errorf("submission %s was withdrawn: %w", sub.ID, ErrNotFound)
	}
	e := entry.sheet(no)
	if e == nil || e.Source == "" {
		return fmt.Errorf("sheet %d of submission %s was not loaded: %w", no, sub.ID, ErrNotFound)
	}
	plan, err := h.keptPlan(e)
	if err != nil {
		return err
	}
	for _, a := range as {
		x := a.x
		x.Table, x.Sheet, x.Source, x.Vintage, x.Mapping = e.Target, e.Name, e.Source, e.Vintage, e.Mapping
		x.listed = plan.ListsSheet(e.Name)
		if x.nth > 0 && !plan.Inner() {
			return fmt.Errorf("row %s: %w", x.ID, ErrNotFound)
		}
	}
	if plan.Unpivots() {
		return h.explainCells(ctx, sub, e, plan, as, pub)
	}
	rows, err := h.rowsAgain(ctx, sub, e, as)
	if err != nil {
		return err
	}
	for _, a := range as {
		x := a.x
		if !plan.Inner() {
			x.Col = 0 // the row is not one cell
		}
		cells, ok := rows[x.Row]
		if !ok {
			return fmt.Errorf("row %d of submission %s: %w", x.Row, sub.ID, ErrNotFound)
		}
		t, err := x.trace(e, plan, cells, h.key)
		if err != nil {
			return err
		}
		if plan.Inner() {
			if err := x.inner(t); err != nil {
				return err
			}
		}
		if err := pub.fill(ctx, a, t); err != nil {
			return err
		}
	}
	return nil
}

// place is where a row stands.
type place struct {
	submission      string
	sheet, row, col int
	nth             int // of the rows that one cell makes, from 2 on; else 0
}

func parsePlace(id string) (place, error) {
	parts := strings.Split(id, ".")
	if len(parts) < 3 || len(parts) > 5 {
		return place{}, fmt.Errorf("an id has the form SUBMISSION.SHEET.ROW, as in column statistic_id: %w", ErrNotFound)
	}
	p := place{submission: parts[0]}
	for i, n := range []*int{&p.sheet, &p.row, &p.col, &p.nth}[:len(parts)-1] {
		v, err := strconv.Atoi(parts[i+1])
		if err != nil || v < 1 || i == 3 && v < 2 {
			return place{}, fmt.Errorf("an id has the form SUBMISSION.SHEET.ROW, as in column statistic_id: %w", ErrNotFound)
		}
		*n = v
	}
	return p, nil
}

// keptEntry is the entry that the lake keeps of the submission, whatever its key.
func (h *Home) keptEntry(s *Submission) (*Entry, error) {
	var e Entry
	if err := readJSON(h.entryFile(s.ID), &e); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("submission %s was not harmonised: %w", s.ID, ErrNotFound)
		}
		return nil, environment(err)
	}
	return &e, nil
}

// keptPlan is the plan of the mapping that a sheet was made with.
func (h *Home) keptPlan(e *SheetEntry) (*transform.Plan, error) {
	m, ds, err := mappings.Decode(os.DirFS(h.path(stateDir, "mappings", e.Mapping)), e.Source)
	if err != nil {
		return nil, fmt.Errorf("read the mapping that the row was made with: %w", err)
	}
	if len(ds) > 0 {
		return nil, &ConfigError{ds}
	}
	if e.Template != "" {
		m = newForm(h.Schema, m, e.Template).mapping
	}
	plan, ds := transform.Compile(m, e.Table, h.Schema)
	if len(ds) > 0 {
		return nil, &ConfigError{ds}
	}
	return plan, nil
}

// trace follows each field of the row whose cells are given, and of the rows that came from it.
func (x *Explanation) trace(e *SheetEntry, plan *transform.Plan, cells []string, ids transform.IDs) (*transform.RowTrace, error) {
	raw := oneRow(x.origin(e), e.Header, x.Row, cells)
	defer raw.Release()
	in := transform.Input{Origin: raw.Origin, Sheet: e.Title, Header: e.Header, HeaderRow: e.HeaderRow, Above: e.above, IDs: ids}
	t, err := plan.Open(in, memory.DefaultAllocator, &diag.List{})
	if err != nil {
		return nil, err
	}
	defer t.Release()
	t.Assume(e.Facts)
	rt, err := t.TraceRow(raw, 0)
	if err != nil {
		return nil, err
	}
	if r := rt.Rejected; r != nil {
		x.Rejected = &Rejection{r.Code, r.Field}
	}
	return rt, nil
}

func (x *Explanation) origin(e *SheetEntry) schemas.Origin {
	s := &x.Submission
	return schemas.Origin{Submission: s.ID, Agency: s.Agency, File: s.Name, SHA256: s.SHA256, Sheet: e.Name, SheetNo: e.No}
}

// rowsAgain reads the rows that are to be explained from the inbox, in one pass.
func (h *Home) rowsAgain(ctx context.Context, s *Submission, e *SheetEntry, as []asked) (map[int][]string, error) {
	f, err := h.openInbox(ctx, s, extract.Options{Name: s.Name})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out, last := map[int][]string{}, 0
	wanted := map[int]bool{}
	for _, a := range as {
		wanted[a.x.Row] = a.x.Row > e.HeaderRow
		last = max(last, a.x.Row)
	}
	for _, sh := range f.Sheets() {
		if sh.No != e.No {
			continue
		}
		for r, err := range sh.Rows(ctx) {
			if err != nil {
				return nil, err
			}
			if wanted[r.Num] {
				out[r.Num] = cloneText(r.Cells)
			}
			if r.Num >= last {
				break
			}
		}
	}
	return out, nil
}

// oneRow is a raw batch of one row. The caller releases it.
func oneRow(o schemas.Origin, header []transform.Header, row int, cells []string) *schemas.Batch {
	names, cols, plain := make([]string, len(header)), make([]int, len(header)), make([]bool, len(header))
	for i, h := range header {
		names[i], cols[i], plain[i] = h.Name, h.Col, true
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.RawSchema(names, cols, plain))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(int64(row))
	b.Field(1).AppendNull()
	for i, h := range header {
		s := b.Field(i + 2).(*array.StringBuilder)
		if h.Col <= len(cells) && mappings.Word(cells[h.Col-1]) != "" {
			s.Append(cells[h.Col-1])
		} else {
			s.AppendNull()
		}
	}
	var rec arrow.RecordBatch = b.NewRecordBatch()
	return &schemas.Batch{Origin: o, Record: rec}
}

// fill says what was asked of the row that t explains, and how the current snapshot has it.
func (p *published) fill(ctx context.Context, a asked, t *transform.RowTrace) error {
	x := a.x
	target := x.Table
	x.Fields = t.Fields
	if !p.s.Table(target).Origin {
		return nil
	}
	sub := x.Submission.ID
	where := map[string]string{schemas.SheetColumn: strconv.Itoa(x.sheetNo), schemas.RowColumn: strconv.Itoa(x.Row)}
	if x.Col > 0 {
		where[schemas.ColColumn] = strconv.Itoa(x.Col)
		if key := p.s.Table(target).Fields[0]; key.Key && key.Type == schemas.Text { // a cell may make several rows
			where[key.Name] = x.ID
		}
	}
	row, err := p.row(ctx, target, sub, where)
	if err != nil {
		return err
	}
	if len(x.Also) > 0 {
		row = nil // the rows are those that are listed
	}
	x.Published = row
	if target == recordTable && row != nil {
		x.also(a, t)
	}
	switch a.table {
	case "", target:
	case assessmentTable:
		return p.assessment(ctx, a, t)
	default:
		i := slices.IndexFunc(t.Children, func(c transform.ChildTrace) bool { return c.Table == a.table && c.Ordinal == a.ordinal })
		if i < 0 {
			return fmt.Errorf("row %d has no row %d in table %q: %w", x.Row, a.ordinal, a.table, ErrNotFound)
		}
		x.Table, x.Fields = a.table, t.Children[i].Fields
		where["ordinal"] = strconv.Itoa(a.ordinal)
		if x.Published, err = p.row(ctx, a.table, sub, where); err != nil {
			return err
		}
	}
	x.asPublished(p.s.Table(x.Table))
	return nil
}

// inner leaves of t what it says of the row of the target that the column x.Col gave; without a
// column it lists those rows.
func (x *Explanation) inner(t *transform.RowTrace) error {
	again := map[int]int{} // rows so far, by the column of the cell that makes them
	for i := range t.Children {
		c := &t.Children[i]
		again[c.Col]++
		switch n := again[c.Col]; {
		case x.Col == 0 && n > 1:
			x.Also = append(x.Also, Also{fmt.Sprintf("%s.%d.%d", x.ID, c.Col, n), c.Table, codeOf(c)})
		case x.Col == 0:
			x.Also = append(x.Also, Also{x.ID + "." + strconv.Itoa(c.Col), c.Table, codeOf(c)})
		case x.Col == c.Col && n == max(x.nth, 1):
			t.Fields = c.Fields
			return nil
		}
	}
	if x.Col > 0 && x.Rejected == nil {
		return fmt.Errorf("cell %s of submission %s: %w", diag.Cell(x.Row, x.Col), x.Submission.ID, ErrNotFound)
	}
	return nil
}

// asPublished puts in place of ids and numbers that are made anew at publication those that the
// snapshot has: the lake's ids are of no use to who reads it.
func (x *Explanation) asPublished(t *schemas.Table) {
	x.compare = comparable(t)
	for i := range x.Fields {
		f := t.Field(x.Fields[i].Field)
		if f == nil || !f.Keyed && !numbered(f) {
			continue
		}
		delete(x.Fields[i].Values, f.Name)
		if v, ok := x.Published[f.Name]; ok && x.Fields[i].Values != nil {
			x.Fields[i].Values[f.Name] = v
		}
	}
}

// numbered reports whether the field is filled in over all submissions, at publication.
func numbered(f *schemas.Field) bool {
	return slices.Contains([]string{"record_version", "is_current", "absent_since", "absent_reason_code"}, f.Name)
}

// also lists what else can be asked about the record.
func (x *Explanation) also(a asked, t *transform.RowTrace) {
	base := x.Published["record_id"]
	if x.Published["is_current"] != "true" {
		base += "@" + x.Published["record_version"]
	}
	x.Also = append(x.Also, Also{base, recordTable, "the record"})
	for _, c := range t.Children {
		x.Also = append(x.Also, Also{base + "/" + c.Table + "/" + strconv.Itoa(c.Ordinal), c.Table, codeOf(&c)})
	}
	for _, d := range assess.Builtin().Definitions {
		x.Also = append(x.Also, Also{base + "/" + assessmentTable + "/" + d.Code, assessmentTable, d.Title})
	}
}

// codeOf is the codes that tell one row of a table from another at a glance.
func codeOf(c *transform.ChildTrace) string {
	var out []string
	for _, f := range c.Fields {
		if v := f.Values[f.Field]; strings.HasSuffix(f.Field, "_code") && v != "" && f.Field != "stage_code" && len(out) < 2 {
			out = append(out, v)
		}
	}
	return strings.Join(out, ", ")
}

// comparable is the columns of a table that are published as the cells give them: not those that
// are numbered or keyed at publication, nor those that are coarsened.
func comparable(t *schemas.Table) map[string]bool {
	out := map[string]bool{}
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Keyed || numbered(f) || !f.ShowsWords(schemas.ZoneAnalyst) {
			continue
		}
		for _, c := range f.Columns() {
			out[c.Name] = true
		}
	}
	return out
}

// hide takes out of the explanation what only those may see who may see the case itself: of a
// field that names or endangers a person neither the value nor the cell's text stays, and of any
// other no word that the mapping does not list. The names of the file and of its sheet go too,
// unless the file is of published statistics or the mapping lists the sheet.
func (x *Explanation) hide(s *schemas.Schema) {
	t := s.Table(x.Table)
	x.Hidden += hideTraces(t, x.Fields)
	if r := x.Reading; r != nil {
		x.Hidden += hideTraces(s.Table(recordTable), r.Ages)
		r.hide()
	}
	if t.Group == schemas.GroupStatistics || x.Submission.ID == "" {
		return
	}
	x.Submission.Name = x.Submission.ID + strings.ToLower(filepath.Ext(x.Submission.Name))
	if x.Sheet != "" && !x.listed {
		x.Sheet = "sheet " + strconv.Itoa(x.sheetNo)
	}
}

// hideTraces hides what is to be hidden of the fields of a table, and says of how many all of it.
func hideTraces(t *schemas.Table, fields []transform.Trace) (hidden int) {
	for i := range fields {
		tr := &fields[i]
		f := t.Field(tr.Field)
		all := f != nil && !schemas.ZoneSteward.Allows(f.Class)
		if all {
			hidden++
			tr.Values = nil
		}
		for k := range tr.Cells {
			tr.Cells[k].Hide(all)
		}
	}
	return hidden
}

// audit notes that somebody was shown personal data: when, who, and of which submission. It never
// holds what was shown.
func (h *Home) audit(command string, xs []*Explanation) error {
	for _, x := range xs {
		if err := h.note(time.Now(), command, map[string]any{"submission": x.Submission.ID, "sheet": x.sheetNo, "row": x.Row}); err != nil {
			return err
		}
	}
	return nil
}

// Differs is the columns in which the published row is not what the cells give now, sorted. It
// is empty unless a mapping's rule or the inbox was changed by hand.
func (x *Explanation) Differs() []string {
	now := map[string]string{}
	for _, f := range x.Fields {
		maps.Copy(now, f.Values)
	}
	var out []string
	for _, c := range sortedKeys(x.Published) {
		if v, ok := now[c]; ok && v != x.Published[c] && x.compare[c] {
			out = append(out, c)
		}
	}
	return append(out, x.differs...)
}
