package template

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// The names of a template: its stamp, and where its own sheets and answers are.
const (
	nameStamp = "_palermo_template"
	nameLists = "_palermo_lists"
	nameKind  = "_palermo_kind"
	nameFrom  = "_palermo_from"
	nameTo    = "_palermo_to"
	nameNone  = "_palermo_none"
)

// stamp writes the names.
func (b *writer) stamp() {
	clean := strings.NewReplacer(`"`, "", "|", "")
	values := map[string]string{
		nameStamp: `"` + stampForm + "|" + clean.Replace(b.form.Source) + "|" + b.texts.Language + "|" + clean.Replace(b.form.Version) + `"`,
		nameLists: reference(listSheet) + "!$A$1",
	}
	for name, row := range answers {
		values[name] = fmt.Sprintf("%s!$B$%d", reference(b.first), row)
	}
	for _, name := range []string{nameFrom, nameKind, nameLists, nameNone, nameStamp, nameTo} {
		b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: name, RefersTo: values[name]}))
	}
}

// answers is the rows of the first sheet by the names that lead to them.
var answers = map[string]int{nameKind: rowKind, nameFrom: rowFrom, nameTo: rowTo, nameNone: rowNone}

func reference(sheet string) string { return "'" + strings.ReplaceAll(sheet, "'", "''") + "'" }

// Stamp is what a template that came back says of itself, and what was answered on its first sheet. Anybody could have written
// it.
type Stamp struct {
	Source   string // empty where the stamp is of a form that is not known here
	Version  string
	Language string
	Ours     []string // sheets that hold no table: they are not loaded
	Kind     string   // a code of submission_kind; empty where the answer cannot be read
	From, To string   // days, as 2003-04-03; empty where there is none
	NoCases  bool
	Unread   []string // the answers that cannot be read: kind, from, to, none
}

// Names is which names of a workbook Read asks for.
func Names() []string { return []string{nameStamp, nameLists, nameKind, nameFrom, nameTo, nameNone} }

// Read is the stamp of a workbook with these names, by what they refer to; nil where it is no template. cell is the text of a cell,
// with days as 2003-04-03 or as workbooks count them.
func Read(names map[string]string, cell func(sheet, at string) string) (*Stamp, error) {
	r := &reader{names: names, cell: cell, serial: func(n float64) (time.Time, error) { return excelize.ExcelDateToTime(n, false) }}
	return r.read()
}

// Recognise is Read of a file. A file that is no workbook is no template.
func Recognise(src io.ReaderAt, size int64) (*Stamp, error) {
	f, err := excelize.OpenReader(io.NewSectionReader(src, 0, size), excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	r := &reader{names: map[string]string{}}
	for _, n := range f.GetDefinedName() {
		r.names[n.Name] = n.RefersTo
	}
	r.cell = func(sheet, at string) string {
		text, _ := f.GetCellValue(sheet, at) // a sheet that is not there has no text
		return text
	}
	r.serial = func(n float64) (time.Time, error) {
		props, err := f.GetWorkbookProps()
		return excelize.ExcelDateToTime(n, err == nil && props.Date1904 != nil && *props.Date1904)
	}
	return r.read()
}

type reader struct {
	names  map[string]string
	cell   func(sheet, at string) string
	serial func(float64) (time.Time, error)
	stamp  *Stamp
}

// stampForm is the form of the stamp that is written here.
const stampForm = "1"

func (r *reader) read() (*Stamp, error) {
	value := strings.Trim(strings.TrimPrefix(r.names[nameStamp], "="), `"`)
	if value == "" {
		return nil, nil
	}
	r.stamp = &Stamp{}
	if parts := strings.Split(value, "|"); len(parts) == 4 && parts[0] == stampForm {
		r.stamp.Source, r.stamp.Language, r.stamp.Version = parts[1], parts[2], parts[3]
	}
	for _, name := range []string{nameKind, nameLists} {
		if sheet, _ := place(r.names[name]); sheet != "" && !slices.Contains(r.stamp.Ours, sheet) {
			r.stamp.Ours = append(r.stamp.Ours, sheet)
		}
	}
	if err := r.kind(); err != nil {
		return nil, err
	}
	r.stamp.From = r.day(nameFrom, "from")
	r.stamp.To = r.day(nameTo, "to")
	if err := r.none(); err != nil {
		return nil, err
	}
	return r.stamp, nil
}

// place is the sheet and cell that a reference leads to.
func place(ref string) (sheet, at string) {
	i := strings.LastIndexByte(ref, '!')
	if i < 0 || strings.Contains(ref, "#REF") {
		return "", ""
	}
	sheet = strings.TrimPrefix(strings.TrimPrefix(ref[:i], "="), "$")
	if len(sheet) > 1 && sheet[0] == '\'' {
		sheet = strings.ReplaceAll(sheet[1:len(sheet)-1], "''", "'")
	}
	return sheet, strings.ReplaceAll(ref[i+1:], "$", "")
}

// answer is what stands in the cell; ok is false where there is no such cell any more.
func (r *reader) answer(name string) (text string, ok bool) {
	sheet, at := place(r.names[name])
	if sheet == "" {
		return "", false
	}
	return strings.TrimSpace(r.cell(sheet, at)), true
}

func (r *reader) unread(what string) { r.stamp.Unread = append(r.stamp.Unread, what) }

// kind reads what the file does, in the words of any language.
func (r *reader) kind() error {
	word, ok := r.answer(nameKind)
	all, err := builtin()
	if err != nil {
		return err
	}
	for _, t := range all {
		for _, code := range kindOrder {
			if strings.EqualFold(t.Kinds[code], word) {
				r.stamp.Kind = code
			}
		}
	}
	if !ok || r.stamp.Kind == "" {
		r.unread("kind")
	}
	return nil
}

// day reads a day: as workbooks count them, or as it is written.
func (r *reader) day(name, what string) string {
	text, ok := r.answer(name)
	if !ok {
		r.unread(what)
		return ""
	}
	if text == "" {
		return ""
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.Format(time.DateOnly)
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 60 && n < 110_000 {
		if t, err := r.serial(n); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	r.unread(what)
	return ""
}

func (r *reader) none() error {
	word, ok := r.answer(nameNone)
	all, err := builtin()
	if err != nil {
		return err
	}
	known := word == ""
	for _, t := range all {
		if strings.EqualFold(word, t.Texts["yes"]) {
			r.stamp.NoCases, known = true, true
		}
		known = known || strings.EqualFold(word, t.Texts["no"])
	}
	if !ok || !known {
		r.unread("none")
	}
	return nil
}
