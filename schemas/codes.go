package schemas

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// listsFile says of each code list what it is about.
const listsFile = "codes/_lists.csv"

// The files of countries, which are a code list with more to say.
const (
	countryFile     = "codes/country.csv"
	countryNameFile = "codes/country_name.csv"
	countryList     = "country"
)

var (
	listHeader = []string{"code", "parent", "label_en", "definition", "ref"}
	labelStart = "label_"
)

// loadLists reads every code list but that of countries.
func (l *loader) loadLists(files []string) {
	meanings := map[string]string{}
	l.fault(readCSV(l.fsys, listsFile, []string{"list", "meaning"}, nil, func(r csvRow) error {
		meanings[r.cells[0]] = r.cells[1]
		return nil
	}))
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".csv")
		if path.Dir(f) != "codes" || f == listsFile || f == countryFile || f == countryNameFile {
			continue
		}
		list, err := readList(l.fsys, f)
		if err != nil {
			l.fault(err)
			continue
		}
		l.addList(f, list, meanings[name])
	}
	if meanings[countryList] == "" {
		l.fault(fmt.Errorf("%s:1:1: no meaning for the list %q", listsFile, countryList))
	}
	l.countryMeaning = meanings[countryList]
	for name := range meanings {
		if l.s.lists[name] == nil && name != countryList {
			l.fault(fmt.Errorf("%s:1:1: no code list %q", listsFile, name))
		}
	}
}

func (l *loader) addList(file string, list *CodeList, meaning string) {
	list.Meaning = meaning
	if meaning == "" {
		l.fault(fmt.Errorf("%s:1:1: %s has no meaning for the list", file, listsFile))
	}
	l.s.lists[list.Name] = list
	l.s.Lists = append(l.s.Lists, list)
	slices.SortFunc(l.s.Lists, func(a, b *CodeList) int { return strings.Compare(a.Name, b.Name) })
}

// readList reads one code list: code, parent, label_en, definition, ref, then other languages'
// labels.
func readList(fsys fs.FS, file string) (*CodeList, error) {
	list := &CodeList{Name: strings.TrimSuffix(path.Base(file), ".csv"), index: map[string]int{}}
	if !snake.MatchString(list.Name) {
		return nil, fmt.Errorf("%s:1:1: name %q is not snake_case", file, list.Name)
	}
	var rows []csvRow
	languages := func(name string) bool { return strings.HasPrefix(name, labelStart) }
	err := readCSV(fsys, file, listHeader, languages, func(r csvRow) error {
		rows = append(rows, r)
		return list.add(r)
	})
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		if p := list.Codes[i].Parent; p != "" && list.Index(p) < 0 {
			return nil, r.errorf(1, "no code %q to be the parent", p)
		}
	}
	return list, nil
}

func (l *CodeList) add(r csvRow) error {
	e := CodeEntry{Code: r.cells[0], Parent: r.cells[1], Definition: r.cells[3], Ref: r.cells[4],
		Labels: map[string]string{"en": r.cells[2]}}
	for i := len(listHeader); i < len(r.cells); i++ {
		if r.cells[i] != "" {
			e.Labels[strings.TrimPrefix(r.header[i], labelStart)] = r.cells[i]
		}
	}
	switch {
	case !snake.MatchString(e.Code):
		return r.errorf(0, "code %q is not snake_case", e.Code)
	case l.Index(e.Code) >= 0:
		return r.errorf(0, "code %q twice", e.Code)
	case r.cells[2] == "":
		return r.errorf(2, "code without an English label")
	}
	l.index[e.Code] = len(l.Codes)
	l.Codes = append(l.Codes, e)
	return nil
}

// csvRow is one row of a declaration, with its places.
type csvRow struct {
	file          string
	header, cells []string
	lines, cols   []int
}

func (r csvRow) errorf(cell int, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", r.file, r.lines[cell], r.cols[cell], fmt.Sprintf(format, args...))
}

// readCSV reads a file with the header, and with further columns whose names more allows, and
// hands each row to take.
func readCSV(fsys fs.FS, file string, header []string, more func(string) bool, take func(csvRow) error) error {
	b, err := fs.ReadFile(fsys, file)
	if err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(b))
	got, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s:1:1: read the header: %w", file, err)
	}
	if len(got) < len(header) || !slices.Equal(got[:len(header)], header) {
		return fmt.Errorf("%s:1:1: the header must begin with %s", file, strings.Join(header, ","))
	}
	for _, name := range got[len(header):] {
		if more == nil || !more(name) {
			return fmt.Errorf("%s:1:1: unknown column %q", file, name)
		}
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return fmt.Errorf("%s:%d:%d: %w", file, bad.Line, bad.Column, bad.Err)
		}
		row := csvRow{file: file, header: got, cells: cells}
		for i := range cells {
			line, col := r.FieldPos(i)
			row.lines, row.cols = append(row.lines, line), append(row.cols, col)
		}
		if err := take(row); err != nil {
			return err
		}
	}
}
