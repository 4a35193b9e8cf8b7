package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
}

// Rejection is why a row was not loaded.
type Rejection struct {
	Code  diag.Code `json:"code"`
	Field string    `json:"field,omitempty"`
}

// ErrNotFound says that an id names nothing that palermo has.
var ErrNotFound = errors.New("not found")

// Explain leads from a published row back to its cells: id is "<submission>.<sheet>.<row>", as
// statistic_id. The cells are read again from the inbox, by the mapping that the row was made
// with. Differs lists columns in which the published row is not what comes out now.
func (h *Home) Explain(ctx context.Context, id string) (*Explanation, error) {
	place, err := parsePlace(id)
	if err != nil {
		return nil, err
	}
	ledger, err := h.ReadLedger()
	if err != nil {
		return nil, err
	}
	sub := ledger.find(place.submission)
	if sub == nil {
		return nil, fmt.Errorf("submission %s: %w", place.submission, ErrNotFound)
	}
	e, err := h.keptEntry(sub)
	if err != nil {
		return nil, err
	}
	sheet := e.sheet(place.sheet)
	if sheet == nil || sheet.Source == "" {
		return nil, fmt.Errorf("sheet %d of submission %s was not loaded: %w", place.sheet, sub.ID, ErrNotFound)
	}
	x := &Explanation{ID: id, Table: sheet.Target, Submission: *sub, Sheet: sheet.Name, Source: sheet.Source,
		Vintage: sheet.Vintage, Mapping: sheet.Mapping, Row: place.row}
	if err := h.trace(ctx, x, sheet, place); err != nil {
		return nil, err
	}
	return x, h.published(ctx, x)
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

// keptMapping is the mapping that a sheet was made with.
func (h *Home) keptMapping(e *SheetEntry) (*mappings.Mapping, error) {
	m, ds, err := mappings.Decode(os.DirFS(h.path(stateDir, "mappings", e.Mapping)), e.Source)
	if err != nil {
		return nil, fmt.Errorf("read the mapping that the row was made with: %w", err)
	}
	if len(ds) > 0 {
		return nil, &ConfigError{ds}
	}
	return m, nil
}

// trace reads the row again and follows each field.
func (h *Home) trace(ctx context.Context, x *Explanation, e *SheetEntry, p place) error {
	m, err := h.keptMapping(e)
	if err != nil {
		return err
	}
	plan, ds := transform.Compile(m, e.Table, h.Schema)
	if len(ds) > 0 {
		return &ConfigError{ds}
	}
	cells, err := h.rowAgain(ctx, &x.Submission, e, p.row)
	if err != nil {
		return err
	}
	raw := oneRow(h.origin(x, e), e.Header, p.row, cells)
	defer raw.Release()
	t, err := plan.Open(raw.Origin, e.Header, e.HeaderRow, e.above, memory.DefaultAllocator, &diag.List{})
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
	if res.Batch != nil {
		res.Batch.Release()
	}
	for _, r := range res.Rejected {
		x.Rejected = &Rejection{r.Code, r.Field}
	}
	return nil
}

func (h *Home) origin(x *Explanation, e *SheetEntry) schemas.Origin {
	return schemas.Origin{Submission: x.Submission.ID, Agency: x.Submission.Agency, File: x.Submission.Name,
		SHA256: x.Submission.SHA256, Sheet: e.Name, SheetNo: e.No}
}

// rowAgain reads the cells of one row from the inbox.
func (h *Home) rowAgain(ctx context.Context, s *Submission, e *SheetEntry, row int) ([]string, error) {
	f, err := extract.Open(h.path(inboxDir, s.SHA256), extract.Options{Name: s.Name})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, sh := range f.Sheets() {
		if sh.No != e.No {
			continue
		}
		cells, err := extract.Cells(ctx, sh, row)
		if errors.Is(err, extract.ErrNoRow) {
			return nil, fmt.Errorf("row %d of submission %s: %w", row, s.ID, ErrNotFound)
		}
		return cells, err
	}
	return nil, fmt.Errorf("sheet %d of submission %s: %w", e.No, s.ID, ErrNotFound)
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
	x.Published, err = load.Lookup(ctx, file, t.Fields[0].Name, x.ID)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the snapshot has no row of this submission
	}
	return err
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
		if v, ok := now[c]; ok && v != x.Published[c] && !strings.HasPrefix(c, "_") {
			out = append(out, c)
		}
	}
	return out
}
