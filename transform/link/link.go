package link

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A Linker is a table and a spec, compiled. It is safe for use by several goroutines.
type Linker struct {
	spec     Spec
	table    *Table  // in the order of the ids
	order    []int32 // for each record of the table, which of the caller's it is
	features *features
	compare  comparer
	blocking *blocking

	once sync.Mutex
	seen *seen // where Fit has compared all pairs and they fit in memory
}

// Open standardises the table's words and makes the blocks. It borrows the table, which must not
// change while the Linker is in use. Errors are of the spec, or of a table that is none.
func Open(spec Spec, t *Table) (*Linker, error) {
	spec = spec.withDefaults()
	if err := spec.check(); err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	l := &Linker{spec: spec}
	l.table, l.order = inOrder(t)
	for i := range l.Len() - 1 {
		if l.table.IDs[i] == l.table.IDs[i+1] {
			return nil, errors.New("link: two records have the same id")
		}
	}
	l.features = &features{spec: &l.spec, table: l.table, made: map[string]*feature{}}
	l.features.makeAll()
	l.compare = compile(&l.spec, l.features)
	l.blocking = newBlocking(&l.spec, l.table, l.features)
	return l, nil
}

// inOrder is the table with its records in the order of their ids, so that the order in which they
// came decides nothing.
func inOrder(t *Table) (*Table, []int32) {
	order := make([]int32, t.Len())
	for i := range order {
		order[i] = int32(i)
	}
	if !slices.IsSorted(t.IDs) {
		slices.SortFunc(order, func(a, b int32) int {
			switch {
			case t.IDs[a] < t.IDs[b]:
				return -1
			case t.IDs[a] > t.IDs[b]:
				return 1
			}
			return 0
		})
	}
	out := &Table{IDs: make([]string, t.Len()), Lists: t.Lists}
	for i, k := range order {
		out.IDs[i] = t.IDs[k]
	}
	if t.List != nil {
		out.List = permuted(t.List, order)
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, Column{c.Name, c.Words, permuted(c.At, order)})
	}
	return out, order
}

func permuted(in, order []int32) []int32 {
	out := make([]int32, len(in))
	for i, k := range order {
		out[i] = in[k]
	}
	return out
}

// Len is the number of records. A record's number, wherever this package gives one, is its place
// in the order of the ids.
func (l *Linker) Len() int { return l.table.Len() }

// ID is the id of a record.
func (l *Linker) ID(i int32) string { return l.table.IDs[i] }

// Row is the place of a record in the table that was opened.
func (l *Linker) Row(i int32) int { return int(l.order[i]) }

// Spec is the spec with its defaults.
func (l *Linker) Spec() Spec { return l.spec }

// Blocks says what the rules bring together, and what the caps cost. It is known before any pair.
func (l *Linker) Blocks() BlockReport { return l.blocking.report }

// stratum is the number of a pair of lists: every pair of lists has a prior of its own.
func (l *Linker) stratum(a, b int32) uint32 {
	x, y := l.table.list(a), l.table.list(b)
	if x > y {
		x, y = y, x
	}
	return uint32(y*(y+1)/2 + x)
}

// strata names the pairs of lists by number, and says how many pairs of records each has.
func (l *Linker) strata() (names []string, pairs []float64) {
	n := l.listSizes()
	listName := func(i int) string {
		if len(l.table.Lists) == 0 {
			return ""
		}
		return l.table.Lists[i]
	}
	for y := range n {
		for x := range y + 1 {
			names = append(names, listName(x)+"|"+listName(y))
			switch {
			case x != y:
				pairs = append(pairs, n[x]*n[y])
			case l.spec.Across:
				pairs = append(pairs, 0)
			default:
				pairs = append(pairs, n[x]*(n[x]-1)/2)
			}
		}
	}
	return names, pairs
}

// listSizes is how many records each list has.
func (l *Linker) listSizes() []float64 {
	n := make([]float64, l.table.lists())
	for i := range l.table.Len() {
		n[l.table.list(int32(i))]++
	}
	return n
}
