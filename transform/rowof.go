package transform

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
)

// rowIndex is the rows of the file by what stands in one of its columns. It is filled in the first pass.
type rowIndex struct {
	raw  int
	rows map[string]int // 0 where the word stands in two rows
}

// indexFor is the index of the named column, or nil where the table lacks it.
func (t *Table) indexFor(name string) *rowIndex {
	raw := t.raw(name)
	if name == "" || raw < 0 {
		return nil
	}
	if t.indexes[name] == nil {
		if t.indexes == nil {
			t.indexes = map[string]*rowIndex{}
		}
		t.indexes[name] = &rowIndex{raw: raw, rows: map[string]int{}}
	}
	return t.indexes[name]
}

func (x *rowIndex) add(raw *schemas.Batch) {
	for i := range int(raw.Record.NumRows()) {
		w := mappings.Word(text(raw.Record.Column(x.raw), i))
		if _, twice := x.rows[w]; twice {
			x.rows[w] = 0
		} else if w != "" {
			x.rows[strings.Clone(w)] = raw.Row(i)
		}
	}
}

// leads is the id of the row that the word leads to. Where there is none, or where two have the word, it
// leads nowhere.
func (t *Table) leads(x *rowIndex, word string) *outcome {
	o := &outcome{word: word, rule: "row_of", status: statusUnmapped, finding: diag.CodeUnmapped}
	if x == nil || x.rows[word] == 0 {
		return o
	}
	o.text = t.origin.Submission + "." + strconv.Itoa(t.origin.SheetNo) + "." + strconv.Itoa(x.rows[word])
	o.has, o.listed, o.status, o.finding = true, true, "", ""
	return o
}

// indexMark begins what Holding says of an index; no name of a fact has it.
const indexMark = "\x00row_of"

// holdIndexes is the indexes as texts, which assumeIndexes reads back.
func (t *Table) holdIndexes() []string {
	var out []string
	for name, x := range t.indexes {
		for _, w := range slices.Sorted(maps.Keys(x.rows)) {
			out = append(out, strings.Join([]string{indexMark, name, w, strconv.Itoa(x.rows[w])}, "\x00"))
		}
	}
	return out
}

func (t *Table) assumeIndexes(holding []string) {
	for _, h := range holding {
		rest, ok := strings.CutPrefix(h, indexMark+"\x00")
		part := strings.Split(rest, "\x00")
		if !ok || len(part) != 3 || t.indexes[part[0]] == nil {
			continue
		}
		if n, err := strconv.Atoi(part[2]); err == nil {
			t.indexes[part[0]].rows[part[1]] = n
		}
	}
}
