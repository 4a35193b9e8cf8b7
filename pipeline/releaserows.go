package pipeline

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"palermo/transform/disclose"
)

// RowsReport is the risk and the utility of a release of rows.
type RowsReport struct {
	Shown       int             `json:"shown"`        // persons of whom there is a row
	LeftOut     int             `json:"left_out"`     // persons who could not be protected
	Whole       int             `json:"whole"`        // rows of which nothing is blanked or made coarser
	Classes     int             `json:"classes"`      // combinations of what identifies
	Smallest    int64           `json:"smallest"`     // persons of the smallest of them
	Unanimous   int             `json:"unanimous"`    // rows whose combination has one set of purposes: to know that somebody is in it is to know the purposes
	Cells       int64           `json:"cells"`        // values of what identifies that the persons have
	Kept        int64           `json:"kept"`         // of them, shown as they are
	MadeCoarser int64           `json:"made_coarser"` // shown coarser
	Columns     []ColumnReport  `json:"columns"`
	Figures     []ReleaseFigure `json:"figures"` // of what somebody may publish from the rows
}

// ColumnReport is what a release of rows keeps of one column.
type ColumnReport struct {
	Name    string `json:"name"`
	Values  int64  `json:"values"` // persons who have one
	Kept    int64  `json:"kept"`
	Coarser int64  `json:"made_coarser"`
	Blanked int64  `json:"blanked"` // also those of the persons left out
}

// ReleaseFigure is a figure from what is released beside the true one.
type ReleaseFigure struct {
	Of        string  `json:"of"` // column and value
	Released  int64   `json:"released"`
	Deviation float64 `json:"deviation"` // of the true one, in percent
	truth     int64
}

// identifying is the columns of a row by which somebody could be found, as CTDC has them; what is coarsened is in years
// and bands.
type identifying struct {
	name   string
	of     *wordColumn
	coarse func(word string) string // nil: it has no coarser form
	weight float64
}

// identify makes the identifying columns of the persons.
func (r *release) identify() []identifying {
	p := r.people
	derive := func(from string, f func(string) string) *wordColumn {
		in, out := p.columns[from], newWordColumn()
		codes := make([]uint32, len(in.words))
		for i, w := range in.words {
			codes[i] = out.code(f(w))
		}
		out.codes = make([]uint32, p.n)
		for i, c := range in.codes {
			out.codes[i] = codes[c]
		}
		return out
	}
	all := []identifying{
		{"year", p.columns["year"], period, 1},
		{"sex", p.columns["sex"], nil, 1},
		{"age", derive("age", ageBand), nil, 1},
		{"adult", derive("age", adult), nil, 1},
		{"adult_at_exploitation", derive("exploited_age", adult), nil, 0.5},
		{"adult_at_entry", derive("entry_age", adult), nil, 0.5},
		{"citizenship", p.columns["citizenship"], nil, 1},
		{"country", p.columns["country"], nil, 1},
	}
	for i, name := range r.o.With {
		if quasi, _ := r.leaves(releaseField{recordTable, name}); quasi {
			all = append(all, identifying{name, p.columns[fmt.Sprintf("x%d", i)], nil, 0.5})
		}
	}
	return all
}

// periodYears is how many years a coarser year stands for.
const periodYears = 5

// period is the five years that a year is in, those of CTDC's own releases ending with 4 or 9.
func period(word string) string {
	y, err := strconv.Atoi(word)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d-%d", y-y%periodYears, y-y%periodYears+periodYears-1)
}

// ages is CTDC's bands. It has 24 to 26 and 27 to 29; analysts' bands part 24 and 25 from 26 to 29, since published figures of
// the region ask for it, so that the two of CTDC are one here.
var ages = []struct {
	low, high int // the last is open
	word      string
}{{0, 8, "0--8"}, {9, 17, "9--17"}, {18, 20, "18--20"}, {21, 23, "21--23"}, {24, 29, "24--29"}, {30, 38, "30--38"}, {39, 47, "39--47"}, {48, -1, "48+"}}

// bounds reads an interval of ages; ok is false where there is none, and high is -1 where it is open.
func bounds(word string) (low, high int, ok bool) {
	l, h, found := strings.Cut(word, "-")
	low, err := strconv.Atoi(l)
	if !found || err != nil {
		return 0, 0, false
	}
	if high, err = strconv.Atoi(h); err != nil {
		high = -1
	}
	return low, high, true
}

func ageBand(word string) string {
	low, high, ok := bounds(word)
	if !ok {
		return ""
	}
	for _, a := range ages {
		if low >= a.low && (a.high < 0 || high >= 0 && high <= a.high) {
			return a.word
		}
	}
	return ""
}

// The words of what a person was.
const (
	wordAdult = "Adult"
	wordMinor = "Minor"
)

func adult(word string) string {
	low, high, ok := bounds(word)
	switch {
	case !ok:
		return ""
	case low >= 18:
		return wordAdult
	case high >= 0 && high < 18:
		return wordMinor
	}
	return ""
}

// rowSet is the persons as they may be shown.
type rowSet struct {
	*release
	columns []identifying
	rows    *disclose.Rows
	safe    *disclose.Anonymised
	order   []uint32 // of the persons shown, by what is shown of them: it says nothing of where they came from
	class   []uint32 // by person, the number of what is shown of what identifies
	classes [][]string
}

// word is what is shown of a person's column.
func (s *rowSet) word(person, column int) string {
	return s.columns[column].of.words[s.safe.Code(person, column)]
}

func (s *rowSet) named(person int, name string) string {
	at := slices.IndexFunc(s.columns, func(c identifying) bool { return c.name == name })
	return s.word(person, at)
}

// anonymise makes the persons k-anonymous: among those who stood together in each earlier release of rows, and those who
// are new, so that who joins the releases finds no fewer than k either.
func (r *release) anonymise() (*rowSet, error) {
	s := &rowSet{release: r, columns: r.identify(), rows: &disclose.Rows{}}
	for i := range s.columns {
		c := &s.columns[i]
		d := disclose.Column{Codes: c.of.codes, Weight: c.weight}
		if c.coarse != nil {
			fine := len(c.of.words)
			for code := range fine {
				d.Coarse = append(d.Coarse, c.of.code(c.coarse(c.of.words[code])))
			}
		}
		s.rows.Columns = append(s.rows.Columns, d)
	}
	var err error
	if s.rows.Strata, err = r.strata(); err != nil {
		return nil, err
	}
	if s.safe, err = disclose.Anonymise(s.rows, r.o.K); err != nil {
		return nil, err
	}
	s.arrange()
	return s, nil
}

// strata is by person the number of how the earlier releases of rows showed the person; nil where none did.
func (r *release) strata() ([]uint32, error) {
	var out []uint32
	for _, e := range r.earlier {
		if e.family() != familyRows || !e.whole {
			continue
		}
		w, err := e.read()
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = make([]uint32, r.people.n)
		}
		number := map[string]uint32{}
		if err := r.eachRecord(func(person int, records []shortID) error {
			key := fmt.Sprint(out[person])
			var places []uint32
			for _, id := range records {
				if p, in := w.person[id]; in {
					places = append(places, w.atom[p]+1)
				}
			}
			slices.Sort(places)
			key += fmt.Sprint(slices.Compact(places))
			if _, known := number[key]; !known {
				number[key] = uint32(len(number))
			}
			out[person] = number[key]
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listed is the columns that do not identify, in the order in which rows are compared.
var listed = []string{"kind", "means", "means_denied", "purposes", "purposes_denied", "activities", "relations", "ways", "status", "decider", "case_status"}

// arrange orders the rows by what they show.
func (s *rowSet) arrange() {
	p := s.people
	ranks := func(c *wordColumn) []uint32 {
		at := make([]uint32, len(c.words))
		for i := range at {
			at[i] = uint32(i)
		}
		slices.SortFunc(at, func(a, b uint32) int { return cmp.Compare(c.words[a], c.words[b]) })
		rank := make([]uint32, len(at))
		for i, code := range at {
			rank[code] = uint32(i)
		}
		return rank
	}
	width := len(s.columns)
	shown := make([][]uint32, width)
	for c := range s.columns {
		rank := ranks(s.columns[c].of)
		shown[c] = make([]uint32, p.n)
		for i := range p.n {
			if s.safe.Shown(i) {
				shown[c][i] = rank[s.safe.Code(i, c)]
			}
		}
	}
	for _, name := range append(slices.Clone(listed), s.plainExtra()...) {
		c := p.columns[name]
		rank := ranks(c)
		column := make([]uint32, p.n)
		for i, code := range c.codes {
			column[i] = rank[code]
		}
		shown = append(shown, column)
	}
	for i := range p.n {
		if s.safe.Shown(i) {
			s.order = append(s.order, uint32(i))
		}
	}
	slices.SortFunc(s.order, func(a, b uint32) int {
		for _, c := range shown {
			if c[a] != c[b] {
				return cmp.Compare(c[a], c[b])
			}
		}
		return 0
	})
	s.class = make([]uint32, p.n)
	for i, person := range s.order {
		same := i > 0
		for c := 0; same && c < width; c++ {
			same = shown[c][person] == shown[c][s.order[i-1]]
		}
		if !same {
			row := make([]string, width)
			for c := range s.columns {
				row[c] = s.word(int(person), c)
			}
			s.classes = append(s.classes, row)
		}
		s.class[person] = uint32(len(s.classes) - 1)
	}
}

// plainExtra is the names of the further columns that do not identify.
func (s *rowSet) plainExtra() []string {
	var out []string
	for i, name := range s.o.With {
		if !slices.ContainsFunc(s.columns, func(c identifying) bool { return c.name == name }) {
			out = append(out, fmt.Sprintf("x%d", i))
		}
	}
	return out
}

// releaseRows writes what is asked for of the rows, and what the register keeps.
func (r *release) releaseRows() error {
	s, err := r.anonymise()
	if err != nil {
		return err
	}
	r.out.Rows = s.report()
	for _, kind := range r.o.Kinds {
		switch kind {
		case ReleaseMicrodata:
			err = s.writeMicrodata(filepath.Join(r.stage, "microdata.csv"))
		case ReleaseHTCDS:
			err = s.writeHTCDS(filepath.Join(r.stage, "htcds.xlsx"))
		}
		if err != nil {
			return err
		}
	}
	if err := r.enterPeople(func(person int) (uint32, bool) { return s.class[person], s.safe.Shown(person) }); err != nil {
		return err
	}
	return writeCSVFile(filepath.Join(r.private, registeredAtoms), func(put func([]string) error) error {
		head := make([]string, len(s.columns))
		for i, c := range s.columns {
			head[i] = c.name
		}
		if err := put(head); err != nil {
			return err
		}
		for _, row := range s.classes {
			if err := put(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// report measures what the rows keep, and how far figures from them are from the true ones.
func (s *rowSet) report() *RowsReport {
	p := s.people
	out := &RowsReport{Shown: len(s.order), LeftOut: p.n - len(s.order), Classes: len(s.classes), Smallest: s.safe.Smallest}
	whole := make([]bool, p.n)
	for i := range whole {
		whole[i] = s.safe.Shown(i)
	}
	for c := range s.columns {
		col := ColumnReport{Name: s.columns[c].name}
		truth, released := make([]int64, len(s.columns[c].of.words)), make([]int64, len(s.columns[c].of.words))
		for i, code := range s.rows.Columns[c].Codes {
			if code == 0 {
				continue
			}
			col.Values++
			truth[code]++
			switch {
			case !s.safe.Shown(i):
				col.Blanked++
			case s.safe.Level(i, c) == disclose.Whole:
				col.Kept++
				released[code]++
			case s.safe.Level(i, c) == disclose.Coarser:
				col.Coarser++
				whole[i] = false
			default:
				col.Blanked++
				whole[i] = false
			}
		}
		out.Cells += col.Values
		out.Kept += col.Kept
		out.MadeCoarser += col.Coarser
		out.Columns = append(out.Columns, col)
		out.Figures = append(out.Figures, figuresOf(col.Name, s.columns[c].of.words, truth, released, s.o.K)...)
	}
	for _, w := range whole {
		if w {
			out.Whole++
		}
	}
	out.Unanimous = s.unanimous()
	return out
}

// figuresOf is the counts by the values of a column that k people or more have; what fewer have is no figure.
func figuresOf(name string, words []string, truth, released []int64, k int64) []ReleaseFigure {
	var out []ReleaseFigure
	for code, n := range truth {
		if n >= k {
			out = append(out, ReleaseFigure{Of: name + " " + words[code], Released: released[code], truth: n,
				Deviation: round1(100 * float64(released[code]-n) / float64(n))})
		}
	}
	slices.SortFunc(out, func(a, b ReleaseFigure) int { return cmp.Compare(a.Of, b.Of) })
	return out
}

func round1(x float64) float64 {
	if x < 0 {
		return -round1(-x)
	}
	return float64(int64(x*10+0.5)) / 10
}

// unanimous is how many rows are in a class of which all state the same purposes.
func (s *rowSet) unanimous() int {
	first, differ, size := map[uint32]uint32{}, map[uint32]bool{}, map[uint32]int{}
	purposes := s.people.columns["purposes"].codes
	for _, person := range s.order {
		class := s.class[person]
		size[class]++
		if f, seen := first[class]; !seen {
			first[class] = purposes[person]
		} else if f != purposes[person] {
			differ[class] = true
		}
	}
	n := 0
	for class, of := range size {
		if !differ[class] && first[class] != 0 {
			n += of
		}
	}
	return n
}
