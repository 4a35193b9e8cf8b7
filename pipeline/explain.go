package pipeline

import (
	"context"
	"encoding/json"
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
	"palermo/load"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// Explanation is the way from one published row back to its cells.
type Explanation struct {
	ID         string            `json:"id"`
	Table      string            `json:"table"`
	Published  map[string]string `json:"published"` // the row as the current snapshot has it; empty where it has not
	Submission Submission        `json:"submission"`
	Sheet      string            `json:"sheet,omitempty"`
	Source     string            `json:"source"`
	Vintage    string            `json:"vintage"`
	Mapping    string            `json:"mapping"` // its digest
	Row        int               `json:"row"`
	Fields     []transform.Trace `json:"fields"`
	Rejected   *Rejection        `json:"rejected,omitempty"` // the row is in quarantine, and why
	Hidden     int               `json:"hidden,omitempty"`   // fields whose values are not shown, since they are of a person

	sheetNo int
	compare map[string]bool // columns that are published as the cells give them
}

// Rejection is why a row was not loaded.
type Rejection struct {
	Code  diag.Code `json:"code"`
	Field string    `json:"field,omitempty"`
}

// ErrNotFound says that an id names nothing that palermo has.
var ErrNotFound = errors.New("not found")

// Explain leads from published rows back to their cells: an id is "<submission>.<sheet>.<row>",
// as in statistic_id. The cells are read again from the inbox, by the mapping that the rows were
// made with; rows of one sheet are read in one pass. The explanations come in the order of ids.
//
// What names or endangers a person is left out: ExplainPersonal has it.
func (h *Home) Explain(ctx context.Context, ids ...string) ([]*Explanation, error) {
	xs, err := h.explain(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, x := range xs {
		x.hide(h.Schema.Table(x.Table))
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

func (h *Home) explain(ctx context.Context, ids []string) ([]*Explanation, error) {
	ledger, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	out := make([]*Explanation, len(ids))
	sheets := map[sheetPlace][]*Explanation{}
	for i, id := range ids {
		p, err := parsePlace(id)
		if err != nil {
			return nil, err
		}
		sub := ledger.find(p.submission)
		if sub == nil {
			return nil, fmt.Errorf("submission %s: %w", p.submission, ErrNotFound)
		}
		out[i] = &Explanation{ID: id, Submission: *sub, Row: p.row, sheetNo: p.sheet}
		at := sheetPlace{sub.ID, p.sheet}
		sheets[at] = append(sheets[at], out[i])
	}
	for at, xs := range sheets {
		if err := h.explainSheet(ctx, ledger.find(at.submission), at.sheet, xs); err != nil {
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
func (h *Home) explainSheet(ctx context.Context, sub *Submission, no int, xs []*Explanation) error {
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
	rows, err := h.rowsAgain(ctx, sub, e, xs)
	if err != nil {
		return err
	}
	for _, x := range xs {
		x.Table, x.Sheet, x.Source, x.Vintage, x.Mapping = e.Target, e.Name, e.Source, e.Vintage, e.Mapping
		cells, ok := rows[x.Row]
		if !ok {
			return fmt.Errorf("row %d of submission %s: %w", x.Row, sub.ID, ErrNotFound)
		}
		if err := x.trace(e, plan, cells, h.key); err != nil {
			return err
		}
		if err := h.published(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// place is where a row stands.
type place struct {
	submission      string
	sheet, row, col int
}

func parsePlace(id string) (place, error) {
	parts := strings.Split(id, ".")
	if len(parts) < 3 || len(parts) > 4 {
		return place{}, fmt.Errorf("an id has the form SUBMISSION.SHEET.ROW, as in column statistic_id: %w", ErrNotFound)
	}
	p := place{submission: parts[0]}
	for i, n := range []*int{&p.sheet, &p.row, &p.col}[:len(parts)-1] {
		v, err := strconv.Atoi(parts[i+1])
		if err != nil || v < 1 {
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
	plan, ds := transform.Compile(m, e.Table, h.Schema)
	if len(ds) > 0 {
		return nil, &ConfigError{ds}
	}
	return plan, nil
}

// trace follows each field of the row whose cells are given.
func (x *Explanation) trace(e *SheetEntry, plan *transform.Plan, cells []string, ids transform.IDs) error {
	raw := oneRow(x.origin(e), e.Header, x.Row, cells)
	defer raw.Release()
	in := transform.Input{Origin: raw.Origin, Header: e.Header, HeaderRow: e.HeaderRow, Above: e.above, IDs: ids}
	t, err := plan.Open(in, memory.DefaultAllocator, &diag.List{})
	if err != nil {
		return err
	}
	defer t.Release()
	t.Assume(e.Facts)
	if x.Fields, err = t.Trace(raw, 0); err != nil {
		return err
	}
	res, err := t.Apply(raw, &diag.List{})
	if err != nil {
		return err
	}
	res.Release()
	for _, r := range res.Rejected {
		x.Rejected = &Rejection{r.Code, r.Field}
	}
	return nil
}

func (x *Explanation) origin(e *SheetEntry) schemas.Origin {
	s := &x.Submission
	return schemas.Origin{Submission: s.ID, Agency: s.Agency, File: s.Name, SHA256: s.SHA256, Sheet: e.Name, SheetNo: e.No}
}

// rowsAgain reads the rows that are to be explained from the inbox, in one pass.
func (h *Home) rowsAgain(ctx context.Context, s *Submission, e *SheetEntry, xs []*Explanation) (map[int][]string, error) {
	f, err := extract.Open(h.path(inboxDir, s.SHA256), extract.Options{Name: s.Name})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out, last := map[int][]string{}, 0
	wanted := map[int]bool{}
	for _, x := range xs {
		wanted[x.Row] = x.Row > e.HeaderRow
		last = max(last, x.Row)
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

// published fills in the row as the current snapshot has it.
func (h *Home) published(ctx context.Context, x *Explanation) error {
	dir, _, err := load.Current(h.Dir)
	if errors.Is(err, load.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	t := h.Schema.Table(x.Table)
	file := filepath.Join(dir, filepath.FromSlash(load.ParquetPath(t, x.Submission.ID)))
	if !t.Origin {
		return nil
	}
	where := map[string]string{schemas.SheetColumn: strconv.Itoa(x.sheetNo), schemas.RowColumn: strconv.Itoa(x.Row)}
	if x.Published, err = load.Lookup(ctx, file, where); errors.Is(err, os.ErrNotExist) {
		return nil // the snapshot has no row of this submission
	}
	x.compare = comparable(t)
	return err
}

// comparable is the columns of a table that are published as the cells give them: not those that
// are numbered or keyed at publication, nor those that are coarsened.
func comparable(t *schemas.Table) map[string]bool {
	out := map[string]bool{}
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Keyed || slices.Contains([]string{"record_version", "is_current", "absent_since", "absent_reason_code"}, f.Name) || !f.ShowsWords(schemas.ZoneAnalyst) {
			continue
		}
		for _, c := range f.Columns() {
			out[c.Name] = true
		}
	}
	return out
}

// hide takes out of the explanation what only those may see who may see the case itself: of a
// field that names or endangers a person neither the value nor the cell's text stays.
func (x *Explanation) hide(t *schemas.Table) {
	for i := range x.Fields {
		tr := &x.Fields[i]
		f := t.Field(tr.Field)
		if f == nil || schemas.ZoneSteward.Allows(f.Class) {
			continue
		}
		x.Hidden++
		tr.Values = nil
		for k := range tr.Cells {
			if tr.Cells[k].Text != "" {
				tr.Cells[k].Text = transform.Shape(tr.Cells[k].Text)
			}
		}
	}
}

// audit notes that somebody was shown personal data: when, who, and of which submission. It never
// holds what was shown.
func (h *Home) audit(command string, xs []*Explanation) error {
	for _, x := range xs {
		line := map[string]any{"time": time.Now().UTC(), "user": os.Getuid(), "command": command, "submission": x.Submission.ID, "sheet": x.sheetNo, "row": x.Row}
		b, err := json.Marshal(line)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(h.path(stateDir, "audit.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return environment(err)
		}
		_, err = f.Write(append(b, '\n'))
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return environment(err)
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
	return out
}
