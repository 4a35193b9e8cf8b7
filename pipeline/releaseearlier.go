package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"palermo/transform/disclose"
)

// compareTables is an earlier release of tables beside the one that is made.
type compareTables struct {
	*tableSet
	was      *was
	tables   []map[string]bool // of the earlier release, by the names of their dimensions
	withheld map[string]bool   // by cell
}

// openEarlier reads an earlier release, and gives the dimensions the categories that only it has.
func (s *tableSet) openEarlier(e *earlierRelease) (*compareTables, error) {
	w, err := e.read()
	if err != nil {
		return nil, err
	}
	c := &compareTables{tableSet: s, was: w, withheld: map[string]bool{}}
	for i, name := range w.head {
		d := slices.Index(s.dims, name)
		if d < 0 {
			continue
		}
		for _, atom := range w.atoms {
			if _, known := s.at[d][atom[i]]; !known {
				s.at[d][atom[i]] = uint16(len(s.words[d]))
				s.words[d] = append(s.words[d], atom[i])
			}
		}
	}
	rows, err := readCSVFile(filepath.Join(e.dir, registeredWithheld))
	if err != nil {
		return nil, environment(fmt.Errorf("the register of release %s is not whole: %w", e.ID, err))
	}
	for _, row := range rows {
		if row[0] == "" {
			table := map[string]bool{}
			for _, name := range row[1:] {
				table[name] = true
			}
			c.tables = append(c.tables, table)
			continue
		}
		c.withheld[strings.Join(row[1:], "\x00")] = true
	}
	return c, nil
}

// status is what the earlier release did with a cell.
func (c *compareTables) status(dims []int, at []uint16) disclose.Status {
	there := slices.ContainsFunc(c.tables, func(t map[string]bool) bool {
		for _, d := range dims {
			if !t[c.dims[d]] {
				return false
			}
		}
		return true
	})
	if !there {
		return disclose.NotThere
	}
	var key []string
	for i, d := range dims {
		key = append(key, c.dims[d], c.words[d][at[i]])
	}
	if c.withheld[strings.Join(key, "\x00")] {
		return disclose.WasWithheld
	}
	return disclose.WasShown
}

// cube is the persons parted by whether the earlier release counted them where this one does. A person whose records
// were counted apart then, or whose values have changed, is gone from where the person was counted.
func (c *compareTables) cube() (*disclose.Cube, error) {
	out := &disclose.Cube{Sizes: c.tableSet.cube.Sizes, Tables: c.tableSet.cube.Tables, Was: c.status}
	out.Atoms = slices.Clone(c.tableSet.cube.Atoms)
	for i := range out.Atoms {
		out.Atoms[i].New = 0
	}
	column := make([]int, len(c.dims)) // of the earlier release's atoms; -1 where it has no such dimension
	for d, name := range c.dims {
		column[d] = slices.Index(c.was.head, name)
	}
	matched := make([]bool, len(c.was.atom))
	if err := c.eachRecord(func(person int, records []shortID) error {
		a := c.atom[person]
		if a == none {
			return nil
		}
		for _, id := range records {
			then, in := c.was.person[id]
			if in && !matched[then] && c.same(out.Atoms[a].At, c.was.atoms[c.was.atom[then]], column) {
				matched[then] = true
				out.Atoms[a].Both++
				return nil
			}
		}
		out.Atoms[a].New++
		return nil
	}); err != nil {
		return nil, err
	}
	gone := map[uint32]int64{}
	for person, atom := range c.was.atom {
		if !matched[person] {
			gone[atom]++
		}
	}
	for i := range c.was.atoms {
		if n := gone[uint32(i)]; n > 0 {
			at := make([]uint16, len(c.dims))
			for d, col := range column {
				if col >= 0 {
					at[d] = c.at[d][c.was.atoms[i][col]]
				}
			}
			out.Atoms = append(out.Atoms, disclose.Atom{At: at, Gone: n})
		}
	}
	return out, nil
}

// same reports whether a person was counted there as here, as far as the earlier release could tell.
func (c *compareTables) same(at []uint16, then []string, column []int) bool {
	for d, col := range column {
		if col >= 0 && c.words[d][at[d]] != then[col] {
			return false
		}
	}
	return true
}
