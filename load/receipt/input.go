package receipt

import (
	"cmp"
	"slices"
	"time"

	"palermo/diag"
)

// State is what has become of a submission.
type State string

// The states of a submission.
const (
	Received       State = "received"
	Accepted       State = "accepted"
	AcceptedInPart State = "accepted_in_part"
	NeedsYou       State = "needs_you"
	Refused        State = "refused"
	Superseded     State = "superseded"
	Withdrawn      State = "withdrawn"
)

// States is every state, in the order in which a submission may come to it.
var States = []State{Received, Accepted, AcceptedInPart, NeedsYou, Refused, Superseded, Withdrawn}

// Step is something that the agency can do next.
type Step string

// The steps. Where an Input names none, they follow from its state and findings.
const (
	StepNothing   Step = "nothing"    // all is done
	StepWait      Step = "wait"       // it is read tonight
	StepCorrect   Step = "correct"    // mend the marked cells in the workbook, put it into the folder
	StepSendAgain Step = "send_again" // send another file
	StepAnswer    Step = "answer"     // somebody must say whether it is meant
	StepAsk       Step = "ask"        // write to the contact
)

// Steps is every step.
var Steps = []Step{StepNothing, StepWait, StepCorrect, StepSendAgain, StepAnswer, StepAsk}

// Input is all that a receipt says, as codes and places. Texts of the agency's file stand in it only
// as names of sheets and columns, and as Words.
type Input struct {
	Number       string // the receipt's number, as PAL-2026-000123
	Agency       string
	Language     string // a language that there is a catalogue of; another one, or none, is English
	Contact      string // whom to ask, as the home's settings say; may be empty
	Name         string // the file as it was sent
	Received     time.Time
	Made         time.Time // when the state was found; zero: not said
	State        State
	Check        bool   // nothing was sent: it says what would become of the file
	SupersededBy string // the number of the receipt that counts instead
	Kind         string // a code of submission_kind; may be empty
	KindBy       string // a code of kind_basis: who says so
	From, To     string // the days that a full replacement replaces
	Sheets       []Sheet
	Findings     []Finding
	Duplicates   []Duplicate
	Next         []Step
}

// Sheet is the account of one table of the file: Read = Loaded + Rejected + all of Skipped.
type Sheet struct {
	Name     string           `json:"name,omitempty"` // empty for a file of text
	Unit     Unit             `json:"unit"`
	Read     int64            `json:"read"`
	Loaded   int64            `json:"accepted"`
	Rejected int64            `json:"not_read"`
	Skipped  map[string]int64 `json:"-"` // by reason, of SkipReasons
}

// Unit is what a Sheet counts.
type Unit string

// The units.
const (
	Rows  Unit = "rows"
	Cells Unit = "cells"
)

// Finding is one thing that was found, in all the places in which it was found.
type Finding struct {
	Code     diag.Code
	Severity diag.Severity
	Sheet    string // as the file names it; empty for a file of text, or where it is about the whole file
	Column   string // the header as it stands in the file; may be empty
	Word     string // the cell's text, only where every cell has the same and it may be shown
	Count    int    // how often; at least len(Cells)
	Cells    []Cell // where, as far as it is kept
}

// Cell is a place in a sheet, counted from 1. Row 0 is the whole sheet, Col 0 the whole row. In a
// file of text the row is the number of the line.
type Cell struct {
	Row int `json:"row"`
	Col int `json:"column,omitempty"`
}

// Name is what a spreadsheet calls the cell.
func (c Cell) Name() string { return diag.Cell(c.Row, max(c.Col, 1)) }

// Duplicate is rows of the same file that may be about one case.
type Duplicate struct {
	Sheet string
	Rows  []int
}

// Add adds a finding at one place to those with the same code, sheet and column; of is how many there are of
// them in all, or 0 where each is added by itself. A Value is taken as a Word, and findings of
// different words are different ones: a caller clears it where the word may not be shown, and where of counts all words.
func (in *Input) Add(d diag.Diagnostic, column string, of int) {
	i := slices.IndexFunc(in.Findings, func(f Finding) bool {
		return f.Code == d.Code && f.Severity == d.Severity && f.Sheet == d.Pos.Sheet && f.Column == column && f.Word == d.Value
	})
	if i < 0 {
		i = len(in.Findings)
		in.Findings = append(in.Findings, Finding{Code: d.Code, Severity: d.Severity, Sheet: d.Pos.Sheet, Column: column, Word: d.Value})
	}
	f := &in.Findings[i]
	if d.Pos.Row > 0 {
		f.Cells = append(f.Cells, Cell{d.Pos.Row, d.Pos.Col})
	}
	if of == 0 {
		of = f.Count + 1
	}
	f.Count = max(f.Count, of)
}

// seen is the findings that an agency is told of, with their cells in the order of the sheet:
// first what is worst, then in the order of sheets, columns and codes.
func (in *Input) seen() []Finding {
	order := map[string]int{}
	for i, s := range in.Sheets {
		order[s.Name] = i
	}
	var out []Finding
	for _, f := range in.Findings {
		if !Seen(f.Code) {
			continue
		}
		f.Cells = slices.Clone(f.Cells)
		slices.SortFunc(f.Cells, func(a, b Cell) int { return cmp.Or(a.Row-b.Row, a.Col-b.Col) })
		f.Cells = slices.Compact(f.Cells)
		f.Count = max(f.Count, len(f.Cells), 1)
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(int(b.Severity)-int(a.Severity), order[a.Sheet]-order[b.Sheet], cmp.Compare(a.Sheet, b.Sheet),
			cmp.Compare(first(a), first(b)), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Word, b.Word))
	})
	return out
}

// first is the column number of a finding's first cell.
func first(f Finding) int {
	if len(f.Cells) == 0 {
		return 0
	}
	return f.Cells[0].Col
}

// steps is what the agency can do next.
func (in *Input) steps() []Step {
	if len(in.Next) > 0 {
		return in.Next
	}
	var out []Step
	fix := slices.ContainsFunc(in.seen(), toFix)
	switch in.State {
	case Received:
		out = append(out, StepWait)
	case Refused:
		out = append(out, StepSendAgain)
	case NeedsYou:
		out = append(out, StepAnswer)
	case Accepted, AcceptedInPart:
		if fix {
			out = append(out, StepCorrect)
		}
	}
	if len(out) == 0 {
		out = append(out, StepNothing)
	}
	if in.Contact != "" && out[0] != StepNothing {
		out = append(out, StepAsk)
	}
	return out
}
