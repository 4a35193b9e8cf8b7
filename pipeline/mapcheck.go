package pipeline

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"palermo/assist"
	"palermo/diag"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// MapCheck is how the value maps fit the files that were looked at.
type MapCheck struct {
	Files    int            `json:"files"`
	Unmapped []UnmappedWord `json:"unmapped"` // by source, column, and rows
	Unused   []UnusedEntry  `json:"unused"`   // of the codes files that read something
	Open     []diag.Pos     `json:"open"`     // lines that still hold a question
}

// UnmappedWord is a word that has no code. Unless stewards ask for words, it is its length and script.
type UnmappedWord struct {
	Source  string                `json:"source"`
	Column  string                `json:"column"`
	Field   string                `json:"field"`
	List    string                `json:"list"`
	Word    string                `json:"word"`
	Listed  bool                  `json:"listed,omitempty"` // as *unmapped, with the reason in its note
	Note    string                `json:"note,omitempty"`
	Rows    int                   `json:"rows"`
	First   diag.Pos              `json:"first"` // the first cell that holds it
	Codes   string                `json:"codes,omitempty"`
	Suggest []assist.CodeProposal `json:"suggest"`
}

// UnusedEntry is a line of a codes file whose word stands in no file.
type UnusedEntry struct {
	Source string   `json:"source"`
	Codes  string   `json:"codes"`
	Word   string   `json:"word"`
	Pos    diag.Pos `json:"pos"`
}

// MapChecker collects what files use of the mappings.
type MapChecker struct {
	schema *schemas.Schema
	set    *mappings.Set
	lex    *assist.Lexicon
	words  bool            // words are shown as they are: for stewards
	source string          // only this one; all where it is empty
	used   map[string]bool // source, codes file and word
	read   map[string]bool // source and codes file
	found  map[string]*UnmappedWord
	order  []string
	files  int
}

// NewMapChecker is for the mappings of the set; for one source where it is named. Where words is set, words that no
// mapping lists are shown as they are: they may only go to who may see the files.
func NewMapChecker(s *schemas.Schema, set *mappings.Set, source string, words bool) (*MapChecker, error) {
	l, err := assist.NewLexicon(s, set)
	if err != nil {
		return nil, err
	}
	return &MapChecker{schema: s, set: set, lex: l, words: words, source: source, used: map[string]bool{}, read: map[string]bool{}, found: map[string]*UnmappedWord{}}, nil
}

// File takes a file into account.
func (c *MapChecker) File(ctx context.Context, path string) error {
	tmp, err := os.MkdirTemp("", "palermo-map-")
	if err != nil {
		return environment(err)
	}
	defer os.RemoveAll(tmp)
	key := make([]byte, 32) // of ids that nobody sees
	if _, err := rand.Read(key); err != nil {
		return environment(err)
	}
	at := func(folder string) func(string) string {
		return func(table string) string { return filepath.Join(tmp, folder, table+".parquet") }
	}
	h := &Harmoniser{Schema: c.schema, Mappings: c.set, TmpDir: tmp, Quarantine: filepath.Join(tmp, "quarantine"), IDs: IDs(key), File: at("lake"), Vault: at("vault")}
	e, err := h.Harmonise(ctx, path, &Submission{ID: "check", Name: filepath.Base(path)})
	if err != nil {
		return environment(err)
	}
	c.entry(e, filepath.Base(path))
	return nil
}

// Home takes every file into account that the home has received and harmonised.
func (c *MapChecker) Home(h *Home) error {
	l, err := h.ReadLedger()
	if err != nil {
		return err
	}
	for i := range l.Submissions {
		e, err := h.keptEntry(&l.Submissions[i])
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		c.entry(e, l.Submissions[i].ID)
	}
	return nil
}

func (c *MapChecker) entry(e *Entry, file string) {
	c.files++
	for i := range e.Sheets {
		sh := &e.Sheets[i]
		m := c.set.Source(sh.Source)
		if m == nil || c.source != "" && c.source != m.Source.ID || sh.Table >= len(m.Tables) {
			continue
		}
		decided := assist.Decided(&m.Tables[sh.Table])
		for _, d := range decided {
			if d.Codes != "" {
				c.read[m.Source.ID+"/"+d.Codes] = true
			}
		}
		for k := range sh.Values {
			c.use(m, decided, &sh.Values[k], diag.Pos{File: file, Sheet: sh.Name, Row: sh.Values[k].FirstRow, Col: sh.Values[k].ColNo})
		}
	}
}

func (c *MapChecker) use(m *mappings.Mapping, decided []assist.Decision, u *transform.Use, at diag.Pos) {
	for _, d := range decided {
		if d.Codes != "" && reads(&d, u) {
			c.used[m.Source.ID+"/"+d.Codes+"/"+u.Word] = true
		}
	}
	if _, file, ok := strings.Cut(u.Rule, "codes:"); ok {
		c.used[m.Source.ID+"/"+file+"/"+u.Word] = true
	}
	if u.Status != "unmapped" {
		return
	}
	key := strings.Join([]string{m.Source.ID, u.Column, u.Field, u.Word}, "\x00")
	w := c.found[key]
	if w == nil {
		w = c.unmapped(m, decided, u, at)
		c.found[key] = w
		c.order = append(c.order, key)
	}
	w.Rows += u.Rows
}

// reads reports whether the decision is about the field of the use, which names the table of a child's.
func reads(d *assist.Decision, u *transform.Use) bool {
	return u.Field == d.What.Field || u.Field == d.What.Table+"."+d.What.Field
}

func (c *MapChecker) unmapped(m *mappings.Mapping, decided []assist.Decision, u *transform.Use, at diag.Pos) *UnmappedWord {
	w := &UnmappedWord{Source: m.Source.ID, Column: u.Column, Field: u.Field, Word: u.Word, Listed: u.Listed, First: at, Suggest: []assist.CodeProposal{}}
	for _, d := range decided {
		if !reads(&d, u) || d.Column != u.Column && w.Codes != "" {
			continue
		}
		if d.Codes != "" {
			w.Codes = d.Codes
		}
		if f := c.schema.Table(d.What.Table).Field(d.What.Field); f != nil && f.Codes != "" {
			w.List = f.Codes
		}
	}
	if values := m.Codes(w.Codes); values != nil {
		if e := values.Lookup(u.Word); e != nil {
			w.Note = e.Note
		}
	}
	if w.List != "" {
		w.Suggest = append(w.Suggest, c.lex.Codes(w.List, u.Word)...)
	}
	if !c.words && !u.Listed {
		w.Word = transform.Shape(u.Word)
	}
	return w
}

// Result is what was found.
func (c *MapChecker) Result() *MapCheck {
	out := &MapCheck{Files: c.files, Unmapped: []UnmappedWord{}, Unused: []UnusedEntry{}, Open: []diag.Pos{}}
	for _, key := range c.order {
		out.Unmapped = append(out.Unmapped, *c.found[key])
	}
	slices.SortStableFunc(out.Unmapped, func(a, b UnmappedWord) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Field, b.Field), cmp.Compare(b.Rows, a.Rows))
	})
	for _, m := range c.set.Mappings {
		if c.source != "" && c.source != m.Source.ID {
			continue
		}
		for _, name := range m.CodesFiles() {
			c.entriesOf(m, name, out)
		}
	}
	return out
}

// entriesOf finds the lines of one codes file that no file uses, and those that are questions.
func (c *MapChecker) entriesOf(m *mappings.Mapping, name string, out *MapCheck) {
	values := m.Codes(name)
	for i := range values.Entries {
		e := &values.Entries[i]
		if e.Code == assist.Open {
			out.Open = append(out.Open, values.Pos(e))
		}
		if e.Word != "" && c.read[m.Source.ID+"/"+name] && !c.used[m.Source.ID+"/"+name+"/"+e.Word] {
			out.Unused = append(out.Unused, UnusedEntry{m.Source.ID, name, e.Word, values.Pos(e)})
		}
	}
}
