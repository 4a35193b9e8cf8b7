package link

import (
	"cmp"
	"context"
	"iter"
	"math/bits"
	"slices"
)

// A block is the records that have one key of one rule in common, in the order of their numbers.
type block struct {
	key     uint64
	members []int32
}

// ruleBlocks is the blocks of one rule, one behind the other: at a million records there are millions
// of them, most of two records.
type ruleBlocks struct {
	keys    []uint64
	from    []uint32 // where each block's members begin, and where the last one's end
	members []int32
	first   uint32 // the number of the rule's first block among those of all rules, from 1
}

func (rb *ruleBlocks) len() int { return len(rb.keys) }

func (rb *ruleBlocks) of(k int) []int32 { return rb.members[rb.from[k]:rb.from[k+1]] }

func (rb *ruleBlocks) add(blk block) {
	rb.keys = append(rb.keys, blk.key)
	rb.members = append(rb.members, blk.members...)
	rb.from = append(rb.from, uint32(len(rb.members)))
}

// blocking is the pairs that are looked at, before there is any: every rule's blocks, without
// those that a cap dropped.
type blocking struct {
	rules  int
	blocks []ruleBlocks
	// ids is, for each record and each rule with one key a record, the number of its block from 1;
	// 0 where it has none or the block was dropped, so that no rule counts on another for a pair
	// that the other does not bring. Rules of several keys a record have theirs in sets.
	ids  []uint32
	sets [][][]uint32 // by rule and record; nil for rules of one key

	several bool // a rule has sets
	report  BlockReport
	gone    []Gone // blocks that a cap parted or dropped
	across  *Table // not nil: only pairs of two lists
}

// BlockReport is what the rules bring together, and what the caps cost.
type BlockReport struct {
	Records int          `json:"records"`
	Pairs   int64        `json:"pairs"` // over all rules; a pair of two rules counts twice
	Rules   []RuleReport `json:"rules"`
}

// RuleReport is one rule of a BlockReport.
type RuleReport struct {
	Rule     string  `json:"rule"`
	Blocks   int     `json:"blocks"`
	Pairs    int64   `json:"pairs"`
	Biggest  int     `json:"biggest"`   // records in the largest block
	TopShare float64 `json:"top_share"` // of the rule's pairs, those of its largest block
	Refined  int     `json:"refined"`   // blocks that were parted by a further feature
	Dropped  int     `json:"dropped"`   // blocks over the cap
	Lost     int64   `json:"lost"`      // pairs that dropping and parting cost; another rule may bring them
}

// SkewedShare is the share of a rule's pairs in one block from which the rule is skewed.
const SkewedShare = 0.2

func newBlocking(spec *Spec, t *Table, fs *features) *blocking {
	b := &blocking{rules: len(spec.Blocking), sets: make([][][]uint32, len(spec.Blocking)), blocks: make([]ruleBlocks, len(spec.Blocking))}
	if spec.Across {
		b.across = t
	}
	b.report.Records = t.Len()
	b.report.Rules = make([]RuleReport, b.rules)
	gone := make([][]Gone, b.rules)
	b.eachRule(func(r int) {
		b.report.Rules[r].Rule = spec.Blocking[r].String()
		gone[r] = b.rule(r, spec.Blocking[r], spec.Limits.Block, fs, t.Len())
	})
	b.gone = slices.Concat(gone...)
	b.spend(int64(spec.Limits.PairsPerRecord) * int64(t.Len()))
	b.number(t.Len())
	b.sum()
	return b
}

// eachRule does something for each rule, several at a time.
func (b *blocking) eachRule(work func(r int)) {
	_ = parallel(context.Background(), b.rules, func() struct{} { return struct{}{} }, func(_ struct{}, r int) { work(r) })
}

// rule makes the blocks of one rule: those over the cap are parted by the features of refine, one
// more at a time, and dropped where that does not help.
func (b *blocking) rule(r int, rule Rule, most int, fs *features, n int) (gone []Gone) {
	entries, several := keysOf(rule.On, fs, n)
	if several {
		b.sets[r] = make([][]uint32, n)
	}
	out, rep := &b.blocks[r], &b.report.Rules[r]
	*out = ruleBlocks{keys: make([]uint64, 0, n/4), from: make([]uint32, 1, n/4+1), members: make([]int32, 0, n/2)}
	for blk := range b.group(entries) {
		if len(blk.members) <= most {
			out.add(blk)
			continue
		}
		gone = append(gone, Gone{r, blk.key})
		if len(rule.Refine) > 0 {
			rep.Refined++
		}
		rep.Lost += b.count(blk.members)
		parts := []block{{blk.key, slices.Clone(blk.members)}}
		for _, of := range rule.Refine {
			for _, p := range parts {
				if len(p.members) > most {
					gone = append(gone, Gone{r, p.key})
				}
			}
			parts = b.part(parts, fs.get(of), most)
		}
		for _, p := range parts {
			if len(p.members) > most {
				rep.Dropped++
				gone = append(gone, Gone{r, p.key})
				continue
			}
			rep.Lost -= b.count(p.members)
			out.add(p)
		}
	}
	return gone
}

// part parts the blocks over the cap by one more feature.
func (b *blocking) part(in []block, f *feature, most int) []block {
	var out []block
	for _, blk := range in {
		if len(blk.members) <= most {
			out = append(out, blk)
			continue
		}
		var entries []entry
		for _, i := range blk.members {
			for _, w := range f.set(i) {
				entries = append(entries, entry{mix(blk.key, f.hash[w]), i})
			}
		}
		for p := range b.group(entries) {
			out = append(out, block{p.key, slices.Clone(p.members)})
		}
	}
	return out
}

// entry is a record and one of its keys.
type entry struct {
	key uint64
	rec int32
}

// group is the blocks of two records or more that have pairs. The members of one are only there until
// the next.
func (b *blocking) group(entries []entry) iter.Seq[block] {
	return func(yield func(block) bool) {
		var members []int32
		for run := range equalKeys(entries) {
			members = members[:0]
			for _, e := range run {
				if len(members) == 0 || members[len(members)-1] != e.rec {
					members = append(members, e.rec)
				}
			}
			if b.count(members) > 0 && !yield(block{run[0].key, members}) {
				return
			}
		}
	}
}

// count is the pairs among the members.
func (b *blocking) count(members []int32) int64 {
	n := int64(len(members))
	pairs := n * (n - 1) / 2
	if b.across == nil || pairs == 0 {
		return pairs
	}
	var few [16]int64
	in := few[:]
	if n := b.across.lists(); n > len(few) {
		in = make([]int64, n)
	}
	for _, i := range members {
		in[b.across.list(i)]++
	}
	for _, k := range in {
		pairs -= k * (k - 1) / 2
	}
	return pairs
}

// keyless begins every key.
const keyless = 0x51_7c_c1_b7_27_22_0a_95

// keysOf is the keys of the records by the features: none where one is missing, several where one
// is a set.
func keysOf(on []string, fs *features, n int) (entries []entry, several bool) {
	cols := make([]*feature, len(on))
	for k, of := range on {
		cols[k] = fs.get(of)
		several = several || cols[k].sets != nil
	}
	entries = make([]entry, 0, n)
	if several {
		return severalKeys(entries, cols, n), true
	}
	for i := range int32(n) {
		key := uint64(keyless)
		for _, f := range cols {
			w := f.at[i]
			if w == Missing {
				key = 0
				break
			}
			key = mix(key, f.hash[w])
		}
		if key != 0 {
			entries = append(entries, entry{key, i})
		}
	}
	return entries, false
}

func severalKeys(entries []entry, cols []*feature, n int) []entry {
	var keys, next []uint64
	for i := range int32(n) {
		keys = append(keys[:0], keyless)
		for _, f := range cols {
			next = next[:0]
			for _, w := range f.set(i) {
				for _, k := range keys {
					next = append(next, mix(k, f.hash[w]))
				}
			}
			keys, next = next, keys
		}
		for _, k := range keys {
			entries = append(entries, entry{k, i})
		}
	}
	return entries
}

// hashOf is FNV-1a. Models keep words as their hashes.
func hashOf(word string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * 0x100000001b3
	}
	return h
}

// mix puts b to a.
func mix(a, b uint64) uint64 {
	x := a ^ (b + 0x9e3779b97f4a7c15 + a<<6 + a>>2)
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	return x
}

// spend drops the largest blocks until the pairs are within the budget.
func (b *blocking) spend(budget int64) {
	total := int64(0)
	for r := range b.blocks {
		for k := range b.blocks[r].len() {
			total += b.count(b.blocks[r].of(k))
		}
	}
	if total <= budget {
		return
	}
	type sized struct {
		Gone
		pairs int64
	}
	var all []sized
	for r := range b.blocks {
		for k := range b.blocks[r].len() {
			all = append(all, sized{Gone{r, b.blocks[r].keys[k]}, b.count(b.blocks[r].of(k))})
		}
	}
	slices.SortFunc(all, func(x, y sized) int {
		return cmp.Or(cmp.Compare(y.pairs, x.pairs), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Key, y.Key))
	})
	dropped := map[Gone]bool{}
	for _, blk := range all {
		if total <= budget {
			break
		}
		rep := &b.report.Rules[blk.Rule]
		rep.Dropped++
		rep.Lost += blk.pairs
		total -= blk.pairs
		b.gone = append(b.gone, blk.Gone)
		dropped[blk.Gone] = true
	}
	for r := range b.blocks {
		old := b.blocks[r]
		left := ruleBlocks{from: []uint32{0}}
		for k := range old.len() {
			if !dropped[Gone{r, old.keys[k]}] {
				left.add(block{old.keys[k], old.of(k)})
			}
		}
		b.blocks[r] = left
	}
}

// number gives each record the numbers of its blocks.
func (b *blocking) number(n int) {
	b.ids = make([]uint32, n*b.rules)
	next := uint32(1)
	for r := range b.blocks {
		b.blocks[r].first = next
		next += uint32(b.blocks[r].len())
	}
	b.several = slices.ContainsFunc(b.sets, func(set [][]uint32) bool { return set != nil })
	b.eachRule(func(r int) {
		rb, set := &b.blocks[r], b.sets[r]
		for k := range rb.len() {
			id := rb.first + uint32(k)
			for _, i := range rb.of(k) {
				if set != nil {
					set[i] = append(set[i], id)
				} else {
					b.ids[int(i)*b.rules+r] = id
				}
			}
		}
	})
}

func (b *blocking) sum() {
	for r := range b.blocks {
		rb, rep := &b.blocks[r], &b.report.Rules[r]
		largest := int64(0)
		rep.Blocks = rb.len()
		for k := range rb.len() {
			pairs := b.count(rb.of(k))
			rep.Pairs += pairs
			rep.Biggest = max(rep.Biggest, len(rb.of(k)))
			largest = max(largest, pairs)
		}
		b.report.Pairs += rep.Pairs
		if rep.Pairs > 0 {
			rep.TopShare = float64(largest) / float64(rep.Pairs)
		}
	}
}

// mask is the rules that bring a and b together, as bits.
func (b *blocking) mask(x, y int32) (mask uint32) {
	rx, ry := b.ids[int(x)*b.rules:][:b.rules], b.ids[int(y)*b.rules:][:b.rules]
	for r, id := range rx {
		if id == ry[r] && id != 0 {
			mask |= 1 << r
		}
	}
	if !b.several {
		return mask
	}
	for r, set := range b.sets {
		if set != nil && common(set[x], set[y]) != 0 {
			mask |= 1 << r
		}
	}
	return mask
}

// firstIn reports whether a block is the first in which x and y meet, of a rule before which no other
// brings them together: the pair is of that block and no other.
func (b *blocking) firstIn(rule int, number uint32, x, y int32) bool {
	rx, ry := b.ids[int(x)*b.rules:][:rule], b.ids[int(y)*b.rules:][:rule]
	for r, id := range rx { // of a rule with sets it is 0
		if id == ry[r] && id != 0 {
			return false
		}
	}
	if !b.several {
		return true
	}
	for _, set := range b.sets[:rule+1] {
		if set == nil {
			continue
		}
		if id := common(set[x], set[y]); id != 0 && id != number {
			return false
		}
	}
	return true
}

// common is the smallest number in both, which ascend; 0 where there is none.
func common(a, b []uint32) uint32 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return a[0]
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return 0
}

// equalKeys is the runs of two entries or more of one key, in an order of the keys; in a run entries
// keep their order, which is that of their records. A run is only there until the next.
func equalKeys(entries []entry) iter.Seq[[]entry] {
	width := min(bits.Len(uint(len(entries))), 20)
	shift := 64 - width
	count := make([]uint32, 1<<width)
	for i := range entries {
		count[entries[i].key>>shift]++
	}
	// A key that alone begins as it does has no other entry, and most have none.
	ends, sum := make([]uint32, 1<<width), uint32(0)
	for d, n := range count {
		ends[d] = sum
		if n > 1 {
			sum += n
		}
	}
	near := make([]entry, sum)
	for _, e := range entries {
		if d := e.key >> shift; count[d] > 1 {
			near[ends[d]] = e
			ends[d]++
		}
	}
	return func(yield func([]entry) bool) {
		from := uint32(0)
		for d, n := range count {
			if n < 2 {
				continue
			}
			bucket := near[from:ends[d]]
			from = ends[d]
			sortByKey(bucket)
			for len(bucket) > 0 {
				to := 1
				for to < len(bucket) && bucket[to].key == bucket[0].key {
					to++
				}
				if to > 1 && !yield(bucket[:to]) {
					return
				}
				bucket = bucket[to:]
			}
		}
	}
}

// sortByKey sorts entries that are in the order of their records by key, and within one by record.
func sortByKey(e []entry) {
	if len(e) > 32 {
		slices.SortFunc(e, func(a, b entry) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.rec, b.rec)) })
		return
	}
	for i := 1; i < len(e); i++ {
		for k := i; k > 0 && e[k].key < e[k-1].key; k-- {
			e[k], e[k-1] = e[k-1], e[k]
		}
	}
}
