package pipeline

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// Inspection is what would become of a file, found without a home and without keeping anything.
type Inspection struct {
	File   string            `json:"file"`
	Format string            `json:"format"`
	Status string            `json:"status"`
	Sheets []SheetInspection `json:"sheets"`
	Found  []Found           `json:"found,omitempty"`
}

// SheetInspection is one sheet: where its header is and why, which mapping was chosen and which
// would have been next, and how much of it the mapping covers.
type SheetInspection struct {
	No        int        `json:"no"`
	Name      string     `json:"name,omitempty"`
	Hidden    bool       `json:"hidden,omitempty"`
	HeaderRow int        `json:"header_row,omitempty"`
	Chosen    *Match     `json:"chosen,omitempty"`
	RunnerUp  *Match     `json:"runner_up,omitempty"`
	Rows      Balance    `json:"rows"`
	Columns   []Coverage `json:"columns,omitempty"`
	Words     []Words    `json:"words,omitempty"`

	Profile *TableProfile `json:"profile,omitempty"` // as it looks without a mapping; absent where no header was found
}

// Match is one table entry of a mapping held against a sheet.
type Match struct {
	Source    string   `json:"source"`
	Vintage   string   `json:"vintage"`
	Matches   bool     `json:"matches"`
	HeaderRow int      `json:"header_row"`
	Found     int      `json:"headers_found"` // of the headers that it is recognised by
	Missing   []string `json:"headers_missing,omitempty"`
	Barred    []string `json:"headers_barred,omitempty"` // that must not be there
	Named     int      `json:"columns_named"`
	Columns   int      `json:"columns"`
}

// Coverage is one column of the table and what the mapping does with it: mapped, ignored, or
// extra where the mapping does not know it.
type Coverage struct {
	Column string   `json:"column"`
	Col    int      `json:"col"`
	State  string   `json:"state"`
	Fields []string `json:"fields,omitempty"`
}

// Words is how many words of a coded column have a code.
type Words struct {
	Column   string   `json:"column"`
	Field    string   `json:"field"`
	Distinct int      `json:"distinct"`
	Mapped   int      `json:"mapped"` // distinct words with a code, or listed as a kind of empty
	Rows     int      `json:"rows"`
	Covered  int      `json:"rows_mapped"`
	Unmapped []string `json:"unmapped,omitempty"` // first few, as length and script
}

// unmappedShown is how many words without a code an inspection names.
const unmappedShown = 5

// Inspector looks at files with a schema and mappings, which do not change meanwhile.
type Inspector struct {
	schema *schemas.Schema
	set    *mappings.Set
	words  *assist.Lexicon

	open opener                                  // of the files
	seal func(io.Writer) (io.WriteCloser, error) // closes what is made on the way; nil leaves it open
}

// NewInspector is for several files; Inspect is for one.
func NewInspector(s *schemas.Schema, set *mappings.Set) (*Inspector, error) {
	l, err := assist.NewLexicon(s, set)
	return &Inspector{schema: s, set: set, words: l, open: openAsIs}, err
}

// Inspect reads the file as a run would, and says what would become of it.
func Inspect(ctx context.Context, path string, s *schemas.Schema, set *mappings.Set) (*Inspection, error) {
	i, err := NewInspector(s, set)
	if err != nil {
		return nil, err
	}
	return i.Inspect(ctx, path)
}

// Inspect reads the file as a run would, and says what would become of it.
func (i *Inspector) Inspect(ctx context.Context, path string) (*Inspection, error) {
	s, set := i.schema, i.set
	tmp, err := os.MkdirTemp("", "palermo-inspect-")
	if err != nil {
		return nil, environment(err)
	}
	defer os.RemoveAll(tmp)
	name := filepath.Base(path)
	key := make([]byte, 32) // of ids that nobody sees
	if _, err := rand.Read(key); err != nil {
		return nil, environment(err)
	}
	at := func(folder string) func(string) string {
		return func(table string) string { return filepath.Join(tmp, folder, table+".parquet") }
	}
	h := &Harmoniser{Schema: s, Mappings: set, TmpDir: tmp, Quarantine: filepath.Join(tmp, "quarantine"), IDs: IDs(key), File: at("lake"), Vault: at("vault"), Open: i.open, Seal: i.seal}
	e, err := h.Harmonise(ctx, path, &Submission{ID: "inspect", Name: name})
	if err != nil {
		return nil, environment(err)
	}
	in := &Inspection{File: name, Format: e.Format, Status: e.Status, Found: e.Found}
	if e.Status == StatusRefused && len(e.Sheets) == 0 {
		return in, nil
	}
	f, err := openApartBy(ctx, i.open, path, extract.Options{Name: name, TmpDir: tmp}, extract.Limits{})
	if err != nil {
		return nil, environment(err)
	}
	defer f.Close()
	for _, sh := range f.Sheets() {
		si, err := inspectSheet(ctx, sh, e.sheet(sh.No), e.sheet(sh.No).readBy(s, set), s, i.words)
		if err != nil {
			return nil, err
		}
		in.Sheets = append(in.Sheets, si)
	}
	return in, nil
}

func inspectSheet(ctx context.Context, sh extract.Sheet, e *SheetEntry, set *mappings.Set, s *schemas.Schema, l *assist.Lexicon) (SheetInspection, error) {
	si := SheetInspection{No: sh.No, Name: sh.Name, Hidden: sh.Hidden}
	if e == nil {
		return si, errors.New("inspect: the file changed while it was read")
	}
	si.Rows, si.HeaderRow = e.Balance, e.HeaderRow
	preview, err := extract.Preview(ctx, sh, mappings.PreviewRows)
	if err != nil {
		return si, err
	}
	best := set.Recognise(sh.Title(), previewRows(preview))
	if len(best) > 0 {
		si.Chosen = match(&best[0])
		if len(best) > 1 {
			si.RunnerUp = match(&best[1])
		}
		if best[0].Matches() {
			si.Columns = coverage(best[0].Entry(), e.Header)
			si.Words = words(e.Values)
		}
	}
	var known *mappings.Candidate
	if len(best) > 0 && best[0].Matches() {
		known = &best[0]
	}
	si.Profile, err = tableProfile(ctx, sh, l, s, set, known, previewRows(preview))
	return si, err
}

func match(c *mappings.Candidate) *Match {
	return &Match{Source: c.Mapping.Source.ID, Vintage: c.Entry().Vintage, Matches: c.Matches(), HeaderRow: c.HeaderRow,
		Found: len(c.Found), Missing: c.Missing, Barred: c.Barred, Named: c.Named, Columns: c.Columns}
}

func coverage(t *mappings.Table, header []transform.Header) []Coverage {
	var out []Coverage
	for _, h := range header {
		c := Coverage{Column: h.Name, Col: h.Col, State: "extra"}
		for _, col := range t.Columns {
			if col.From == h.Name && !slices.Contains(c.Fields, col.To) {
				c.Fields = append(c.Fields, col.To)
			}
		}
		for _, s := range t.Several {
			if slices.Contains(s.From, h.Name) {
				c.Fields = append(c.Fields, s.To)
			}
		}
		for k := range t.Joined {
			if j := &t.Joined[k]; slices.Contains(j.Columns(), h.Name) {
				c.Fields = append(c.Fields, j.To)
			}
		}
		for k := range t.Children {
			if ch := &t.Children[k]; ch.Names(h.Name) && !slices.Contains(c.Fields, ch.To) {
				c.Fields = append(c.Fields, ch.To)
			}
		}
		if transform.HoldsValues(t, h) {
			for _, col := range t.Columns {
				if slices.Contains(t.Unpivot.Made(), col.From) && !slices.Contains(c.Fields, col.To) {
					c.Fields = append(c.Fields, col.To)
				}
			}
		}
		switch {
		case len(c.Fields) > 0, t.Unpivot != nil && t.Unpivot.MayHold(h.Name):
			c.State = "mapped"
		case t.Names(h.Name):
			c.State = "ignored"
		default:
			c.Column = transform.Shape(h.Name)
		}
		out = append(out, c)
	}
	return out
}

// words sums up the value map, column by column.
func words(uses []transform.Use) []Words {
	var out []Words
	for i := range uses {
		u := &uses[i]
		if n := len(out); n == 0 || out[n-1].Column != u.Column || out[n-1].Field != u.Field {
			out = append(out, Words{Column: u.Column, Field: u.Field})
		}
		w := &out[len(out)-1]
		w.Distinct++
		w.Rows += u.Rows
		if u.Status != "unmapped" {
			w.Mapped++
			w.Covered += u.Rows
			continue
		}
		if len(w.Unmapped) < unmappedShown {
			w.Unmapped = append(w.Unmapped, transform.Shape(u.Word))
		}
	}
	return out
}
