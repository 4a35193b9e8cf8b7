package assist

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"strings"

	"palermo/mappings"
	"palermo/schemas"
)

// coding is how the words of a coded column are read: for countries by the property of the list that has most of
// them, and with a codes file for the others; else by a codes file that has them all.
func (w *drafter) coding(c *Column, f *schemas.Field) string {
	words := c.parts()
	if f.Codes != countryList {
		return "codes: " + w.codesFile(f, words)
	}
	by, has := "name", -1
	var left []WordCount
	for _, property := range []string{"name", "citizenship", "code", "alpha2"} {
		n, rest := 0, []WordCount(nil)
		for _, x := range words {
			if _, ok := w.l.schema.Country(property, x.Word); ok {
				n++
			} else {
				rest = append(rest, x)
			}
		}
		if n > has {
			by, has, left = property, n, rest
		}
	}
	if len(left) == 0 {
		w.d.Words += has
		return "by: " + by
	}
	w.d.Words += has
	return "codes: " + w.codesFile(f, left) + ", by: " + by
}

// codesFile adds the words to the codes file for the field's list.
func (w *drafter) codesFile(f *schemas.Field, words []WordCount) string {
	name := w.fileFor(f)
	d := w.codes[name]
	if d == nil {
		d = &codesDraft{seen: map[string]bool{}}
		if w.o.Known != nil {
			d.keep(w.o.Known.Codes(name))
		}
		w.codes[name] = d
	}
	const most = 300 // more are no coded column
	for i, x := range words {
		if d.seen[x.Word] {
			continue
		}
		d.seen[x.Word] = true
		ps := w.l.Codes(f.Codes, x.Word)
		if len(ps) > 0 && ps[0].Score >= certainWord {
			d.add(x.Word, ps[0].Code, fmt.Sprintf("%.2f %s", ps[0].Score, ps[0].Reason))
			w.d.Words++
			continue
		}
		w.d.OpenWords++
		if i >= most {
			continue
		}
		var could []string
		for _, p := range ps {
			could = append(could, fmt.Sprintf("%s (%.2f, %s)", p.Code, p.Score, p.Reason))
		}
		d.add(x.Word, Open, "QUESTION: "+cmp.Or(strings.Join(could, "; "), "nothing is like it; *unmapped with the reason, if no code is certain"))
	}
	return name
}

// fileFor is the codes file for a field: that of the mapping so far, or one named after the field.
func (w *drafter) fileFor(f *schemas.Field) string {
	if w.o.Known != nil {
		for i := range w.o.Known.Tables {
			for _, d := range Decided(&w.o.Known.Tables[i]) {
				if d.What.Field == f.Name && d.Codes != "" {
					return d.Codes
				}
			}
		}
	}
	return strings.TrimSuffix(f.Name, "_code")
}

// codesDraft is a codes file in the making. What was decided before stays as it is.
type codesDraft struct {
	rows [][]string
	seen map[string]bool
}

func (d *codesDraft) keep(l *mappings.ValueList) {
	if l == nil {
		return
	}
	for _, e := range l.Entries {
		d.seen[e.Word] = true
		d.rows = append(d.rows, []string{e.Word, e.Code, e.Note, e.Equivalence, e.ApprovedBy, e.ApprovedOn})
	}
}

func (d *codesDraft) add(word, code, note string) {
	d.rows = append(d.rows, []string{word, code, oneLine(note), "", "", ""})
}

func (d *codesDraft) write() ([]byte, error) {
	var b strings.Builder
	c := csv.NewWriter(&b)
	if err := c.Write(strings.Split(mappings.ApprovedHeader, ",")); err != nil {
		return nil, err
	}
	if err := c.WriteAll(d.rows); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}
