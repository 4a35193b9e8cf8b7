package extract

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// survey reads the structure of a sheet's XML: which rows stand there, which cells each has, of
// which type and style, and which of them hold text. It does not read the text. It is what the
// values from the workbook library are held against, so that none is lost or moved in silence,
// and it knows what the library's row iterator does not say: styles, and rows that stand in the
// file without a value.
type survey struct {
	x       tokens
	strings *stringTable
	rowSeen int
	inData  bool
	done    bool
	cells   []cellMark
}

// cellMark is what the survey says of one cell.
type cellMark struct {
	col   int
	style int
	typ   cellType
	text  bool // it holds text, so a blank value would be a loss
	bare  bool // a formula without a saved result
}

type cellType byte

const (
	typeNumber cellType = iota
	typeBool
	typeDate
	typeText
	typeShared
)

const (
	maxSheetRows = 1 << 20
	maxSheetCols = 1 << 14
)

var errSheet = errors.New("the sheet's XML is not what a sheet holds")

func badSheet(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errSheet, fmt.Sprintf(format, a...))
}

func newSurvey(r io.Reader, st *stringTable) *survey {
	return &survey{x: tokens{r: bufio.NewReaderSize(r, 64<<10)}, strings: st}
}

// next is the number of the next row and its cells, which are valid until the call after. It is
// io.EOF once the sheet was read to its proper end.
func (s *survey) next() (int, []cellMark, error) {
	for !s.done {
		t, err := s.x.next()
		if err == io.EOF {
			s.done = true
			break
		}
		if err != nil {
			return 0, nil, err
		}
		switch name := t.name(); {
		case string(name) == "sheetData":
			s.inData = t.opens()
		case s.inData && t.opens() && string(name) == "row":
			return s.row(t)
		case s.inData && t.kind == tagEmpty && string(name) == "row":
			num, err := s.rowNumber(t)
			return num, nil, err
		}
	}
	if s.x.depth != 0 || !s.x.any {
		return 0, nil, badSheet("it ends before its last element")
	}
	return 0, nil, io.EOF
}

func (s *survey) rowNumber(t token) (int, error) {
	num := s.rowSeen + 1
	if v, ok := t.attr("r"); ok {
		n, err := strconv.Atoi(string(v))
		if err != nil {
			return 0, badSheet("a row has no number after row %d", s.rowSeen)
		}
		num = n
	}
	if num <= s.rowSeen || num > maxSheetRows {
		return 0, badSheet("row %d follows row %d", num, s.rowSeen)
	}
	s.rowSeen = num
	return num, nil
}

func (s *survey) row(t token) (int, []cellMark, error) {
	num, err := s.rowNumber(t)
	if err != nil {
		return 0, nil, err
	}
	s.cells = s.cells[:0]
	depth := s.x.depth
	for {
		t, err := s.x.next()
		if err != nil {
			return 0, nil, unexpected(err)
		}
		if s.x.depth < depth {
			return num, s.cells, nil
		}
		if t.kind == tagClose || string(t.name()) != "c" {
			continue
		}
		if err := s.cell(t, num); err != nil {
			return 0, nil, err
		}
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return badSheet("it ends before its last element")
	}
	return err
}

// cell reads one cell: t is its opening tag.
func (s *survey) cell(t token, row int) error {
	m, err := s.mark(t, row)
	if err != nil {
		return err
	}
	if t.kind == tagEmpty {
		s.cells = append(s.cells, m)
		return nil
	}
	var value, formula, inline, phonetic bool
	index := -1
	for depth := s.x.depth; s.x.depth >= depth; {
		t, err := s.x.next()
		if err != nil {
			return unexpected(err)
		}
		open := t.opens()
		switch string(t.name()) {
		case "f":
			formula = true
		case "is":
			inline = open
		case "rPh":
			phonetic = open
		case "v":
			if open {
				if index, err = s.x.text(&value); err != nil {
					return err
				}
			}
		case "t":
			if open && inline && !phonetic && m.typ == typeText {
				if _, err = s.x.text(&m.text); err != nil {
					return err
				}
			}
		}
	}
	m.bare = formula && !value && m.typ == typeNumber
	if m.typ == typeShared && value {
		if m.text, err = s.strings.holds(index); err != nil {
			return fmt.Errorf("row %d, column %d: %w", row, m.col, err)
		}
	} else if value && !t.is("t", "inlineStr") {
		m.text = true
	}
	s.cells = append(s.cells, m)
	return nil
}

// mark reads the attributes of a cell's opening tag.
func (s *survey) mark(t token, row int) (cellMark, error) {
	m := cellMark{col: 1}
	if n := len(s.cells); n > 0 {
		m.col = s.cells[n-1].col + 1
	}
	last := m.col - 1
	if v, ok := t.attr("r"); ok {
		var at int
		if m.col, at = cellName(v); at != row {
			return m, badSheet("row %d has a cell of another row", row)
		}
	}
	if m.col <= last || m.col > maxSheetCols {
		return m, badSheet("row %d: column %d follows column %d", row, m.col, last)
	}
	if v, ok := t.attr("s"); ok {
		n, err := strconv.Atoi(string(v))
		if err != nil {
			return m, badSheet("row %d, column %d: its style has no number", row, m.col)
		}
		m.style = n
	}
	v, _ := t.attr("t")
	switch string(v) {
	case "", "n":
		m.typ = typeNumber
	case "b":
		m.typ = typeBool
	case "d":
		m.typ = typeDate
	case "s":
		m.typ = typeShared
	default:
		m.typ = typeText
	}
	return m, nil
}

// cellName reads a cell's name, as F42; zeros where it is none.
func cellName(b []byte) (col, row int) {
	i := 0
	for ; i < len(b) && i < 4; i++ {
		c := b[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		col = col*26 + int(c-'A') + 1
	}
	for _, c := range b[i:] {
		if c < '0' || c > '9' || row > maxSheetRows {
			return 0, 0
		}
		row = row*10 + int(c-'0')
	}
	return col, row
}

// stringTable is how many shared strings a workbook has, and which of them hold text.
type stringTable struct {
	n    int
	full []uint64
}

// readStringTable counts the shared strings.
func readStringTable(r io.Reader) (*stringTable, error) {
	st := &stringTable{}
	x := tokens{r: bufio.NewReaderSize(r, 64<<10)}
	var phonetic, text bool
	for {
		t, err := x.next()
		if err == io.EOF {
			if x.depth != 0 {
				return nil, badSheet("the shared strings end before their last element")
			}
			return st, nil
		}
		if err != nil {
			return nil, err
		}
		switch string(t.name()) {
		case "rPh":
			phonetic = t.opens()
		case "t":
			if t.opens() && !phonetic {
				if _, err := x.text(&text); err != nil {
					return nil, err
				}
			}
		case "si":
			if t.opens() {
				text = false
				continue
			}
			st.add(text && t.kind == tagClose)
		}
	}
}

func (st *stringTable) add(text bool) {
	if st.n%64 == 0 {
		st.full = append(st.full, 0)
	}
	if text {
		st.full[st.n/64] |= 1 << (st.n % 64)
	}
	st.n++
}

// holds reports whether the string of that index holds text. An index that the table does not
// have is an error.
func (st *stringTable) holds(i int) (bool, error) {
	if st == nil || i < 0 || i >= st.n {
		return false, badSheet("a shared string that is not in the workbook")
	}
	return st.full[i/64]&(1<<(i%64)) != 0, nil
}
