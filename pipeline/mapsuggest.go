package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"palermo/assist"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
)

// MapOptions is what a suggestion is told.
type MapOptions struct {
	Source string // the id of the source; made of the file's name where it is empty
	Sheet  string // the sheet by its name or number; the one with the most rows where it is empty
}

// MapSuggestion is a mapping as it could be for one sheet of a file.
type MapSuggestion struct {
	File       string             `json:"file"`
	Sheet      string             `json:"sheet,omitempty"`
	Source     string             `json:"source"`
	Known      bool               `json:"known"` // the source has a mapping already: the draft adds a vintage to it
	Target     string             `json:"target"`
	Columns    []ColumnSuggestion `json:"columns"`
	Filled     int                `json:"filled"`
	Questions  []string           `json:"questions"`
	Words      int                `json:"words"`      // that were given a code
	OpenWords  int                `json:"open_words"` // that were not
	Files      map[string]string  `json:"files"`      // by path below the mapping's folder
	HeaderRow  int                `json:"header_row"`
	HeaderRows int                `json:"header_rows"`
}

// ColumnSuggestion is a column and what it could be.
type ColumnSuggestion struct {
	Column  string            `json:"column"`
	Type    assist.Type       `json:"type"`
	Certain bool              `json:"certain"`
	Could   []assist.Proposal `json:"could"`
}

// ErrNoTable is that a file has no sheet with a header.
var ErrNoTable = fmt.Errorf("no table with a header was found")

// SuggestMapping drafts a mapping for a sheet of the file. Nothing leaves the machine, and the same file and mappings
// give the same draft.
func SuggestMapping(ctx context.Context, path string, s *schemas.Schema, set *mappings.Set, o MapOptions) (*MapSuggestion, error) {
	tmp, err := os.MkdirTemp("", "palermo-map-")
	if err != nil {
		return nil, environment(err)
	}
	defer os.RemoveAll(tmp)
	name := filepath.Base(path)
	f, err := openApart(ctx, path, extract.Options{Name: name, TmpDir: tmp}, extract.Limits{})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, title, err := tableOf(ctx, f, o.Sheet)
	if err != nil {
		return nil, err
	}
	l, err := assist.NewLexicon(s, set)
	if err != nil {
		return nil, err
	}
	id := o.Source
	if id == "" {
		id = sourceID(name)
	}
	sug := l.Suggest(t)
	known := set.Source(id)
	d, err := l.Draft(sug, assist.DraftOptions{Source: id, Title: strings.ReplaceAll(id, "_", " "), Vintage: "draft", Known: known})
	if err != nil {
		return nil, err
	}
	out := &MapSuggestion{File: name, Sheet: title, Source: id, Known: known != nil, Target: sug.Target, Filled: d.Filled, Questions: d.Questions,
		Words: d.Words, OpenWords: d.OpenWords, Files: map[string]string{}, HeaderRow: t.HeaderRow, HeaderRows: t.HeaderRows, Columns: []ColumnSuggestion{}}
	if out.Questions == nil {
		out.Questions = []string{}
	}
	for file, b := range d.Files {
		out.Files[file] = string(b)
	}
	for _, a := range sug.Columns {
		c := ColumnSuggestion{Column: a.Column.Name, Type: a.Column.Type, Certain: a.Certain, Could: []assist.Proposal{}}
		for _, p := range a.Proposals[:min(shownProposals, len(a.Proposals))] {
			p.Score = round(p.Score)
			c.Could = append(c.Could, p)
		}
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

// tableOf is the sheet that was asked for, or the one with the most rows below a header.
func tableOf(ctx context.Context, f *extract.File, sheet string) (*assist.Table, string, error) {
	var best *assist.Table
	title := ""
	for _, sh := range f.Sheets() {
		if sheet != "" && sheet != sh.Title() && sheet != fmt.Sprint(sh.No) {
			continue
		}
		t, err := profile(ctx, sh)
		if err != nil {
			return nil, "", err
		}
		if t != nil && (best == nil || t.Rows > best.Rows) {
			best, title = t, sh.Title()
		}
	}
	if best == nil {
		return nil, "", ErrNoTable
	}
	return best, title, nil
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

// sourceID makes an id of a file's name.
func sourceID(name string) string {
	id := strings.Trim(notInID.ReplaceAllString(strings.ToLower(strings.TrimSuffix(name, filepath.Ext(name))), "_"), "_")
	if id == "" || id[0] >= '0' && id[0] <= '9' {
		id = strings.TrimSuffix("source_"+id, "_")
	}
	return id
}
