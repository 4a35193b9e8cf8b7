package assist

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// children writes the blocks that make rows of other tables from a row of case data.
func (w *drafter) children() {
	var flags, others []*Assigned
	for i := range w.s.Columns {
		a := &w.s.Columns[i]
		switch {
		case !a.Certain || a.Proposals[0].Table == w.s.Target:
		case a.Proposals[0].Code != "":
			flags = append(flags, a)
		default:
			others = append(others, a)
		}
	}
	if len(flags)+len(others) == 0 {
		return
	}
	w.line(4, "children:")
	w.flags(flags)
	for _, a := range others {
		w.child(a)
	}
}

// flags writes one block for the columns of a field that say the same words.
func (w *drafter) flags(columns []*Assigned) {
	groups := map[string][]*Assigned{}
	for _, a := range columns {
		p := a.Proposals[0]
		key := p.Table + " " + p.Field
		if a.Column.Type == Words {
			key += " words"
		}
		groups[key] = append(groups[key], a)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		w.flagGroup(groups[key])
	}
}

func (w *drafter) flagGroup(columns []*Assigned) {
	p := columns[0].Proposals[0]
	w.line(6, "- to: %s", p.Table)
	w.line(8, "flags:")
	said := map[string][]string{}
	var others []WordCount
	for _, a := range columns {
		w.d.Filled++
		w.line(10, "%s: %s  # %.2f %s", quote(a.Column.Name), a.Proposals[0].Code, a.Proposals[0].Score, oneLine(a.Proposals[0].Reason))
		for _, x := range a.Column.Words {
			what := flagWord(x.Word)
			if what == "" {
				others = append(others, x)
			} else if q := quote(x.Word); !slices.Contains(said[what], q) {
				said[what] = append(said[what], q)
			}
		}
	}
	w.line(8, "field: %s", p.Field)
	for _, what := range []string{"yes", "no", "unknown", "not_collected"} {
		if len(said[what]) > 0 {
			w.line(8, "%s: [%s]", what, strings.Join(said[what], ", "))
		}
	}
	if len(others) > 0 {
		t := w.l.schema.Table(p.Table)
		if f := t.Field("answer_code"); f != nil {
			w.line(8, "answers: %s", w.codesFile(f, others))
		}
	}
	w.childConstants(p.Table, map[string]bool{p.Field: true, "answer_code": true}, columns[0].Column)
}

// child writes the block of one column.
func (w *drafter) child(a *Assigned) {
	p := a.Proposals[0]
	f := w.l.schema.Table(p.Table).Field(p.Field)
	how, ok := w.reading(a.Column, f, p.Table)
	if !ok {
		w.line(6, "- {to: %s, columns: [{from: %s, to: %q}]}  %s", p.Table, quote(a.Column.Name), Open, w.ask("column %s is %s, but how is it read? %s", quote(a.Column.Name), p.Meaning, how))
		return
	}
	w.d.Filled++
	if a.Column.Type == List && f.Codes != "" {
		w.line(6, "- to: %s  # %.2f %s", p.Table, p.Score, oneLine(p.Reason))
		w.line(8, "split: %s", quote(a.Column.Name))
		w.line(8, "at: %s", quote(a.Column.Between))
		w.line(8, "field: %s", p.Field)
		for _, part := range strings.Split(how, ", ") {
			w.line(8, "%s", part)
		}
	} else {
		w.line(6, "- to: %s", p.Table)
		w.line(8, "columns: [{from: %s, to: %s, %s}]  # %.2f %s", quote(a.Column.Name), p.Field, how, p.Score, oneLine(p.Reason))
	}
	w.childConstants(p.Table, map[string]bool{p.Field: true}, a.Column)
}

// childConstants fills what a child's row cannot do without: what the header says for certain, else a question.
func (w *drafter) childConstants(table string, filled map[string]bool, c *Column) {
	var out []string
	asked := 0
	for _, f := range w.l.schema.Table(table).Fields {
		if !f.Required && !f.Key || filled[f.Name] || ownFilled[f.Name] {
			continue
		}
		value := Open
		if f.Codes != "" {
			if code := w.headerCode(f.Codes, c.Name); code != "" {
				value = code
			}
		}
		if value == Open {
			asked++
			w.ask("%s.%s of the column %s: what is it?", table, f.Name, quote(c.Name))
		}
		out = append(out, fmt.Sprintf("%s: %q", f.Name, value))
	}
	if len(out) == 0 {
		return
	}
	note := ""
	if asked > 0 {
		note = fmt.Sprintf("  # QUESTION %d", len(w.d.Questions))
	}
	w.line(8, "constants: {%s}%s", strings.Join(out, ", "), note)
}

// headerCode is the code of the list that a word of the header means for certain, and no other does.
func (w *drafter) headerCode(list, header string) string {
	found := ""
	for _, t := range append(phraseOf(header).tokens, header) {
		if code := w.l.Certain(list, t); code != "" && !strings.HasPrefix(code, "*") {
			if found != "" && found != code {
				return ""
			}
			found = code
		}
	}
	return found
}
