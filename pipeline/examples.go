package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// ExampleResult is one example of a mapping and what is wrong with it.
type ExampleResult struct {
	Source  string   `json:"source"`
	Vintage string   `json:"vintage"`
	No      int      `json:"no"`      // among those of the table, from 1
	Pos     diag.Pos `json:"pos"`     // in the mapping
	Wrong   []string `json:"wrong"`   // nothing where it came out as written
	Problem bool     `json:"problem"` // the mapping cannot be used at all
}

// TestMapping runs every example of the mapping. A row of an example is harmonised as that of a file would be; the columns
// of its table that it does not name are blank.
func TestMapping(m *mappings.Mapping, s *schemas.Schema) ([]ExampleResult, error) {
	out := []ExampleResult{}
	for i := range m.Tables {
		t := &m.Tables[i]
		if len(t.Examples) == 0 {
			continue
		}
		plan, ds := transform.Compile(m, i, s)
		for k := range t.Examples {
			r := ExampleResult{Source: m.Source.ID, Vintage: t.Vintage, No: k + 1, Pos: m.Pos("tables", i, "examples", k), Wrong: []string{}}
			if len(ds) > 0 {
				r.Problem, r.Wrong = true, []string{ds[0].String()}
			} else {
				wrong, err := runExample(plan, &t.Examples[k])
				if err != nil {
					return nil, err
				}
				r.Wrong = append(r.Wrong, wrong...)
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// runExample is what did not come out as the example says.
func runExample(plan *transform.Plan, ex *mappings.Example) ([]string, error) {
	row := map[string]string{}
	for name, cell := range ex.Row {
		row[mappings.Word(name)] = cell
	}
	header := exampleHeader(plan, row)
	ds := &diag.List{}
	origin := schemas.Origin{Submission: "example", File: "example", SheetNo: 1, Source: plan.Mapping().Source.ID, Vintage: plan.Entry().Vintage}
	tab, err := plan.Open(transform.Input{Origin: origin, Header: header, HeaderRow: 1, Above: func(int, int) string { return "" }, IDs: IDs(make([]byte, 32))}, memory.DefaultAllocator, ds)
	if err != nil {
		return nil, err
	}
	defer tab.Release()
	raw := exampleBatch(header, row, origin)
	defer raw.Release()
	var wrong []string
	for rows := range tab.Rows(raw) {
		if plan.NeedsFacts() {
			tab.Facts(rows)
		}
	}
	tab.Rewind()
	for rows := range tab.Rows(raw) {
		res, err := tab.Apply(rows, ds)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, held(plan, ex, &res)...)
		res.Release()
	}
	return wrong, nil
}

// exampleHeader is the columns that the row names, and the others of the table.
func exampleHeader(plan *transform.Plan, row map[string]string) []transform.Header {
	names := slices.Sorted(maps.Keys(row))
	for _, name := range plan.Entry().Named() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out []transform.Header
	for i, name := range names {
		h := transform.Header{Name: name, Col: i + 1}
		for _, part := range mappings.Parts(name) {
			h.Parts = append(h.Parts, mappings.HeaderPart{Text: part, Col: i + 1})
		}
		out = append(out, h)
	}
	return out
}

// exampleBatch is the row as a file would give it.
func exampleBatch(header []transform.Header, row map[string]string, origin schemas.Origin) *schemas.Batch {
	names, cols, plain := make([]string, len(header)), make([]int, len(header)), make([]bool, len(header))
	for i, h := range header {
		names[i], cols[i], plain[i] = h.Name, h.Col, true
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.RawSchema(names, cols, plain))
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(2)
	b.Field(1).AppendNull()
	for i, name := range names {
		f := b.Field(i + 2).(*array.StringBuilder)
		if cell := row[name]; cell == "" {
			f.AppendNull()
		} else {
			f.Append(cell)
		}
	}
	return &schemas.Batch{Origin: origin, Record: b.NewRecordBatch()}
}

// held compares what became of the row with what the example says.
func held(plan *transform.Plan, ex *mappings.Example, res *transform.Result) []string {
	var wrong []string
	switch {
	case ex.Rejected != "":
		if len(res.Rejected) == 0 {
			return []string{"the row is not rejected, and should be for " + ex.Rejected}
		}
		if got := string(res.Rejected[0].Code); got != ex.Rejected {
			return []string{fmt.Sprintf("the row is rejected for %s, not for %s", got, ex.Rejected)}
		}
		return nil
	case ex.Skipped != "":
		if res.Skipped[ex.Skipped] == 0 {
			return []string{"the row is not skipped as " + ex.Skipped}
		}
		return nil
	case len(res.Rejected) > 0:
		r := res.Rejected[0]
		return []string{fmt.Sprintf("the row is rejected: %s [%s]", r.Field, r.Code)}
	case res.Loaded == 0:
		return []string{"the row is skipped"}
	}
	for _, b := range res.Batches {
		if b.Table == plan.Target().Name && len(ex.Gives) > 0 {
			wrong = append(wrong, differences(b, 0, ex.Gives, "")...)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(ex.Children)) {
		wrong = append(wrong, childrenHeld(table, ex.Children[table], res)...)
	}
	return wrong
}

func childrenHeld(table string, want []map[string]string, res *transform.Result) []string {
	var wrong []string
	row := 0
	for _, b := range res.Batches {
		if b.Table != table {
			continue
		}
		for i := range int(b.Record.NumRows()) {
			if row < len(want) {
				wrong = append(wrong, differences(b, i, want[row], fmt.Sprintf("%s %d: ", table, row+1))...)
			}
			row++
		}
	}
	if row != len(want) {
		wrong = append(wrong, fmt.Sprintf("%d rows of %s, want %d", row, table, len(want)))
	}
	return wrong
}

// differences is the columns of row i that are not as wanted.
func differences(b *schemas.Batch, i int, want map[string]string, at string) []string {
	var wrong []string
	for _, column := range slices.Sorted(maps.Keys(want)) {
		got, ok := valueText(b.Record, column, i)
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s%s has no column %q", at, b.Table, column))
		case got != want[column]:
			wrong = append(wrong, fmt.Sprintf("%s%s is %q, want %q", at, column, got, want[column]))
		}
	}
	return wrong
}

// valueText is a value as text; empty for none.
func valueText(rec arrow.RecordBatch, column string, i int) (string, bool) {
	at := rec.Schema().FieldIndices(column)
	if len(at) != 1 {
		return "", false
	}
	col := rec.Column(at[0])
	if col.IsNull(i) {
		return "", true
	}
	if d, ok := col.(*array.Dictionary); ok {
		return d.Dictionary().ValueStr(d.GetValueIndex(i)), true
	}
	return strings.TrimSuffix(col.ValueStr(i), ".0"), true
}
