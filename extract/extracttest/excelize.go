package extracttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"palermo/extract"
	rules "palermo/extract/cell"
)

// Compared is what came of reading a workbook with extract and with excelize.
type Compared struct {
	Cells  int      // with text, by either
	Unlike []string // the places where the two differ, as Sheet!B7
}

// WithExcelize reads a workbook twice, by extract.Open and by excelize, and compares each cell's
// text. What a value means is worked out from what excelize says of the cell: its raw value, type
// and style.
func WithExcelize(path string) (c Compared, err error) {
	x, err := excelize.OpenFile(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	f, err := extract.Open(path, extract.Options{})
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	o, err := newOracle(x)
	if err != nil {
		return c, err
	}
	for _, s := range f.Sheets() {
		want, err := o.sheet(s.Name)
		if err != nil {
			return c, err
		}
		if err := c.compare(s, want); err != nil {
			return c, err
		}
	}
	return c, nil
}

// compare takes out of want what it finds in the sheet; what is left is missing.
func (c *Compared) compare(s extract.Sheet, want map[[2]int]string) error {
	for row, err := range s.Rows(context.Background()) {
		if err != nil {
			return err
		}
		for i, got := range row.Cells {
			at := [2]int{row.Num, i + 1}
			if got != "" || want[at] != "" {
				c.Cells++
			}
			if got != want[at] {
				c.Unlike = append(c.Unlike, place(s.Name, at))
			}
			delete(want, at)
		}
	}
	for at, text := range want {
		if strings.TrimSpace(text) != "" { // blank cells at a row's end are left out
			c.Cells++
			c.Unlike = append(c.Unlike, place(s.Name, at))
		}
	}
	return nil
}

func place(sheet string, at [2]int) string {
	name, err := excelize.CoordinatesToCellName(at[1], at[0])
	if err != nil {
		name = err.Error()
	}
	return sheet + "!" + name
}

// oracle is excelize with a workbook.
type oracle struct {
	x        *excelize.File
	base1904 bool
	shows    map[int]rules.Shows // by style
}

func newOracle(x *excelize.File) (*oracle, error) {
	p, err := x.GetWorkbookProps()
	if err != nil {
		return nil, err
	}
	return &oracle{x: x, base1904: p.Date1904 != nil && *p.Date1904, shows: map[int]rules.Shows{}}, nil
}

// sheet is the text of the sheet's cells by row and column.
func (o *oracle) sheet(name string) (map[[2]int]string, error) {
	rows, err := o.x.Rows(name)
	if err != nil {
		return nil, err
	}
	out := map[[2]int]string{}
	for num := 1; rows.Next(); num++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, err
		}
		for i, raw := range cells {
			if raw == "" {
				continue
			}
			at := [2]int{num, i + 1}
			if out[at], err = o.text(name, at, raw); err != nil {
				return nil, err
			}
		}
	}
	return out, errors.Join(rows.Error(), rows.Close())
}

// text is what palermo's rules make of a value: see doc.go of extract.
func (o *oracle) text(sheet string, at [2]int, raw string) (string, error) {
	name, err := excelize.CoordinatesToCellName(at[1], at[0])
	if err != nil {
		return "", err
	}
	typ, err := o.x.GetCellType(sheet, name)
	if err != nil {
		return "", err
	}
	switch typ {
	case excelize.CellTypeBool:
		return map[string]string{"1": "TRUE", "0": "FALSE"}[raw], nil
	case excelize.CellTypeDate:
		return strings.TrimSuffix(strings.TrimSuffix(raw, "Z"), "T00:00:00"), nil
	case excelize.CellTypeUnset, excelize.CellTypeNumber:
		f, err := strconv.ParseFloat(raw, 64)
		if err != nil {
			return raw, nil
		}
		how, err := o.how(sheet, name)
		if err != nil {
			return "", err
		}
		return o.number(f, how)
	}
	return raw, nil
}

// how is what the cell's style makes of a number.
func (o *oracle) how(sheet, name string) (rules.Shows, error) {
	id, err := o.x.GetCellStyle(sheet, name)
	if err != nil {
		return 0, err
	}
	if how, ok := o.shows[id]; ok {
		return how, nil
	}
	how := rules.ShowsNumber
	if st, err := o.x.GetStyle(id); err == nil { // else the workbook has no such style
		how = rules.BuiltinShows(st.NumFmt)
		if st.CustomNumFmt != nil {
			how = rules.FormatShows(*st.CustomNumFmt)
		}
	}
	o.shows[id] = how
	return how, nil
}

// number is a number as text; a day by excelize's calendar, which knows no parts of a second.
func (o *oracle) number(f float64, how rules.Shows) (string, error) {
	const day = 24 * 60 * 60 * 1000
	millis := int64(math.Round(f * day))
	switch {
	case how == rules.ShowsNumber || f < 0 || f >= 2958466 || how == rules.ShowsDate && millis < day && !o.base1904:
		return plainNumber(f), nil
	case how == rules.ShowsDuration, f < 1 && !o.base1904, f < 1 && how == rules.ShowsTime:
		return clock(millis), nil
	}
	date := "1900-02-29"
	if days := millis / day; days != 60 || o.base1904 {
		t, err := excelize.ExcelDateToTime(float64(days), o.base1904)
		if err != nil {
			return "", err
		}
		date = t.Format("2006-01-02")
	}
	if rest := millis % day; rest > 0 {
		date += "T" + clock(rest)
	}
	return date, nil
}

func clock(millis int64) string {
	s := fmt.Sprintf("%02d:%02d:%02d", millis/3_600_000, millis/60_000%60, millis/1000%60)
	if ms := millis % 1000; ms > 0 {
		s += fmt.Sprintf(".%03d", ms)
	}
	return s
}

func plainNumber(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-7 || a >= 1e21) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	if f == 0 {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
