package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"palermo/assist"
	"palermo/mappings"
	"palermo/transform"
)

// Drift is one difference between a table and what its mapping has, as the table drift shows it: a column by the name
// that the mapping has for it, never by the file's own.
type Drift struct {
	Kind   string `json:"kind"` // a code of the list drift_kind
	Field  string `json:"field,omitempty"`
	Column string `json:"column,omitempty"`
	Col    int    `json:"col,omitempty"` // in the file, from 1
	Words  int    `json:"words,omitempty"`
	Rows   int    `json:"rows,omitempty"`
}

// The kinds of difference that are told apart here, codes of the list drift_kind.
const (
	driftAdded   = "column_added"
	driftMissing = "column_missing"
	driftRenamed = "column_renamed"
	driftMoved   = "column_moved"
	driftWord    = "word_added"
)

// driftMessages says what differs.
var driftMessages = map[string]string{
	driftAdded:   "the mapping names no such column",
	driftMissing: "the table has no such column",
	driftRenamed: "the column most likely has another name",
	driftMoved:   "the column no longer stands where the mapping lists it",
}

// columnsDrift is how the columns of a table differ from the entry that it is read by, or is nearest to. Names are held
// against each other in other words only where some are new and others gone.
func (j *job) columnsDrift(c *mappings.Candidate, rows []mappings.PreviewRow) ([]Drift, error) {
	if c.Unheaded {
		return nil, nil
	}
	t := headTable(c, rows)
	var words *assist.Lexicon
	changes := words.ColumnDrift(t, c.Mapping, c.Table)
	kinds := func(kind string) bool {
		return slices.ContainsFunc(changes, func(ch assist.Change) bool { return ch.Kind == kind })
	}
	if j.Lexicon != nil && kinds(driftAdded) && kinds(driftMissing) {
		var err error
		if words, err = j.Lexicon(); err != nil {
			return nil, err
		}
		changes = words.ColumnDrift(headTable(c, rows), c.Mapping, c.Table)
	}
	out := make([]Drift, 0, len(changes))
	for _, ch := range changes {
		d := Drift{Kind: ch.Kind, Col: ch.Col}
		switch ch.Kind {
		case driftMissing, driftMoved:
			d.Column = ch.Column
		case driftRenamed:
			d.Column = ch.Was
		}
		d.Field = fieldOf(c.Entry(), d.Column)
		out = append(out, d)
	}
	return out, nil
}

// headTable is the first rows of the table, as the assistant looks at one.
func headTable(c *mappings.Candidate, rows []mappings.PreviewRow) *assist.Table {
	h := assist.Header{Row: c.HeaderRow, Rows: max(c.Entry().Header.Rows, 1)}
	p := assist.NewProfiler("", h, c.HeaderCells(rows))
	for _, r := range rows {
		p.Row(r.Num, r.Cells)
	}
	return p.Table()
}

// fieldOf is the one field that the entry fills from the column; empty where there is none, or several.
func fieldOf(t *mappings.Table, column string) string {
	field := ""
	for _, d := range assist.Decided(t) {
		if column == "" || d.Column != column || d.Unsaid {
			continue
		}
		name := d.What.Field
		if d.What.Table != t.Target {
			name = d.What.Table + "." + name
		}
		if field != "" && field != name {
			return ""
		}
		field = name
	}
	return field
}

// wordsDrift is the columns that hold words which have neither a code nor a kind of empty in any field that reads them.
func wordsDrift(values []transform.Use) []Drift {
	type column struct {
		name string
		no   int
	}
	var order []column
	fields := map[column][]string{}
	known, rows := map[column]map[string]bool{}, map[column]map[string]int{}
	for i := range values {
		u := &values[i]
		c := column{u.Column, u.ColNo}
		if fields[c] == nil {
			order = append(order, c)
			known[c], rows[c] = map[string]bool{}, map[string]int{}
		}
		if !slices.Contains(fields[c], u.Field) {
			fields[c] = append(fields[c], u.Field)
		}
		if u.Status != statusUnmapped || u.Listed {
			known[c][u.Word] = true
		}
		rows[c][u.Word] = max(rows[c][u.Word], u.Rows)
	}
	var out []Drift
	for _, c := range order {
		d := Drift{Kind: driftWord, Column: c.name, Col: c.no}
		if len(fields[c]) == 1 {
			d.Field = fields[c][0]
		}
		for _, w := range sortedKeys(rows[c]) {
			if !known[c][w] {
				d.Words++
				d.Rows += rows[c][w]
			}
		}
		if d.Words > 0 {
			out = append(out, d)
		}
	}
	return out
}

// drifts fills the table drift.
func (p *publication) drifts(add func(map[string]any) error) error {
	for _, e := range p.byID() {
		if p.leftOut(e) != "" {
			continue
		}
		for i := range e.Sheets {
			sh := &e.Sheets[i]
			for n := range sh.Drift {
				if d := &sh.Drift[n]; d.Field == "" || p.holdsField(sh.Target, d.Field) {
					if err := add(driftRow(e.Submission, sh, n)); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// holdsField reports whether the zone has the field of the target, or of another table as "table.field".
func (p *publication) holdsField(target, name string) bool {
	table, field, child := strings.Cut(name, ".")
	if !child {
		table, field = target, name
	}
	t := p.Schema.Table(table)
	if t == nil || t.In(p.zone) == nil {
		return target == "" // no mapping read the sheet
	}
	return t.In(p.zone).Field(field) != nil
}

// driftRow is difference n of the sheet as a row of its table.
func driftRow(submission string, e *SheetEntry, n int) map[string]any {
	d := &e.Drift[n]
	message := driftMessages[d.Kind]
	if d.Kind == driftWord {
		message = fmt.Sprintf("%d words have no code", d.Words)
	}
	return map[string]any{
		"submission_id": submission, "sheet": int64(e.No), "ordinal": int64(n + 1), "kind_code": d.Kind, "field": text(d.Field),
		"column_no": optional(d.Col), "column_name": text(d.Column), "words": optional(d.Words), "rows": optional(d.Rows), "message": message,
	}
}
