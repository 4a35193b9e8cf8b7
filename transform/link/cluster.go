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
	Merges  []Merge      // component by component, and in each in the order in which they were made
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
		pairs = l.amongRivals(pairs)
	}
	return cluster(l.Len(), pairs, BitsOf(l.spec.Thresholds.Link), l.spec.Guard, constraints, lists)
}

func cluster(n int, pairs []Pair, link float64, guard Guard, constraints []Constraint, list func(int32) int32) *Clusters {
	of := newForest(n)
	for _, p := range pairs {
		if p.Bits >= link {
			of.unite(p.A, p.B)
		}
	}
	for _, k := range constraints {
		if k.Same {
			of.unite(k.A, k.B)
		}
	}
	out := &Clusters{Of: make([]int32, n)}
	for i := range out.Of {
		out.Of[i] = int32(i)
	}
	inside := byComponent(of, pairs, func(p Pair) (int32, int32) { return p.A, p.B })
	known := byComponent(of, constraints, func(k Constraint) (int32, int32) { return k.A, k.B })
	c := newClustering(out, guard, list)
	for root := range int32(n) {
		if of.root(root) == root && (len(inside(root)) > 0 || len(known(root)) > 0) {
			c.component(inside(root), link, known(root))
		}
	}
	return out
}

// forest is union-find: each tree is a component, named after its smallest record.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) root(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) unite(a, b int32) {
	a, b = f.root(a), f.root(b)
	f[max(a, b)] = min(a, b)
}

// byComponent is, for each component, those of the list that are inside it, in their order.
func byComponent[T any](of forest, list []T, ends func(T) (int32, int32)) func(root int32) []T {
	from := make([]int32, len(of)+1)
	component := func(v T) (int32, bool) {
		a, b := ends(v)
		root := of.root(a)
		return root, root == of.root(b)
	}
	for _, v := range list {
		if root, in := component(v); in {
			from[root+1]++
		}
	}
	for i := range of {
		from[i+1] += from[i]
	}
	sorted := make([]T, from[len(of)])
	next := slices.Clone(from)
	for _, v := range list {
		if root, in := component(v); in {
			sorted[next[root]] = v
			next[root]++
		}
	}
	return func(root int32) []T { return sorted[from[root]:from[root+1]] }
}

// clustering joins the records of one component after another: no pair between two components is
// a link, so that none decides anything of another. Union-find with the weights between clusters
// kept beside it.
type clustering struct {
	out     *Clusters
	guard   Guard
	of      forest                   // the clusters so far
	list    func(int32) int32        // not nil: one record of each list
	members map[int32][]int32        // of clusters of two or more
	apart   map[[2]int32]bool        // clusters that must not be one
	near    map[int32]map[int32]bool // clusters with weights or constraints between
	between map[[2]int32]weight
}

// weight is the pairs between two clusters that were kept.
type weight struct {
	bits  float64
	pairs int64
}

func newClustering(out *Clusters, guard Guard, list func(int32) int32) *clustering {
	return &clustering{out: out, guard: guard, of: forest(out.Of), list: list, members: map[int32][]int32{},
		apart: map[[2]int32]bool{}, between: map[[2]int32]weight{}, near: map[int32]map[int32]bool{}}
}

// component joins the records of a component by the pairs within it.
func (c *clustering) component(pairs []Pair, link float64, constraints []Constraint) {
	if len(pairs) == 1 && len(constraints) == 0 && c.list == nil && pairs[0].Bits >= max(link, c.guard.Average) {
		p := pairs[0]
		c.out.Merges = append(c.out.Merges, Merge{A: p.A, B: p.B, By: p, Average: p.Bits})
		c.of.unite(p.A, p.B)
		return
	}
	clear(c.members)
	clear(c.apart)
	clear(c.between)
	clear(c.near)
	c.constrain(constraints)
	c.weights(pairs)
	edges := make([]Pair, 0, len(pairs))
	for _, p := range pairs {
		if p.Bits >= link {
			edges = append(edges, p)
		}
	}
	slices.SortFunc(edges, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Bits, x.Bits), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	for _, e := range edges {
		c.join(e)
	}
	for _, m := range c.members {
		for _, i := range m {
			c.of[i] = c.of.root(i)
		}
	}
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
		if a, b := c.of.root(k.A), c.of.root(k.B); k.Same && a != b {
			c.unite(a, b, Merge{By: Pair{A: min(k.A, k.B), B: max(k.A, k.B)}, Constrained: true})
		}
	}
	for _, k := range constraints {
		if k.Same {
			continue
		}
		a, b := c.of.root(k.A), c.of.root(k.B)
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
		a, b := c.of.root(p.A), c.of.root(p.B)
		if a == b {
			continue
		}
		w := c.between[key(a, b)]
		c.between[key(a, b)] = weight{w.bits + p.Bits, w.pairs + 1}
		c.meet(a, b)
	}
}

func (c *clustering) join(e Pair) {
	a, b := c.of.root(e.A), c.of.root(e.B)
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
	c.of.unite(a, b)
	for _, o := range sortedKeys(c.near[b]) {
		delete(c.near[o], b)
		if w, ok := c.between[key(b, o)]; ok {
			delete(c.between, key(b, o))
			if o != a {
				v := c.between[key(a, o)]
				c.between[key(a, o)] = weight{v.bits + w.bits, v.pairs + w.pairs}
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
