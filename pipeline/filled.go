package pipeline

import (
	"context"
	"slices"

	"palermo/diag"
	"palermo/extract"
	"palermo/load/template"
	"palermo/mappings"
	"palermo/schemas"
)

// filledForm is a template that came back: what it says of itself, and how its tables are read.
type filledForm struct {
	stamp *template.Stamp
	form  *agencyForm // nil where the form is not known here: its tables are then read as any other
	rows  int64       // below the headers of its tables
	empty diag.Pos    // the first table without rows
}

// template finds out whether the file is a template of ours, and says what is wrong with its stamp and its first sheet.
func (j *job) template(ctx context.Context, names map[string]string) error {
	if len(names) == 0 {
		return nil
	}
	cells, err := j.firstCells(ctx)
	if err != nil {
		return err
	}
	stamp, err := template.Read(names, cells)
	if err != nil || stamp == nil {
		return err
	}
	j.filled = &filledForm{stamp: stamp}
	at := diag.Pos{File: j.sub.Name}
	languages, err := template.Languages()
	if err != nil {
		return err
	}
	m := j.Mappings.Source(stamp.Source)
	if m == nil || !slices.Contains(languages, stamp.Language) || len(offered(m, stamp.Language)) == 0 {
		j.find(diag.TemplateUnknown, at, "the template is of a source or a kind that is not known here")
	} else {
		j.filled.form = newForm(j.Schema, m, stamp.Language)
		if j.filled.form.form.Version != stamp.Version {
			j.find(diag.TemplateVersion, at, "the template is of another version than the one that is given out now")
		}
	}
	j.answers(stamp)
	return nil
}

// firstCells reads a cell among the first rows of any sheet.
func (j *job) firstCells(ctx context.Context) (func(sheet, at string) string, error) {
	rows := map[string][]extract.Row{}
	for _, sh := range j.sheets {
		if sh.Member != "" {
			continue
		}
		preview, err := extract.Preview(ctx, sh, mappings.PreviewRows)
		if err != nil {
			return nil, err
		}
		rows[sh.Title()] = preview
	}
	return func(sheet, at string) string {
		row, col, ok := diag.ParseCell(at)
		for _, r := range rows[sheet] {
			if ok && r.Num == row && col <= len(r.Cells) {
				return r.Cells[col-1]
			}
		}
		return ""
	}, nil
}

// answers says which answers of the first sheet cannot be read.
func (j *job) answers(s *template.Stamp) {
	at := diag.Pos{File: j.sub.Name}
	if len(s.Ours) > 0 {
		at.Sheet = s.Ours[0]
	}
	unread := func(what string) bool { return slices.Contains(s.Unread, what) }
	if unread("kind") {
		j.find(diag.SubmissionKind, at, "the first sheet says what the file does in words that cannot be read")
	}
	switch {
	case unread("from"), unread("to"), unread("none"), s.From != "" && s.To != "" && s.From > s.To:
		j.find(diag.TemplateAnswer, at, "an answer on the first sheet cannot be read")
	case s.NoCases && (s.From == "" || s.To == ""):
		j.find(diag.TemplateAnswer, at, "the first sheet says that there were no cases, and not in which period")
	}
}

// ours reports whether the sheet is one that the template brought, which holds no table.
func (j *job) ours(sh extract.Sheet) bool {
	return j.filled != nil && slices.Contains(j.filled.stamp.Ours, sh.Title())
}

// asked is how the sheet's table is read as one of the template; nil where it is none of its tables.
func (j *job) asked(sh extract.Sheet, preview []mappings.PreviewRow) *mappings.Candidate {
	if j.filled == nil || j.filled.form == nil {
		return nil
	}
	for _, i := range j.filled.form.tables {
		if c := j.filled.form.mapping.Hold(i, sh.Title(), preview); c.Matches() {
			return &c
		}
	}
	return nil
}

// example accounts for what the template brought on a sheet of cases, and for the rows below.
func (j *job) example(e *SheetEntry) {
	above := e.Above[:max(len(e.Above)-max(j.filled.form.mapping.Tables[e.Table].Header.Rows, 1)+1, 0)]
	if slices.ContainsFunc(above, func(cells []string) bool {
		n := 0
		for _, c := range cells {
			if c != "" {
				n++
			}
		}
		return n > 1
	}) {
		e.Balance.Read++
		e.Balance.skip(mappings.ReasonTemplate, 1)
	}
}

// answered harmonises a table of the template.
func (j *job) answered(ctx context.Context, sh extract.Sheet, e *SheetEntry, c *mappings.Candidate, preview []extract.Row) error {
	e.Template = j.filled.stamp.Language
	if err := j.known(ctx, sh, e, c, preview); err != nil {
		return err
	}
	j.filled.rows += e.Balance.Read - e.Balance.SkippedAll()
	j.example(e)
	return e.Balance.check()
}

// reported ends the reading of a template: what its first sheet says is said of each of its tables.
func (j *job) reported() {
	if j.filled == nil {
		return
	}
	j.nothing()
	for i := range j.entry.Sheets {
		if e := &j.entry.Sheets[i]; e.Template != "" {
			e.Stated = j.filled.reported(e.Stated)
		}
	}
}

// readBy is the mappings as the sheet was read by them: of a template, that of its source as it reads templates.
func (e *SheetEntry) readBy(s *schemas.Schema, set *mappings.Set) *mappings.Set {
	if e == nil || e.Template == "" {
		return set
	}
	out := &mappings.Set{Mappings: slices.Clone(set.Mappings)}
	for i, m := range out.Mappings {
		if m.Source.ID == e.Source {
			out.Mappings[i] = newForm(s, m, e.Template).mapping
		}
	}
	return out
}

// nothing says so where a template has no case and does not say that there were none, and where it says so and has some.
func (j *job) nothing() {
	f := j.filled
	switch {
	case f == nil || f.form == nil:
	case f.stamp.NoCases && f.rows > 0:
		j.find(diag.TemplateNone, diag.Pos{File: j.sub.Name}, "the first sheet says that there were no cases, and the other sheets have some")
	case !f.stamp.NoCases && f.rows == 0 && f.empty != (diag.Pos{}):
		j.find(diag.SheetEmpty, f.empty, "the template has no rows below its headers")
	}
}

// statement is what the first sheet says that the file does.
func (f *filledForm) statement() Statement {
	s := Statement{Kind: f.stamp.Kind, By: SaidByFile}
	if s.Kind == FullReplacement {
		s.From, s.To = f.stamp.From, f.stamp.To
	}
	return s
}

// reported adds to a statement which period the file is about, and whether there was nothing to report.
func (f *filledForm) reported(s Statement) Statement {
	s.NoCases = f.stamp.NoCases && f.rows == 0
	if f.stamp.From != "" && f.stamp.To != "" && f.stamp.From <= f.stamp.To {
		s.ReportedFrom, s.ReportedTo = f.stamp.From, f.stamp.To
	}
	return s
}
