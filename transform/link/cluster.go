package link

import (
	"cmp"
	"slices"
)

// A Constraint is what is known of two records beside the evidence.
type Constraint struct {
	A, B int32 // numbers of records
	Same bool  // must be one cluster; else must never be
}

// Clusters is which records are of one person.
type Clusters struct {
	Of      []int32      // for each record, the smallest number of a record of its cluster
	Merges  []Merge      // in the order in which they were made
	Refused []Pair       // links that a constraint or the guard kept apart
	Broken  []Constraint // that contradict others: must-links of records that must not be one
}

// A Merge is one joining of two clusters: by a pair, or by a constraint.
type Merge struct {
	A, B        int32   // the record that each cluster was named after, A < B
	By          Pair    // the strongest pair between them; of a constraint, its records and no bits
	Average     float64 // bits, over all pairs between the two
	Constrained bool
}

// Cluster joins the records of n that pairs say are of one person, the strongest pairs first. Two
// clusters join where no constraint forbids it and the average weight of all pairs between them
// reaches the guard's: one good pair does not join two groups whose other members speak against
// it. Equal weights are taken in the order of the records.
func Cluster(n int, pairs []Pair, link float64, guard Guard, constraints []Constraint) *Clusters {
	return cluster(n, pairs, link, guard, constraints, nil)
}

// Cluster joins the table's records as the spec says.
func (l *Linker) Cluster(pairs []Pair, constraints []Constraint) *Clusters {
	var lists func(i int32) int32
	if l.spec.OneToOne {
		lists = l.table.list
	}
	return cluster(l.Len(), pairs, BitsOf(l.spec.Thresholds.Link), l.spec.Guard, constraints, lists)
}

func cluster(n int, pairs []Pair, link float64, guard Guard, constraints []Constraint, list func(int32) int32) *Clusters {
	c := &clustering{out: &Clusters{}, guard: guard, of: make([]int32, n), members: map[int32][]int32{}, list: list,
		apart: map[[2]int32]bool{}, between: map[[2]int32]link2{}, near: map[int32]map[int32]bool{}}
	for i := range c.of {
		c.of[i] = int32(i)
	}
	c.constrain(constraints)
	edges := make([]Pair, 0, len(pairs))
	for _, p := range pairs {
		if p.Bits >= min(guard.Least, link) {
			edges = append(edges, p)
		}
	}
	slices.SortFunc(edges, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Bits, x.Bits), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	c.weights(pairs)
	for _, e := range edges {
		if e.Bits < link {
			break
		}
		c.join(e)
	}
	for i := range c.of {
		c.of[i] = c.root(int32(i))
	}
	c.out.Of = c.of
	return c.out
}

// clustering is union-find with the weights between clusters kept beside it.
type clustering struct {
	out     *Clusters
	guard   Guard
	of      []int32                  // towards the cluster's smallest record
	members map[int32][]int32        // of clusters of two or more
	list    func(int32) int32        // not nil: one record of each list
	apart   map[[2]int32]bool        // clusters that must not be one
	near    map[int32]map[int32]bool // clusters with weights or constraints between
	between map[[2]int32]link2
}

// link2 is the pairs between two clusters that were kept.
type link2 struct {
	bits  float64
	pairs int64
}

func (c *clustering) root(i int32) int32 {
	for c.of[i] != i {
		c.of[i] = c.of[c.of[i]]
		i = c.of[i]
	}
	return i
}

func (c *clustering) size(root int32) int64 { return int64(max(1, len(c.members[root]))) }

func (c *clustering) all(root int32) []int32 {
	if m := c.members[root]; m != nil {
		return m
	}
	return []int32{root}
}

func key(a, b int32) [2]int32 { return [2]int32{min(a, b), max(a, b)} }

// constrain joins what must be one, then notes what must not be.
func (c *clustering) constrain(constraints []Constraint) {
	for _, k := range constraints {
		if a, b := c.root(k.A), c.root(k.B); k.Same && a != b {
			c.unite(a, b, Merge{By: Pair{A: min(k.A, k.B), B: max(k.A, k.B)}, Constrained: true})
		}
	}
	for _, k := range constraints {
		if k.Same {
			continue
		}
		a, b := c.root(k.A), c.root(k.B)
		if a == b {
			c.out.Broken = append(c.out.Broken, k)
			continue
		}
		c.apart[key(a, b)] = true
		c.meet(a, b)
	}
}

func (c *clustering) meet(a, b int32) {
	for range 2 {
		if c.near[a] == nil {
			c.near[a] = map[int32]bool{}
		}
		c.near[a][b] = true
		a, b = b, a
	}
}

// weights notes the pairs between clusters.
func (c *clustering) weights(pairs []Pair) {
	for _, p := range pairs {
		a, b := c.root(p.A), c.root(p.B)
		if a == b {
			continue
		}
		w := c.between[key(a, b)]
		c.between[key(a, b)] = link2{w.bits + p.Bits, w.pairs + 1}
		c.meet(a, b)
	}
}

func (c *clustering) join(e Pair) {
	a, b := c.root(e.A), c.root(e.B)
	if a == b {
		return
	}
	average := c.average(a, b)
	if c.apart[key(a, b)] || !c.guard.Off && average < c.guard.Average || c.sameList(a, b) {
		c.out.Refused = append(c.out.Refused, e)
		return
	}
	c.unite(a, b, Merge{By: e, Average: average})
}

func (c *clustering) average(a, b int32) float64 {
	w, all := c.between[key(a, b)], c.size(a)*c.size(b)
	return (w.bits + float64(all-w.pairs)*c.guard.Unscored) / float64(all)
}

func (c *clustering) sameList(a, b int32) bool {
	if c.list == nil {
		return false
	}
	for _, x := range c.all(a) {
		for _, y := range c.all(b) {
			if c.list(x) == c.list(y) {
				return true
			}
		}
	}
	return false
}

// unite makes one cluster of two, named after the smaller record.
func (c *clustering) unite(a, b int32, m Merge) {
	a, b = min(a, b), max(a, b)
	m.A, m.B = a, b
	c.out.Merges = append(c.out.Merges, m)
	c.members[a] = append(slices.Clip(c.all(a)), c.all(b)...)
	delete(c.members, b)
	c.of[b] = a
	for _, o := range sortedKeys(c.near[b]) {
		delete(c.near[o], b)
		if w, ok := c.between[key(b, o)]; ok {
			delete(c.between, key(b, o))
			if o != a {
				v := c.between[key(a, o)]
				c.between[key(a, o)] = link2{v.bits + w.bits, v.pairs + w.pairs}
			}
		}
		if o != a {
			c.meet(a, o)
			if c.apart[key(b, o)] {
				c.apart[key(a, o)] = true
			}
		}
	}
	delete(c.near, b)
}

func sortedKeys(m map[int32]bool) []int32 {
	out := make([]int32, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
