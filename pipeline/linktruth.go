package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"palermo/diag"
	"palermo/transform/link"
)

// readTruth finds, for each record, a number of the person that it is of: from a column of the
// files, else from a CSV of ids and clusters, or of pairs.
func (w *linkWork) readTruth(ctx context.Context) error {
	if slices.ContainsFunc(w.files, func(f *linkFile) bool { return f.column(w.o.Truth) != nil }) {
		w.truthColumn()
		return nil
	}
	if _, err := os.Stat(w.o.Truth); errors.Is(err, fs.ErrNotExist) {
		return wrong(diag.LinkTruth, "--truth: neither a column nor a file")
	}
	f, err := readLinkFile(ctx, w.o.Truth, nil)
	if err != nil {
		return err
	}
	byID := make(map[string]int32, len(w.table.IDs))
	for i, id := range w.table.IDs {
		byID[id] = int32(i)
	}
	t := &truthFile{w: w, f: f, byID: byID, persons: newPersons(len(w.table.IDs))}
	found, err := t.read()
	if err != nil {
		return err
	}
	if found == 0 {
		return wrong(diag.LinkTruth, "--truth: the file knows none of the records")
	}
	w.truth = t.persons.numbers()
	return nil
}

// truthColumn takes the column's words as persons. A record without one is a person of its own.
func (w *linkWork) truthColumn() {
	number := map[string]int32{}
	next := int32(0)
	for _, f := range w.files {
		c := f.column(w.o.Truth)
		for row := range f.rows {
			if c == nil || c.At[row] == link.Missing {
				w.truth = append(w.truth, next)
				next++
				continue
			}
			word := c.Words[c.At[row]]
			n, ok := number[word]
			if !ok {
				n = next
				number[word] = n
				next++
			}
			w.truth = append(w.truth, n)
		}
	}
}

// persons is union-find: records that are of one person.
type persons []int32

func newPersons(n int) persons {
	p := make(persons, n)
	for i := range p {
		p[i] = int32(i)
	}
	return p
}

func (p persons) of(i int32) int32 {
	for p[i] != i {
		p[i] = p[p[i]]
		i = p[i]
	}
	return i
}

func (p persons) join(a, b int32) {
	a, b = p.of(a), p.of(b)
	p[max(a, b)] = min(a, b)
}

func (p persons) numbers() []int32 {
	out := make([]int32, len(p))
	for i := range out {
		out[i] = p.of(int32(i))
	}
	return out
}

// truthFile is a file that says which records are of one person.
type truthFile struct {
	w       *linkWork
	f       *linkFile
	byID    map[string]int32
	persons persons
}

// surely is the score from which a scored pair is of one person.
const surely = 0.5

// read joins what the file says is one, and gives the number of records or pairs that it knows.
func (t *truthFile) read() (found int, err error) {
	id, cluster := t.column("id", t.w.o.ID), t.column("cluster", "cluster_id")
	left, right := t.column("id_l", t.w.o.ID+"_l"), t.column("id_r", t.w.o.ID+"_r")
	switch {
	case left != nil && right != nil:
		return t.pairs(left, right, t.column("score", "clerical_match_score"))
	case id != nil && cluster != nil:
		return t.clusters(id, cluster, t.column("list")), nil
	}
	return 0, linkFileError(diag.LinkTruth, diag.Pos{File: t.f.name}, "its columns are neither id and cluster nor id_l and id_r")
}

func (t *truthFile) column(names ...string) *link.Column {
	for _, n := range names {
		if c := t.f.column(n); c != nil {
			return c
		}
	}
	return nil
}

func wordAt(c *link.Column, row int) string {
	if c == nil || c.At[row] == link.Missing {
		return ""
	}
	return c.Words[c.At[row]]
}

// records is the records of that id: of the list, or of both where it is not said.
func (t *truthFile) records(id, list string) []int32 {
	if !t.w.two() {
		if i, ok := t.byID[id]; ok {
			return []int32{i}
		}
		return nil
	}
	var out []int32
	for _, l := range t.w.table.Lists {
		if i, ok := t.byID[l+":"+id]; ok && (list == "" || list == l) {
			out = append(out, i)
		}
	}
	return out
}

func (t *truthFile) clusters(id, cluster, list *link.Column) (found int) {
	first := map[string]int32{}
	for row := range t.f.rows {
		word := wordAt(cluster, row)
		if word == "" {
			continue
		}
		for _, i := range t.records(wordAt(id, row), wordAt(list, row)) {
			found++
			if one, ok := first[word]; ok {
				t.persons.join(one, i)
			} else {
				first[word] = i
			}
		}
	}
	return found
}

// pairs joins the pairs that have no score, or one that is high enough: of two files, the left of
// the first and the right of the second.
func (t *truthFile) pairs(left, right, score *link.Column) (found int, err error) {
	l, r := "", ""
	if t.w.two() {
		l, r = "1", "2"
	}
	for row := range t.f.rows {
		if score != nil {
			s, err := strconv.ParseFloat(wordAt(score, row), 64)
			if err != nil {
				return 0, linkFileError(diag.LinkTruth, diag.Pos{File: t.f.name}, "the score of pair %d is no number", row+1)
			}
			if s < surely {
				continue
			}
		}
		a, b := t.records(wordAt(left, row), l), t.records(wordAt(right, row), r)
		if len(a) == 1 && len(b) == 1 {
			found++
			t.persons.join(a[0], b[0])
		}
	}
	return found, nil
}
