package receipt

import (
	"encoding/json"
	"io"
	"time"

	"palermo/diag"
)

// Version is that of the JSON form. It is raised when a field changes its meaning or goes; a new
// field does not raise it.
const Version = 1

// Document is the JSON form of a receipt; docs/receipts.md says what each field means.
type Document struct {
	Version      int                 `json:"version"`
	Receipt      string              `json:"receipt"`
	Agency       string              `json:"agency"`
	Language     string              `json:"language"`
	Translation  string              `json:"translation"` // source, draft or approved
	File         string              `json:"file"`
	Received     *time.Time          `json:"received,omitempty"`
	Made         *time.Time          `json:"made,omitempty"`
	Check        bool                `json:"check,omitempty"` // nothing was sent
	State        State               `json:"state"`
	StateText    string              `json:"state_text"`
	SupersededBy string              `json:"superseded_by,omitempty"`
	Kind         string              `json:"kind,omitempty"`
	KindBy       string              `json:"kind_by,omitempty"`
	From         string              `json:"from,omitempty"`
	To           string              `json:"to,omitempty"`
	Contact      string              `json:"contact,omitempty"`
	Sheets       []DocumentSheet     `json:"sheets"`
	Findings     []DocumentFinding   `json:"findings"`
	Duplicates   []DocumentDuplicate `json:"duplicates"`
	Next         []DocumentStep      `json:"next"`
}

// DocumentSheet is the account of one table.
type DocumentSheet struct {
	Sheet
	Skipped map[string]int64 `json:"skipped"`
}

// DocumentFinding is one finding in all its places.
type DocumentFinding struct {
	Code     diag.Code      `json:"code"`
	Severity diag.Severity  `json:"severity"`
	Fix      bool           `json:"fix"` // it asks something of the agency
	Sheet    string         `json:"sheet,omitempty"`
	Column   string         `json:"column,omitempty"`
	Word     string         `json:"word,omitempty"`
	Wrong    string         `json:"wrong"`
	Right    string         `json:"right"`
	Count    int            `json:"count"`
	Cells    []DocumentCell `json:"cells"`
}

// DocumentCell is a place, in numbers and as a spreadsheet names it.
type DocumentCell struct {
	Name string `json:"name"`
	Cell
}

// DocumentDuplicate is rows that may be about one case.
type DocumentDuplicate struct {
	Sheet string `json:"sheet,omitempty"`
	Rows  []int  `json:"rows"`
}

// DocumentStep is something to do.
type DocumentStep struct {
	Step Step   `json:"step"`
	Text string `json:"text"`
}

// NewDocument is the JSON form of the input.
func NewDocument(in *Input) (*Document, error) {
	c, err := CatalogueOf(in.Language)
	if err != nil {
		return nil, err
	}
	d := &Document{
		Version: Version, Receipt: in.Number, Agency: in.Agency, Language: c.Language, Translation: c.Status,
		File: in.Name, Received: moment(in.Received), Made: moment(in.Made), Check: in.Check, State: in.State, StateText: c.States[in.State].Word,
		SupersededBy: in.SupersededBy, Kind: in.Kind, KindBy: in.KindBy, From: in.From, To: in.To, Contact: in.Contact,
		Sheets: []DocumentSheet{}, Findings: []DocumentFinding{}, Duplicates: []DocumentDuplicate{}, Next: []DocumentStep{},
	}
	for _, s := range in.Sheets {
		skipped := s.Skipped
		if skipped == nil {
			skipped = map[string]int64{}
		}
		d.Sheets = append(d.Sheets, DocumentSheet{s, skipped})
	}
	for _, f := range in.seen() {
		d.Findings = append(d.Findings, documentFinding(c, f))
	}
	for _, p := range in.Duplicates {
		d.Duplicates = append(d.Duplicates, DocumentDuplicate(p))
	}
	for _, s := range in.steps() {
		d.Next = append(d.Next, DocumentStep{s, c.Steps[s]})
	}
	return d, nil
}

// maxCells is how many cells of one finding the form for programs names; Count is that of all. The workbook marks each.
const maxCells = 10_000

func documentFinding(c *Catalogue, f Finding) DocumentFinding {
	said := c.Findings[f.Code]
	out := DocumentFinding{
		Code: f.Code, Severity: f.Severity, Fix: toFix(f), Sheet: f.Sheet, Column: f.Column, Word: f.Word,
		Wrong: said.Wrong, Right: said.Right, Count: f.Count, Cells: []DocumentCell{},
	}
	for _, cell := range f.Cells[:min(len(f.Cells), maxCells)] {
		out.Cells = append(out.Cells, DocumentCell{cell.Name(), cell})
	}
	return out
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// WriteJSON writes the receipt for programs.
func WriteJSON(w io.Writer, in *Input) error {
	d, err := NewDocument(in)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}
