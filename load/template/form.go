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
	Name       string
	HeaderRow  int // the last of its header; 0: such that an example has room above it
	HeaderRows int // 0: one
	Columns    []Column
}

// Column is one column of a table. Texts are those that the agency sees, in its language as far as there are any.
type Column struct {
	Header   string
	Above    []string // what stands over it in a header of several rows, from above; "" for a column that has less
	Help     string   // what belongs into it
	Type     Type
	Words    []string  // of a choice, in the order in which they are offered
	Min, Max *float64  // of a number; nil: no bound
	From, To time.Time // of a day; zero: from 1900, and to 2100
	Required bool
	Example  string // made up
}

const (
	exampleRow  = 3 // where there is room
	mostHeaders = 5 // rows of a header
)

func (s *Sheet) headerRows() int { return max(s.HeaderRows, 1) }

// headerRow is the last row of the header.
func (s *Sheet) headerRow() int {
	if s.HeaderRow == 0 {
		return exampleRow + s.headerRows()
	}
	return s.HeaderRow
}

// top is the first row of the header.
func (s *Sheet) top() int { return s.headerRow() - s.headerRows() + 1 }

// hasExample reports whether there is room above the header for an example and what it is.
func (s *Sheet) hasExample() bool { return s.top() > 2 }

// name is the column's header as a whole: two columns of a sheet may have the same last part.
func (c *Column) name() string { return strings.Join(append(slices.Clone(c.Above), c.Header), "\x00") }

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
	if s.HeaderRows > mostHeaders || s.top() < 1 {
		return fmt.Errorf("the header has no room")
	}
	seen := map[string]bool{}
	for i, c := range s.Columns {
		switch {
		case strings.TrimSpace(c.Header) == "" || seen[c.name()]:
			return fmt.Errorf("column %d has no header of its own", i+1)
		case !slices.Contains([]Type{Text, Day, Whole, Number, Choice}, c.Type):
			return fmt.Errorf("column %d has the type %q", i+1, c.Type)
		case len(c.Above) >= s.headerRows() && len(c.Above) > 0:
			return fmt.Errorf("column %d has a header of too many rows", i+1)
		case c.Type == Choice && len(c.Words) == 0:
			return fmt.Errorf("column %d is a choice of nothing", i+1)
		}
		seen[c.name()] = true
	}
	return nil
}
