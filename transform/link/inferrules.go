package link

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// An atom is a feature that a rule may be on, and how often two records of one person that both
// have the field are taken to agree in it: typing errors spare a first letter more often than a
// word. The numbers only rank rules against each other; the model is fitted from the data.
type atom struct {
	of       string
	group    int     // the field: a rule has at most one atom of a group
	agrees   float64 // 0 to 1
	keys     [][]uint64
	filled   float64
	identity bool // of a field that persons are told apart by
}

// atomsOf is what a field of the role may be blocked on.
func atomsOf(f *inferredField) []atom {
	n := f.Name
	switch f.role {
	case roleGiven, roleSurname:
		return []atom{{of: n, agrees: 0.72}, {of: n + ".skeleton", agrees: 0.77}, {of: n + ".consonants", agrees: 0.82}, {of: n + ".first3", agrees: 0.87}, {of: n + ".initial", agrees: 0.94}}
	case roleFull:
		return []atom{{of: n + ".sorted", agrees: 0.5}, {of: n + ".rare", agrees: 0.7}, {of: n + ".token", agrees: 0.9}, {of: n + ".initial", agrees: 0.8}}
	case roleBirth:
		return []atom{{of: n + ".exact", agrees: 0.75}, {of: n + ".monthday", agrees: 0.82}, {of: n + ".years", agrees: 0.9}}
	case roleDate:
		return []atom{{of: n, agrees: 0.3}, {of: n + ".weeks", agrees: 0.8}}
	case roleEmail:
		return []atom{{of: n, agrees: 0.7}, {of: n + ".user", agrees: 0.75}}
	case roleNumber, rolePhone:
		return []atom{{of: n, agrees: 0.8}, {of: n + ".first4", agrees: 0.87}, {of: n + ".last4", agrees: 0.87}}
	case rolePost:
		return []atom{{of: n, agrees: 0.75}, {of: n + ".first4", agrees: 0.8}, {of: n + ".first2", agrees: 0.85}}
	case roleAmount:
		return []atom{{of: n, agrees: 0.3}, {of: n + ".near", agrees: 0.85}}
	case roleText:
		if f.Kind == Text && f.p.tokens > 2 {
			return []atom{{of: n, agrees: 0.5}, {of: n + ".rare", agrees: 0.5}, {of: n + ".token", agrees: 0.9}, {of: n + ".first4", agrees: 0.75}}
		}
		if f.Kind == Text {
			return []atom{{of: n, agrees: 0.7}, {of: n + ".consonants", agrees: 0.77}, {of: n + ".first3", agrees: 0.82}}
		}
		return []atom{{of: n, agrees: 0.75}}
	case roleCode:
		return []atom{{of: n, agrees: 0.85}}
	}
	return nil
}

const (
	ruleRecords   = 8000 // of the sample that rules are tried on
	rulePairs     = 15.0 // a record: what one rule may cost
	allRulesPairs = 60.0 // a record: what all may
	mostRules     = 24
	mostRuled     = 14   // fields that rules are on
	mostTriples   = 6000 // of atoms that are tried
	trials        = 4096 // imagined pairs of one person
	leastGain     = 2    // of them: what a further rule must bring
	wholeEnough   = 0.7  // of the records: the blocks of so many have to be under the cap
	refinable     = 0.85 // of the records: from here on, parting the others' blocks costs little
	narrowed      = 400  // times rulePairs: up to which a pair of atoms is narrowed by a third
)

// candidate is a rule that may be chosen.
type candidate struct {
	atoms []int
	cost  float64             // pairs a record
	whole float64             // the share of records whose block is not over the cap
	hits  [trials / 64]uint64 // the imagined pairs that it brings together
}

// rules chooses the rules: again and again the one that brings the most new pairs of one person for
// what it costs. What a rule brings is tried on imagined pairs, each of whose fields is spoilt or
// not; what it costs, on a sample of the records.
func (in *inference) rules() {
	r := in.newRuling()
	for a := range r.atoms {
		r.try([]int{a})
	}
	for a := range r.atoms {
		for b := a + 1; b < len(r.atoms); b++ {
			if r.atoms[a].group != r.atoms[b].group {
				r.try([]int{a, b})
			}
		}
	}
	r.choose(in)
}

type ruling struct {
	atoms      []atom
	records    int     // of the sample
	scale      float64 // records of the table a record of the sample
	cap        float64
	list       func(int32) int32
	across     bool
	identity   bool                  // there are identifying atoms
	agree      [][trials / 64]uint64 // by atom: the imagined pairs that agree in it
	candidates []candidate
	triples    int // tried
	meet       meeting
}

func (in *inference) newRuling() *ruling {
	t := someOf(in.table, (&Linker{table: in.table}).sampleOf(ruleRecords))
	r := &ruling{records: t.Len(), list: t.list, across: in.spec.Across, cap: defaultBlock}
	r.scale = float64(in.table.Len()) / float64(max(r.records, 1))
	fs := &features{spec: &in.spec, table: t, made: map[string]*feature{}}
	for _, g := range in.ruled() {
		f := &in.fields[g]
		for _, a := range atomsOf(f) {
			a.group, a.identity = g, slices.Contains(identifying, f.role)
			r.identity = r.identity || a.identity
			if r.look(&a, fs.get(a.of)) {
				r.atoms = append(r.atoms, a)
				r.agree = append(r.agree, imagine(g, a.filled, a.agrees))
			}
		}
	}
	return r
}

// ruled is the fields that rules may be on: those that persons are told apart by, then those in which
// two records agree the least often by chance.
func (in *inference) ruled() []int {
	var out []int
	for g := range in.fields {
		out = append(out, g)
	}
	other := func(g int) int {
		if slices.Contains(identifying, in.fields[g].role) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(other(a)-other(b), cmp.Compare(in.fields[a].p.equal, in.fields[b].p.equal))
	})
	out = out[:min(len(out), mostRuled)]
	slices.Sort(out)
	return out
}

// someOf is the table of some of the records, with no word that they do not have.
func someOf(t *Table, records []int32) *Table {
	out := &Table{Lists: t.Lists}
	for _, i := range records {
		out.IDs = append(out.IDs, t.IDs[i])
		if t.List != nil {
			out.List = append(out.List, t.List[i])
		}
	}
	for _, c := range t.Columns {
		words := make([]string, len(records))
		for k, i := range records {
			if c.At[i] != Missing {
				words[k] = c.Words[c.At[i]]
			}
		}
		out.Columns = append(out.Columns, NewColumn(c.Name, words))
	}
	return out
}

// look makes the keys of the sample's records. It reports whether any two records have one in common
// and not nearly all have.
func (r *ruling) look(a *atom, f *feature) bool {
	a.keys = make([][]uint64, r.records)
	n := 0.0
	for i := range r.records {
		for _, w := range f.set(int32(i)) {
			a.keys[i] = append(a.keys[i], f.hash[w])
		}
		if len(a.keys[i]) > 0 {
			n++
		}
	}
	a.filled = n / float64(max(r.records, 1))
	a.filled *= a.filled // both records must have it
	return n > 0
}

// identifies reports whether one of the atoms is of a field that persons are told apart by, where
// there is any such field: records that have only a place or a status in common are of neighbours
// and colleagues, and would teach the model to find those.
func (r *ruling) identifies(atoms []int) bool {
	return !r.identity || slices.ContainsFunc(atoms, func(a int) bool { return r.atoms[a].identity })
}

// identifying is the roles of fields that persons are told apart by.
var identifying = []role{roleGiven, roleSurname, roleFull, roleBirth, roleNumber, rolePhone, roleEmail}

// imagine is which of the imagined pairs agree, so that they agree in a coarser atom of the field
// where they agree in a finer one. Pairs differ in how badly they were recorded: one in four is as
// the atom says, the others two, three and five times as spoilt.
func imagine(group int, filled, agrees float64) (out [trials / 64]uint64) {
	var share [4]float64
	for i, times := range [...]float64{1, 2, 3, 5} {
		share[i] = filled * math.Pow(agrees, times)
	}
	for i := range trials {
		if float64(mix(mix(uint64(group)+1, 0x5bd1e995), uint64(i))>>11)/(1<<53) < share[i%len(share)] {
			out[i/64] |= 1 << (i % 64)
		}
	}
	return out
}

// try makes a candidate of the atoms, or of them and a third where they alone cost too much.
func (r *ruling) try(atoms []int) {
	c := candidate{atoms: slices.Clone(atoms)}
	for i := range c.hits {
		c.hits[i] = ^uint64(0)
		for _, a := range atoms {
			c.hits[i] &= r.agree[a][i]
		}
	}
	c.cost, c.whole = r.measure(atoms)
	if c.cost <= rulePairs {
		if c.whole >= wholeEnough && r.identifies(atoms) {
			r.candidates = append(r.candidates, c)
			return
		}
	}
	if len(atoms) == 2 && c.cost <= narrowed*rulePairs {
		for t := atoms[1] + 1; t < len(r.atoms) && r.triples < mostTriples; t++ {
			r.triples++
			if r.atoms[t].group != r.atoms[atoms[0]].group && r.atoms[t].group != r.atoms[atoms[1]].group {
				r.try([]int{atoms[0], atoms[1], t})
			}
		}
	}
}

// measure is the pairs a record that blocks on the atoms give, without blocks over the cap, and the
// share of records in others.
func (r *ruling) measure(atoms []int) (cost, whole float64) {
	r.meet.clear()
	entries := 0.0
	var keys, next []uint64
	for i := range r.records {
		keys = append(keys[:0], 1)
		for _, a := range atoms {
			next = next[:0]
			for _, h := range r.atoms[a].keys[i] {
				for _, k := range keys {
					next = append(next, mix(k, h))
				}
			}
			keys, next = next, keys
		}
		for _, k := range keys {
			r.meet.add(k, int(min(r.list(int32(i)), 1)))
			entries++
		}
	}
	if entries == 0 {
		return 0, 0
	}
	pairs, lost := 0.0, 0.0
	for i := range r.meet.slots {
		s := &r.meet.slots[i]
		if s.round != r.meet.round {
			continue
		}
		n := [2]float64{float64(s.n[0]), float64(s.n[1])}
		all := n[0] + n[1]
		if all > 1 && all*r.scale > r.cap {
			lost += all
			continue
		}
		p := all * (all - 1) / 2
		if r.across {
			p = n[0] * n[1]
		}
		pairs += p
	}
	return pairs * r.scale / float64(r.records), 1 - lost/entries
}

// meeting counts the records of each key. It is used again and again: a slot of an earlier round is
// free.
type meeting struct {
	slots []meetingSlot
	used  int
	round int32
}

type meetingSlot struct {
	key   uint64
	n     [2]int32 // records of the first list, and of others
	round int32
}

func (m *meeting) clear() {
	if m.slots == nil {
		m.slots = make([]meetingSlot, 1<<14)
	}
	m.used = 0
	m.round++
}

func (m *meeting) add(key uint64, list int) {
	if s := m.find(key); s.round == m.round {
		s.n[list]++
		return
	}
	if m.used++; 2*m.used > len(m.slots) {
		m.grow()
	}
	s := m.find(key)
	*s = meetingSlot{key: key, round: m.round}
	s.n[list]++
}

// find is the key's slot, or the one that it may have.
func (m *meeting) find(key uint64) *meetingSlot {
	for i := key * 0x9e3779b97f4a7c15 >> 20; ; i++ {
		if s := &m.slots[i&uint64(len(m.slots)-1)]; s.round != m.round || s.key == key {
			return s
		}
	}
}

func (m *meeting) grow() {
	old := m.slots
	m.slots = make([]meetingSlot, 2*len(old))
	for i := range old {
		if old[i].round == m.round {
			*m.find(old[i].key) = old[i]
		}
	}
}

// choose takes candidates until what another brings is not worth it.
func (r *ruling) choose(in *inference) {
	var have [trials / 64]uint64
	spent := 0.0
	for len(in.spec.Blocking) < mostRules {
		best, gain, worth := -1, 0, 0.0
		for i := range r.candidates {
			c := &r.candidates[i]
			if spent+c.cost > allRulesPairs {
				continue
			}
			n := 0
			for k, h := range c.hits {
				n += bits.OnesCount64(h &^ have[k])
			}
			if w := float64(n) * c.whole / (c.cost + 1); n >= leastGain && w > worth {
				best, gain, worth = i, n, w
			}
		}
		if best < 0 || gain < leastGain {
			break
		}
		c := &r.candidates[best]
		spent += c.cost
		for k, h := range c.hits {
			have[k] |= h
		}
		in.spec.Blocking = append(in.spec.Blocking, r.rule(c))
	}
}

// rule is the candidate as a rule; blocks over the cap are parted by the surest atoms of other
// fields.
func (r *ruling) rule(c *candidate) Rule {
	var out Rule
	used := map[int]bool{}
	for _, a := range c.atoms {
		out.On = append(out.On, r.atoms[a].of)
		used[r.atoms[a].group] = true
	}
	for len(out.Refine) < 2 && c.whole > refinable {
		best, share := -1, 0.3
		for a := range r.atoms {
			if s := r.atoms[a].filled * r.atoms[a].agrees; !used[r.atoms[a].group] && s > share {
				best, share = a, s
			}
		}
		if best < 0 {
			break
		}
		used[r.atoms[best].group] = true
		out.Refine = append(out.Refine, r.atoms[best].of)
	}
	return out
}
