package transform

import (
	"strconv"

	"palermo/diag"
)

// Use is one line of the value map: what became of one word of one column, for one field.
type Use struct {
	Column   string // the header, as the mapping names it
	ColNo    int    // in the file, from 1; of the first cell that holds the word, where they stand in several columns
	Field    string
	Word     string
	Listed   bool // the mapping has the word: it may be shown to analysts
	Code     string
	Status   string // the kind of empty, where there is no code
	Rule     string
	Rows     int
	FirstRow int
}

// Finish ends the table: findings about words are added to ds, each at the first cell the word
// stood in and counted for all, and the value map is returned, column by column, each word in
// the order first seen. Parsed words are in it only where they are empty or could not be read.
func (t *Table) Finish(ds *diag.List) []Use {
	for _, b := range t.totals {
		b.report(ds)
	}
	for k := range t.fields {
		for _, s := range t.fields[k].severals {
			s.report(t, ds)
		}
	}
	var out []Use
	said := map[string]bool{} // damage to a word is one finding, however many fields read it
	for _, c := range t.columns {
		for _, o := range append([]*outcome{c.empty}, c.order...) {
			if o.rows == 0 {
				continue
			}
			t.report(c, o, ds, said)
			if o == c.empty && !o.listed || (c.reader.parse != "" || c.leads != nil) && o.has {
				continue
			}
			out = append(out, t.use(c, o))
		}
	}
	return out
}

func (t *Table) report(c *boundColumn, o *outcome, ds *diag.List, said map[string]bool) {
	at := diag.Pos{File: t.origin.File, Sheet: t.origin.Sheet, Row: o.firstRow, Col: o.col}
	if o.col < 0 {
		at.Col = o.firstCol
	}
	for _, code := range []diag.Code{o.finding, o.also} {
		if code == "" {
			continue
		}
		if code == o.also {
			word := strconv.Itoa(o.firstRow) + " " + c.plan.column.From + " " + o.word
			if said[word] {
				continue
			}
			said[word] = true
		}
		d := finding(code, at, c.plan.name(), reason(code))
		d.Value = o.word
		ds.AddAt(d, o.at.all(), o.rows)
	}
}

func (t *Table) use(c *boundColumn, o *outcome) Use {
	u := Use{Column: c.plan.column.From, ColNo: c.col, Field: c.plan.name(), Word: o.word, Listed: o.listed || o.blank,
		Status: o.status, Rule: o.rule, Rows: o.rows, FirstRow: o.firstRow}
	if c.col < 0 { // its words stand in several columns
		u.ColNo = o.firstCol
	}
	if o.has && o.text != "" {
		u.Code = o.text
	} else if o.has && c.reader.list != nil {
		u.Code = c.reader.list.Codes[int(o.value.low)].Code
	}
	if !o.has && o.status == statusNone {
		u.Status = statusUnmapped
	}
	return u
}

// reason is what is said of a word with the finding: never the word itself.
func reason(c diag.Code) string {
	switch c {
	case diag.CodeUnmapped:
		return "no code for this value"
	case diag.ValueMissing:
		return "the cell is blank, and the row cannot do without it"
	case diag.ValueBlank:
		return "the cell is blank; the row is loaded without it"
	case diag.ValueNotCount:
		return "not a whole number of zero or more"
	case diag.ValueNotNumber:
		return "not a number"
	case diag.ValueNotYear:
		return "not a year from 1900 to 2100"
	case diag.ValueNotDate:
		return "not a date in the form that the mapping states"
	case diag.ValueNotPeriod:
		return "not a year or a part of one that the rule reads"
	case diag.ValueNotAge:
		return "not an age or a band of ages"
	case diag.ValueRange:
		return "outside what the field can hold"
	case diag.ValueMojibake:
		return "letters were lost to a wrong encoding"
	case diag.ValueRepaired:
		return "a wrong encoding was undone"
	}
	return diag.Codes[c].Meaning
}

// Release gives up what the table holds of Arrow's memory.
func (t *Table) Release() {
	for _, l := range t.lists {
		l.codes.Release()
	}
	t.lists = nil
	if t.unpivot != nil {
		t.unpivot.release()
	}
	t.same.release()
	if t.assessor != nil {
		t.assessor.builder.Release()
	}
}

// Origin is the table's origin, with the source and vintage that the plan is for.
func (t *Table) Origin() string { return t.origin.Source + " " + t.origin.Vintage }
