package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"palermo/transform/disclose"
)

// TablesReport is the risk and the utility of a release of tables.
type TablesReport struct {
	Tables          []TableReport `json:"tables"`
	Uncounted       int           `json:"uncounted"` // persons left out, whose sex, say, is not known
	Small           int           `json:"small"`     // cells withheld since they, or what changed in them, are small
	Beside          int           `json:"beside"`    // cells withheld to keep others from being worked out
	Closed          int           `json:"closed"`    // tables withheld whole
	LargestRounding float64       `json:"largest_rounding"`
	MeanRounding    float64       `json:"mean_rounding"` // in percent of the count, over the cells that are shown
}

// TableReport is what is shown of one table and its margins.
type TableReport struct {
	Name         string `json:"name"`
	Cells        int64  `json:"cells"` // with persons
	Shown        int64  `json:"shown"`
	Persons      int64  `json:"persons"` // in all cells
	PersonsShown int64  `json:"persons_shown"`
}

// dimPurpose stands for a dimension for each form of exploitation: a person can be in several, and each is yes or not stated.
const dimPurpose = "purpose"

// usualTables is what is released where no tables are named. All share sex and age, so that they do not hang together in a
// ring.
var usualTables = [][]string{{"year", "sex", "adult"}, {"country", "sex", "adult"}, {"citizenship", "sex", "adult"}, {dimPurpose, "sex", "adult"}}

// tableDims is the dimensions that a table may name, beside the coded fields of record.
var tableDims = []string{"year", "sex", "age", "adult", "citizenship", "country", dimPurpose}

// tableFields is the fields of record that the tables name.
func tableFields(tables [][]string) []string {
	var out []string
	for _, t := range tables {
		for _, d := range t {
			if !slices.Contains(tableDims, d) && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// The categories that are no value.
const (
	wordUnknown = "_U" // not known, or not stated
	wordOthers  = "_O" // values that too few have
	wordTotal   = "_T"
)

// fewUnknown is the share of persons, in percent, up to which those are left out of whom sex or age is not known. Such a category
// would be too small in each of the tables, and much would be withheld beside it.
const fewUnknown = 2

// tableSet is the tables of a release: their dimensions with the words of their categories, and the persons in them.
type tableSet struct {
	*release
	dims   []string
	words  [][]string
	at     []map[string]uint16
	of     []*wordColumn // by dimension, the persons' words
	tables [][]int
	cube   *disclose.Cube
	atom   []uint32 // by person; none for one who is not counted
	safe   *disclose.Protected

	uncounted int
}

// none is no atom.
const none = math.MaxUint32

func (r *release) newTableSet() (*tableSet, error) {
	s := &tableSet{release: r}
	tables := r.o.Tables
	if len(tables) == 0 {
		tables = usualTables
		if slices.Contains(r.o.Kinds, ReleaseSDMX) {
			tables = sdmxTables
		}
	}
	for _, t := range tables {
		if err := s.add(t); err != nil {
			return nil, err
		}
	}
	s.fold()
	return s, nil
}

// add adds a table; one that names purpose is one for each form.
func (s *tableSet) add(names []string) error {
	seen := map[string]bool{}
	var dims []int
	purpose := false
	for _, name := range names {
		if seen[name] {
			return ConfigFinding(fmt.Sprintf("a table names %s twice", name))
		}
		seen[name] = true
		if name == dimPurpose {
			purpose = true
			continue
		}
		d, err := s.dim(name)
		if err != nil {
			return err
		}
		dims = append(dims, d)
	}
	if !purpose {
		s.tables = append(s.tables, slices.Sorted(slices.Values(dims)))
		return nil
	}
	for _, code := range s.forms() {
		d := s.purposeDim(code)
		s.tables = append(s.tables, slices.Sorted(slices.Values(append(slices.Clone(dims), d))))
	}
	return nil
}

func (s *tableSet) addDim(name string, column *wordColumn) int {
	if at := slices.Index(s.dims, name); at >= 0 {
		return at
	}
	s.dims, s.words, s.at, s.of = append(s.dims, name), append(s.words, nil), append(s.at, nil), append(s.of, nil)
	s.setColumn(len(s.dims)-1, column)
	return len(s.dims) - 1
}

// setColumn gives a dimension its persons' words, and its categories their order.
func (s *tableSet) setColumn(d int, column *wordColumn) {
	words := slices.Clone(column.words)
	words[0] = wordUnknown
	slices.Sort(words)
	at := map[string]uint16{}
	for i, w := range words {
		at[w] = uint16(i)
	}
	s.words[d], s.at[d], s.of[d] = words, at, column
}

func (s *tableSet) dim(name string) (int, error) {
	column := ""
	switch {
	case name == "adult" || name == "age":
		for _, c := range s.identify() {
			if c.name == name {
				return s.addDim(name, c.of), nil
			}
		}
	case slices.Contains(tableDims, name):
		column = name
	default:
		column = fmt.Sprintf("x%d", slices.Index(tableFields(s.o.Tables), name))
	}
	c := s.people.columns[column]
	if c == nil {
		return 0, ConfigFinding(fmt.Sprintf("no dimension %q: there are %s, and the coded fields of record", name, strings.Join(tableDims, ", ")))
	}
	if len(c.words) > math.MaxUint16 {
		return 0, &ReleaseRefused{name + " has too many values for a table"}
	}
	return s.addDim(name, c), nil
}

// forms is the forms of exploitation that anybody is stated to have suffered, at the top of their list.
func (s *tableSet) forms() []string {
	var out []string
	for _, w := range s.people.columns["purposes"].words {
		for code := range strings.SplitSeq(w, ";") {
			if top := s.topForm(code); top != "" && !slices.Contains(out, top) {
				out = append(out, top)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (s *tableSet) topForm(code string) string {
	list := s.Schema.List("purpose")
	for i := list.Index(code); i >= 0; i = list.Index(list.Codes[i].Parent) {
		code = list.Codes[i].Code
		if list.Codes[i].Parent == "" {
			return code
		}
	}
	return ""
}

// purposeDim is the dimension of one form: whether it is stated of a person.
func (s *tableSet) purposeDim(form string) int {
	in, out := s.people.columns["purposes"], newWordColumn()
	codes := make([]uint32, len(in.words))
	for i, w := range in.words {
		for code := range strings.SplitSeq(w, ";") {
			if s.topForm(code) == form {
				codes[i] = out.code(form)
			}
		}
	}
	out.codes = make([]uint32, len(in.codes))
	for i, c := range in.codes {
		out.codes[i] = codes[c]
	}
	return s.addDim(dimPurpose+" "+form, out)
}

// fold makes one category of the values of a dimension that fewer than k persons have, with the next smallest where together they are
// too few still. A dimension of three values or fewer stays.
func (s *tableSet) fold() {
	for d, c := range s.of {
		n := make([]int64, len(c.words))
		for _, code := range c.codes {
			n[code]++
		}
		var codes []uint32
		for code := range c.words {
			if code > 0 && n[code] > 0 {
				codes = append(codes, uint32(code))
			}
		}
		if len(codes) <= 3 {
			continue
		}
		slices.SortFunc(codes, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(n[a], n[b]), cmp.Compare(c.words[a], c.words[b]))
		})
		folded := map[uint32]bool{}
		var sum int64
		for _, code := range codes {
			if n[code] >= s.o.K && (sum == 0 || sum >= s.o.K) {
				break
			}
			folded[code] = true
			sum += n[code]
		}
		if len(folded) == 0 {
			continue
		}
		out := newWordColumn()
		to := make([]uint32, len(c.words))
		for code, w := range c.words {
			if folded[uint32(code)] {
				w = wordOthers
			}
			to[code] = out.code(w)
		}
		out.codes = make([]uint32, len(c.codes))
		for i, code := range c.codes {
			out.codes[i] = to[code]
		}
		s.setColumn(d, out)
	}
}

// leaveOut says which persons are not counted: those whose sex or age is not known, where they are few. It asks of both whatever the
// tables are, so that the tables of two releases are of the same persons.
func (s *tableSet) leaveOut() []bool {
	out := make([]bool, s.people.n)
	for _, c := range s.identify() {
		if c.name != "sex" && c.name != "adult" {
			continue
		}
		unknown := 0
		for _, code := range c.of.codes {
			if code == 0 {
				unknown++
			}
		}
		if 100*unknown > fewUnknown*s.people.n {
			continue
		}
		for i, code := range c.of.codes {
			out[i] = out[i] || code == 0
		}
	}
	return out
}

// count gathers the persons into atoms. Categories that an earlier release has and this one lacks must be there by then.
func (s *tableSet) count() {
	recode := make([][]uint16, len(s.dims))
	for d, c := range s.of {
		recode[d] = make([]uint16, len(c.words))
		for i, w := range c.words {
			recode[d][i] = s.at[d][cmp.Or(w, wordUnknown)]
		}
	}
	s.cube = &disclose.Cube{Tables: s.tables}
	for d := range s.dims {
		s.cube.Sizes = append(s.cube.Sizes, len(s.words[d]))
	}
	at := map[string]uint32{}
	key := make([]byte, 2*len(s.dims))
	s.atom = make([]uint32, s.people.n)
	for i, out := range s.leaveOut() {
		if out {
			s.atom[i] = none
			s.uncounted++
			continue
		}
		for d := range s.dims {
			c := recode[d][s.of[d].codes[i]]
			key[2*d], key[2*d+1] = byte(c), byte(c>>8)
		}
		a, known := at[string(key)]
		if !known {
			a = uint32(len(s.cube.Atoms))
			at[string(key)] = a
			place := make([]uint16, len(s.dims))
			for d := range place {
				place[d] = uint16(key[2*d]) | uint16(key[2*d+1])<<8
			}
			s.cube.Atoms = append(s.cube.Atoms, disclose.Atom{At: place})
		}
		s.cube.Atoms[a].New++
		s.atom[i] = a
	}
}

// protect decides what is withheld, as against each earlier release of tables in turn.
func (s *tableSet) protect() error {
	rule := disclose.SmallCells{Least: s.o.K, Base: s.o.Base}
	var against []*compareTables
	for _, e := range s.earlier {
		if e.family() != familyTables || !e.whole {
			continue
		}
		c, err := s.openEarlier(e)
		if err != nil {
			return err
		}
		against = append(against, c)
	}
	s.count()
	var err error
	for _, c := range against {
		cube, err := c.cube()
		if err != nil {
			return err
		}
		if s.safe, err = disclose.Protect(cube, rule, s.safe); err != nil {
			return err
		}
	}
	if len(against) == 0 {
		s.safe, err = disclose.Protect(s.cube, rule, nil)
	}
	return err
}

// releaseTables writes what is asked for of the tables, and what the register keeps.
func (r *release) releaseTables() error {
	s, err := r.newTableSet()
	if err != nil {
		return err
	}
	r.out.Base = r.o.Base
	if slices.Contains(r.o.Kinds, ReleaseSDMX) {
		if err := s.fitSDMX(); err != nil {
			return err
		}
	}
	if err := s.protect(); errors.Is(err, disclose.ErrCyclic) {
		return ConfigFinding(err.Error())
	} else if err != nil {
		return err
	}
	r.out.Tables = s.report()
	for _, kind := range r.o.Kinds {
		switch kind {
		case ReleaseTables:
			err = s.writeTables(filepath.Join(r.stage, "tables.csv"))
		case ReleaseSDMX:
			err = s.writeSDMX(r.stage)
		}
		if err != nil {
			return err
		}
	}
	return s.enter()
}

// enter writes to the register where each person was counted, and what was withheld.
func (s *tableSet) enter() error {
	if err := s.enterPeople(func(person int) (uint32, bool) { return s.atom[person], s.atom[person] != none }); err != nil {
		return err
	}
	if err := writeCSVFile(filepath.Join(s.private, registeredAtoms), func(put func([]string) error) error {
		if err := put(s.dims); err != nil {
			return err
		}
		for i := range s.cube.Atoms {
			row := make([]string, len(s.dims))
			for d, c := range s.cube.Atoms[i].At {
				row[d] = s.words[d][c]
			}
			if err := put(row); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return writeCSVFile(filepath.Join(s.private, registeredWithheld), func(put func([]string) error) (err error) {
		for _, t := range s.tables { // first the tables: a row of their dimensions, behind a blank
			row := []string{""}
			for _, d := range t {
				row = append(row, s.dims[d])
			}
			if err := put(row); err != nil {
				return err
			}
		}
		s.safe.Cells(func(c disclose.Cell) {
			if c.Withheld && err == nil {
				row := make([]string, 0, 2*len(c.Dims)+1)
				row = append(row, "withheld")
				for i, d := range c.Dims {
					row = append(row, s.dims[d], s.words[d][c.At[i]])
				}
				err = put(row)
			}
		})
		return err
	})
}

// tableName is the dimensions of a table as words.
func (s *tableSet) tableName(dims []int) string {
	var out []string
	for _, d := range dims {
		out = append(out, s.dims[d])
	}
	return strings.Join(out, " × ")
}

// report measures what the tables show.
func (s *tableSet) report() *TablesReport {
	out := &TablesReport{Uncounted: s.uncounted, Small: s.safe.Small, Beside: s.safe.Beside, Closed: s.safe.Closed}
	for _, t := range s.tables {
		out.Tables = append(out.Tables, TableReport{Name: s.tableName(t)})
	}
	var sum float64
	n := 0
	s.safe.Cells(func(c disclose.Cell) {
		for i, t := range s.tables {
			if c.Count == 0 || !within(c.Dims, t) {
				continue
			}
			r := &out.Tables[i]
			r.Cells++
			r.Persons += c.Count
			if !c.Withheld {
				r.Shown++
				r.PersonsShown += c.Count
			}
		}
		if c.Count > 0 && !c.Withheld {
			d := 100 * math.Abs(float64(c.Shown.Count-c.Count)) / float64(c.Count)
			out.LargestRounding = max(out.LargestRounding, d)
			sum += d
			n++
		}
	})
	if n > 0 {
		out.MeanRounding = sum / float64(n)
	}
	return out
}

func within(dims, table []int) bool {
	for _, d := range dims {
		if !slices.Contains(table, d) {
			return false
		}
	}
	return true
}

// writeTables writes a line a cell: its categories, the count or that it is withheld. A dimension that the cell's margin is
// not of is all.
func (s *tableSet) writeTables(path string) error {
	return writeCSVFile(path, func(put func([]string) error) (err error) {
		if err := put(append(slices.Clone(s.dims), "persons", "status")); err != nil {
			return err
		}
		row := make([]string, len(s.dims)+2)
		s.safe.Cells(func(c disclose.Cell) {
			if err != nil {
				return
			}
			for d := range s.dims {
				row[d] = wordTotal
			}
			for i, d := range c.Dims {
				row[d] = s.words[d][c.At[i]]
			}
			row[len(s.dims)], row[len(s.dims)+1] = fmt.Sprint(c.Shown.Count), "shown"
			if c.Withheld {
				row[len(s.dims)], row[len(s.dims)+1] = "", "withheld"
			}
			err = put(row)
		})
		return err
	})
}
