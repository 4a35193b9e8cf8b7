package template

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Type is what a cell of a column may hold.
type Type string

// The types.
const (
	Text   Type = "text"
	Day    Type = "day"
	Whole  Type = "whole"  // a whole number
	Number Type = "number" // any number
	Choice Type = "choice" // one of Words
)

// Form is an empty workbook as data.
type Form struct {
	Source   string // the source's id
	Title    string
	Version  string // of the form: the mapping's vintage, or what says that it changed
	Language string // one that there is a catalogue of; else English
	Contact  string
	Sheets   []Sheet
}

// Sheet is one table to fill in.
type Sheet struct {
	Name      string
	HeaderRow int // 0: the fourth, so that an example has room above it
	Columns   []Column
}

// Column is one column of a table. Texts are those that the agency sees, in its language as far as there are any.
type Column struct {
	Header   string
	Help     string // what belongs into it
	Type     Type
	Words    []string  // of a choice, in the order in which they are offered
	Min, Max *float64  // of a number; nil: no bound
	From, To time.Time // of a day; zero: from 1900, and to 2100
	Required bool
	Example  string // made up
}

const defaultHeaderRow = 4

func (s *Sheet) headerRow() int {
	if s.HeaderRow == 0 {
		return defaultHeaderRow
	}
	return s.HeaderRow
}

// hasExample reports whether there is room above the header for an example and what it is.
func (s *Sheet) hasExample() bool { return s.headerRow() > 2 }

// check finds what a workbook cannot hold.
func (f *Form) check() error {
	if f.Source == "" || len(f.Sheets) == 0 {
		return fmt.Errorf("a form needs a source and a sheet")
	}
	seen := map[string]bool{}
	for i := range f.Sheets {
		s := &f.Sheets[i]
		key := strings.ToLower(s.Name)
		switch {
		case s.Name == "" || utf8.RuneCountInString(s.Name) > 31 || strings.ContainsAny(s.Name, `[]:*?/\`) || s.Name[0] == '\'' || s.Name[len(s.Name)-1] == '\'':
			return fmt.Errorf("sheet %d has a name that no sheet can have", i+1)
		case seen[key]:
			return fmt.Errorf("sheet %d has the name of another", i+1)
		case len(s.Columns) == 0:
			return fmt.Errorf("sheet %d has no columns", i+1)
		}
		seen[key] = true
		if err := s.check(); err != nil {
			return fmt.Errorf("sheet %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *Sheet) check() error {
	seen := map[string]bool{}
	for i, c := range s.Columns {
		switch {
		case strings.TrimSpace(c.Header) == "" || seen[c.Header]:
			return fmt.Errorf("column %d has no header of its own", i+1)
		case !slices.Contains([]Type{Text, Day, Whole, Number, Choice}, c.Type):
			return fmt.Errorf("column %d has the type %q", i+1, c.Type)
		case c.Type == Choice && len(c.Words) == 0:
			return fmt.Errorf("column %d is a choice of nothing", i+1)
		}
		seen[c.Header] = true
	}
	return nil
}
