package pipeline

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// recordSet is the current records of a snapshot, before they are gathered to persons: by record, one word a column.
type recordSet struct {
	at       map[shortID]int32 // by record
	id       []shortID
	version  []int32
	since    []string // day of registration; empty where it is not known
	person   []shortID
	linked   []bool
	columns  map[string]*wordColumn
	ofPerson map[shortID][3]uint32 // of persons: codes of sex, citizenship and age at exploitation
}

// eachRow hands f the rows of the files.
func eachRow(paths []string, f func([]string) error) error {
	for _, path := range paths {
		in, err := os.Open(path)
		if err != nil {
			return environment(err)
		}
		r := csv.NewReader(in)
		r.ReuseRecord = true
		for {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = f(row)
			}
			if err != nil {
				in.Close()
				return fmt.Errorf("read the persons: %w", err)
			}
		}
		if err := errors.Join(in.Close(), os.Remove(path)); err != nil {
			return environment(err)
		}
	}
	return nil
}

var errID = errors.New("an id of the snapshot has not the form of one")

func (r *recordSet) column(name string) *wordColumn {
	c := r.columns[name]
	if c == nil {
		c = newWordColumn()
		r.columns[name] = c
	}
	return c
}

// read reads what peopleQuery copied.
func (r *recordSet) read(files map[string][]string, extra []string) error {
	texts := slices.Clone(recordTexts)
	for i := range extra {
		texts = append(texts, fmt.Sprintf("x%d", i))
	}
	if err := eachRow(files["record"], func(row []string) error {
		id, ok := shortIDOf(row[0])
		version, err := strconv.ParseInt(row[1], 10, 32)
		if !ok || err != nil {
			return errID
		}
		r.at[id] = int32(len(r.id))
		r.id, r.version, r.since = append(r.id, id), append(r.version, int32(version)), append(r.since, strings.Clone(row[2]))
		r.column("year").add(row[3])
		for i, name := range texts {
			r.column(name).add(row[4+i])
		}
		return nil
	}); err != nil {
		return err
	}
	r.person, r.linked = slices.Clone(r.id), make([]bool, len(r.id))
	if err := eachRow(files["member"], func(row []string) error {
		id, ok := shortIDOf(row[0])
		person, ok2 := shortIDOf(row[1])
		if !ok || !ok2 {
			return errID
		}
		if at, in := r.at[id]; in {
			r.person[at], r.linked[at] = person, true
		}
		return nil
	}); err != nil {
		return err
	}
	return errors.Join(r.readPersons(files), r.readLists(files))
}

func (r *recordSet) readPersons(files map[string][]string) error {
	r.ofPerson = map[shortID][3]uint32{}
	if err := eachRow(files["who"], func(row []string) error {
		id, ok := shortIDOf(row[0])
		if !ok {
			return errID
		}
		r.ofPerson[id] = [3]uint32{r.column("sex").code(row[1]), r.column("citizenship").code(row[2])}
		return nil
	}); err != nil {
		return err
	}
	first := map[shortID]int{}
	return eachRow(files["episode"], func(row []string) error {
		id, ok := shortIDOf(row[0])
		ordinal, err := strconv.Atoi(row[1])
		if !ok || err != nil {
			return errID
		}
		if was, seen := first[id]; !seen || ordinal < was {
			first[id] = ordinal
			p := r.ofPerson[id]
			p[2] = r.column("exploited_age").code(row[2])
			r.ofPerson[id] = p
		}
		return nil
	})
}

// readLists reads the codes that hang on records.
func (r *recordSet) readLists(files map[string][]string) error {
	fill := func(name string) *wordColumn {
		c := r.column(name)
		if c.codes == nil {
			c.codes = make([]uint32, len(r.id))
		}
		return c
	}
	current := func(row []string) (int32, bool) {
		id, _ := shortIDOf(row[0])
		at, in := r.at[id]
		return at, in && row[1] == strconv.Itoa(int(r.version[at]))
	}
	for _, l := range peopleLists {
		yes, no := fill(l.column), fill(l.column+"_denied")
		if err := eachRow(files[l.name], func(row []string) error {
			if at, in := current(row); in {
				yes.codes[at] = yes.code(joinCodes(yes.words[yes.codes[at]], row[2]))
				no.codes[at] = no.code(joinCodes(no.words[no.codes[at]], row[3]))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	place := fill("place")
	return eachRow(files["place"], func(row []string) error {
		if at, in := current(row); in {
			place.codes[at] = place.code(row[2])
		}
		return nil
	})
}

// joinCodes is the codes of both lists, each once, in order.
func joinCodes(a, b string) string {
	switch {
	case b == "" || a == b && !strings.Contains(a, ";"):
		return a
	case a == "" && !strings.Contains(b, ";"):
		return b
	}
	all := strings.Split(b, ";")
	if a != "" {
		all = append(all, strings.Split(a, ";")...)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ";")
}

// people gathers the records to persons, in the order of the persons' ids. The ids of the records are written aside: they are
// wanted at the end only.
func (r *recordSet) people(path string, extra []string) (p *people, err error) {
	order := make([]int32, len(r.id))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if c := bytes.Compare(r.person[a][:], r.person[b][:]); c != 0 {
			return c
		}
		switch sa, sb := r.since[a], r.since[b]; {
		case (sa == "") != (sb == ""):
			return cmp.Compare(sb, sa) // what is not known comes last
		case sa != sb:
			return cmp.Compare(sa, sb)
		}
		return bytes.Compare(r.id[a][:], r.id[b][:])
	})
	p = &people{columns: map[string]*wordColumn{}, records: path}
	lines, err := createLines(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lines.close()) }()
	for _, name := range peopleColumns(extra) {
		p.columns[name] = newWordColumn()
	}
	var line strings.Builder
	for len(order) > 0 {
		n := 1
		for n < len(order) && r.person[order[n]] == r.person[order[0]] {
			n++
		}
		own := order[:n]
		order = order[n:]
		if r.noVictim(own) {
			p.not++
			continue
		}
		r.addPerson(p, own, extra)
		line.Reset()
		for i, at := range own {
			if i > 0 {
				line.WriteByte(' ')
			}
			line.WriteString(r.id[at].record())
		}
		if err := lines.line(line.String()); err != nil {
			return nil, environment(err)
		}
	}
	return p, nil
}

// noVictim reports whether some record decides that the person is no victim, and none that the person may be one.
func (r *recordSet) noVictim(own []int32) bool {
	c, no := r.columns["status"], false
	for _, at := range own {
		switch c.word(int(at)) {
		case "":
		case "not_a_victim":
			no = true
		default:
			return false
		}
	}
	return no
}

func (r *recordSet) addPerson(p *people, own []int32, extra []string) {
	p.n++
	first := func(column string) string {
		c := r.columns[column]
		for _, at := range own {
			if w := c.word(int(at)); w != "" {
				return w
			}
		}
		return ""
	}
	last := func(column string) string {
		c := r.columns[column]
		for _, at := range slices.Backward(own) {
			if w := c.word(int(at)); w != "" {
				return w
			}
		}
		return ""
	}
	var of [3]string
	if codes, in := r.ofPerson[r.person[own[0]]]; in && r.linked[own[0]] {
		for i, name := range []string{"sex", "citizenship", "exploited_age"} {
			of[i] = r.column(name).words[codes[i]]
		}
	}
	for _, t := range releasedColumns {
		var word string
		switch {
		case t.column == "sex":
			word = cmp.Or(of[0], first("own_sex"))
		case t.column == "citizenship":
			word = of[1]
		case t.column == "exploited_age":
			word = cmp.Or(of[2], first("own_exploited_age"))
		case t.column == "kind":
			word = r.kind(own)
		case t.column == "country": // as CTDC takes it: where the person was exploited last, else where somebody met the person
			word = cmp.Or(last("place"), first("met_in"))
		case t.takes == takesLast:
			word = last(t.column)
		case t.takes == takesAll:
			for _, at := range own {
				word = joinCodes(word, r.columns[t.column].word(int(at)))
			}
		default:
			word = first(t.column)
		}
		p.columns[t.column].add(word)
	}
	for i := range extra {
		p.columns[fmt.Sprintf("x%d", i)].add(first(fmt.Sprintf("x%d", i)))
	}
}

// kind is how the person's records came about: by calls where all did.
func (r *recordSet) kind(own []int32) string {
	c, word := r.columns["kind"], ""
	for _, at := range own {
		if w := c.word(int(at)); w != "" && (word == "" || word == "hotline") {
			word = w
		}
	}
	return word
}
