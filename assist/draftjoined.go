package assist

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"palermo/schemas"
)

// isJoined reports whether the column's codes are joined in a text of the target.
func (w *drafter) isJoined(a *Assigned) bool {
	p := a.Proposals[0]
	return a.Certain && p.Table == w.s.Target && lists[Meaning{p.Table, p.Field, ""}] != ""
}

// joined writes the blocks that join codes in one text: of a column for each code, or of a list in a cell.
func (w *drafter) joined() {
	flags := map[string][]*Assigned{}
	splits := map[string]*Assigned{}
	for i := range w.s.Columns {
		a := &w.s.Columns[i]
		if len(a.Proposals) == 0 || !w.isJoined(a) {
			continue
		}
		if p := a.Proposals[0]; p.Code != "" {
			flags[p.Field] = append(flags[p.Field], a)
		} else if splits[p.Field] == nil {
			splits[p.Field] = a
		}
	}
	if len(flags)+len(splits) == 0 {
		return
	}
	w.line(4, "joined:")
	for _, field := range slices.Sorted(maps.Keys(flags)) {
		w.joinedFlags(field, flags[field])
	}
	for _, field := range slices.Sorted(maps.Keys(splits)) {
		w.joinedSplit(field, splits[field])
	}
}

func (w *drafter) joinedFlags(field string, columns []*Assigned) {
	w.line(6, "- to: %s", field)
	w.line(8, "list: %s", lists[Meaning{w.s.Target, field, ""}])
	said := map[string][]string{}
	var others []string
	w.line(8, "flags:")
	for _, a := range columns {
		w.d.Filled++
		w.line(10, "%s: %s  # %.2f %s", quote(a.Column.Name), a.Proposals[0].Code, a.Proposals[0].Score, oneLine(a.Proposals[0].Reason))
		for _, x := range a.Column.Words {
			q, what := quote(x.Word), flagWord(x.Word)
			switch {
			case what == "" && !slices.Contains(others, q):
				others = append(others, q)
			case what != "" && !slices.Contains(said[what], q):
				said[what] = append(said[what], q)
			}
		}
	}
	for _, of := range []struct{ key, field string }{{"denied", field + "_denied"}, {"status", field + "_status"}} {
		if w.l.schema.Table(w.s.Target).Field(of.field) != nil && (of.key == "status" || len(said["no"]) > 0) {
			w.line(8, "%s: %s", of.key, of.field)
		}
	}
	for _, what := range []string{"yes", "no", "unknown", "not_collected"} {
		if len(said[what]) > 0 {
			w.line(8, "%s: [%s]", what, strings.Join(said[what], ", "))
		}
	}
	if len(others) > 0 {
		w.line(8, "%s", w.ask("columns of %s hold %d more words: what does each say? yes, no, unknown or not_collected", field, len(others)))
	}
	if len(said["no"]) > 0 {
		w.line(8, "%s", w.ask("%s: was it asked in every row? Where a no is written through though nothing is known: asked: any_yes", field))
	}
}

func (w *drafter) joinedSplit(field string, a *Assigned) {
	p, list := a.Proposals[0], lists[Meaning{w.s.Target, field, ""}]
	marks := marksOf(a.Column)
	var words []WordCount
	at := map[string]int{}
	for _, x := range a.Column.Words {
		for _, part := range strings.FieldsFunc(x.Word, func(r rune) bool { return strings.ContainsRune(strings.Join(marks, ""), r) }) {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			if i, ok := at[part]; ok {
				words[i].Rows += x.Rows
				continue
			}
			at[part] = len(words)
			words = append(words, WordCount{part, x.Rows, x.FirstRow})
		}
	}
	codes := w.codesFile(&schemas.Field{Name: field, Codes: list}, words)
	quoted := make([]string, len(marks))
	for i, m := range marks {
		quoted[i] = quote(m)
	}
	w.d.Filled++
	w.line(6, "- {to: %s, list: %s, split: %s, at: [%s], codes: %s}  # %.2f %s", field, list, quote(a.Column.Name), strings.Join(quoted, ", "), codes, p.Score, oneLine(p.Reason))
}

// marksOf is the marks that part words in the column's cells; a semicolon where none does.
func marksOf(c *Column) []string {
	var out []string
	for _, m := range []string{";", ",", "|"} {
		if slices.ContainsFunc(c.Words, func(w WordCount) bool { return strings.Contains(w.Word, m) }) {
			out = append(out, m)
		}
	}
	if out == nil {
		return []string{";"}
	}
	return out
}

// doubt asks which table the rows go to, where that is not certain.
func (w *drafter) doubt() string {
	if w.s.Target == "" {
		return w.ask("which table do its rows go to? Nothing in it is like a field of any")
	}
	could := fmt.Sprintf("%s explains %.2f of it", w.s.Target, w.s.Score)
	if w.s.Next != "" {
		could += ", next " + w.s.Next
	}
	return w.ask("which table do its rows go to? %s, but nothing shows of what kind it is.", could)
}
