package pipeline

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"palermo/diag"
	"palermo/extract"
	"palermo/mappings"
	"palermo/transform"
)

// The kinds of submission, codes of the list submission_kind.
const (
	NewCases        = "new_cases"
	Correction      = "correction"
	FullReplacement = "full_replacement"
	Withdrawal      = "withdrawal"
)

// Who says of what kind a submission is, codes of the list kind_basis.
const (
	SaidByAgency  = "agency"
	SaidByFile    = "file"
	SaidByMapping = "mapping"
	SaidByNobody  = "inferred"
)

// Statement is what a submission, or one table of it, does to what was received before.
type Statement struct {
	Kind string `json:"kind"`
	From string `json:"from,omitempty"` // the first day of the period that a full replacement replaces
	To   string `json:"to,omitempty"`   // its last day
	By   string `json:"by"`

	// Of a template that was filled in.
	NoCases      bool   `json:"no_cases,omitempty"` // there was nothing to report
	ReportedFrom string `json:"reported_from,omitempty"`
	ReportedTo   string `json:"reported_to,omitempty"`
}

// inferred is what a table does of which nobody says anything: it adds and updates.
var inferred = Statement{Kind: NewCases, By: SaidByNobody}

// covers reports whether the statement names a period, and one that has days.
func (s *Statement) covers() bool { return s.From != "" && s.To != "" && s.From <= s.To }

// folderKinds is how an agency names a kind by the first folder below its own.
var folderKinds = map[string]string{"new_cases": NewCases, "correction": Correction, "full_replacement": FullReplacement, "withdrawal": Withdrawal}

var (
	folderWords = regexp.MustCompile(`^([a-z]+(?:[ _-][a-z]+)?)(?:[ _-]+(\d.*))?$`)
	folderDays  = regexp.MustCompile(`^(\d{4}(?:-\d{2}){0,2})(?:(?: +| +to +|_+|_to_)(\d{4}(?:-\d{2}){0,2}))?$`)
)

// folderStatement is what the folder says in which the agency put the file: nil where it names no
// kind. name is the file's path below the agency's folder.
func folderStatement(name string) *Statement {
	folder, _, below := strings.Cut(name, "/")
	g := folderWords.FindStringSubmatch(strings.ToLower(strings.TrimSpace(folder)))
	if !below || g == nil {
		return nil
	}
	kind := folderKinds[strings.NewReplacer(" ", "_", "-", "_").Replace(g[1])]
	if kind == "" {
		return nil
	}
	s := &Statement{Kind: kind, By: SaidByAgency}
	if days := folderDays.FindStringSubmatch(g[2]); days != nil && kind == FullReplacement {
		last := days[2]
		if last == "" {
			last = days[1]
		}
		s.From, s.To = firstDay(days[1]), lastDay(last)
	}
	return s
}

// firstDay is the first day of a day, a month or a year; "" where there is none such.
func firstDay(s string) string {
	t, err := time.Parse(time.DateOnly[:len(s)], s)
	if err != nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

// lastDay is the last day of a day, a month or a year; "" where there is none such.
func lastDay(s string) string {
	t, err := time.Parse(time.DateOnly[:len(s)], s)
	switch {
	case err != nil:
		return ""
	case len(s) == len("2006"):
		t = t.AddDate(1, 0, -1)
	case len(s) == len("2006-01"):
		t = t.AddDate(0, 1, -1)
	}
	return t.Format(time.DateOnly)
}

// statement is what the sheet's table does to what was received before: what the agency's folder
// says, else the file, else the mapping.
func (j *job) statement(ctx context.Context, sh extract.Sheet, plan *transform.Plan, preview []extract.Row) (Statement, error) {
	cells, err := j.cellsOf(ctx, sh.Member, plan.Entry().Stated, preview)
	if err != nil {
		return inferred, err
	}
	at := diag.Pos{File: j.sub.Name, Sheet: sh.Name}
	said := plan.Stated(at, sh.Title(), cells, &j.found)
	s := Statement{Kind: said.Kind, From: said.From, To: said.To, By: SaidByMapping}
	if said.InFile {
		s.By = SaidByFile
	}
	if j.filled != nil {
		s = j.filled.statement()
	}
	if j.entry.Returns != "" && plan.Entry().Record != nil { // whatever it said when it was sent first
		s = Statement{Kind: Correction, By: SaidByFile}
	}
	if a := j.sub.Stated; a != nil {
		if s.By == SaidByFile && s.Kind != "" && s.Kind != a.Kind {
			j.find(diag.SubmissionConflict, at, "the file says that it is a "+s.Kind+", its folder that it is a "+a.Kind)
		}
		period := s
		s = *a
		if s.Kind == FullReplacement && s.From == "" && s.To == "" && period.Kind == FullReplacement {
			s.From, s.To = period.From, period.To
		}
	}
	switch {
	case s.Kind == "":
		return inferred, nil
	case s.Kind == FullReplacement && !s.covers():
		j.find(diag.SubmissionPeriod, at, "a full replacement without a period that can be read")
		return inferred, nil
	case s.Kind != NewCases && plan.Entry().Record == nil:
		j.find(diag.SubmissionUnfit, at, "a table without case records cannot be a "+s.Kind)
		return inferred, nil
	case s.Kind != FullReplacement:
		s.From, s.To = "", ""
	}
	return s, nil
}

// cellsOf is the cells that a statement may ask for: those of the first rows of the sheets of its workbook,
// which in an archive is a member.
func (j *job) cellsOf(ctx context.Context, member string, s *mappings.Stated, own []extract.Row) (func(sheet string, row, col int) string, error) {
	rows := map[string][]extract.Row{"": own}
	if s != nil {
		for _, c := range s.FromCell {
			i := slices.IndexFunc(j.sheets, func(sh extract.Sheet) bool {
				return sh.Member == member && mappings.Word(sh.Title()) == mappings.Word(c.Sheet)
			})
			if c.Sheet == "" || rows[c.Sheet] != nil || i < 0 {
				continue
			}
			preview, err := extract.Preview(ctx, j.sheets[i], mappings.PreviewRows)
			if err != nil {
				return nil, err
			}
			rows[c.Sheet] = preview
		}
	}
	return func(sheet string, row, col int) string {
		for _, r := range rows[sheet] {
			if r.Num == row && col <= len(r.Cells) {
				return r.Cells[col-1]
			}
		}
		return ""
	}, nil
}

// stated is what the submission does as a whole: what the first of its tables says that is no
// mere addition, else the first. Nobody says anything of one without tables.
func (e *Entry) stated() Statement {
	first := inferred
	for i := range e.Sheets {
		s := e.Sheets[i].Stated
		switch {
		case e.Sheets[i].Source == "":
		case s.Kind != NewCases:
			return s
		case first.By == SaidByNobody:
			first = s
		}
	}
	return first
}

// replaces reports whether any table of the submission replaces a period.
func (e *Entry) replaces() bool {
	return slices.ContainsFunc(e.Sheets, func(s SheetEntry) bool { return s.Stated.Kind == FullReplacement })
}

// cumulative reports whether the sheet is one of a cumulative export: nobody says another thing of
// it, and palermo.yaml says so of the agency and source.
func (h *Home) cumulative(s *Submission, e *SheetEntry) bool {
	return e.Form != "" && e.Stated.By == SaidByNobody && slices.Contains(h.Config.Agencies[s.Agency].Cumulative, e.Source)
}

// statedOfCases is stated, and nothing of a submission without case records: what nobody says of it
// does not matter.
func (e *Entry) statedOfCases() Statement {
	if !slices.ContainsFunc(e.Sheets, func(s SheetEntry) bool { return s.Form != "" }) {
		return Statement{}
	}
	return e.stated()
}
