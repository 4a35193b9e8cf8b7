package link

import (
	"context"
	"hash/fnv"
	"slices"
)

// A block is the records that have one key of one rule in common, in the order of their numbers.
type block struct {
	rule    int
	key     uint64
	members []int32
	pairs   int64
}

// blocking is the pairs that are looked at, before there is any: every rule's blocks, without
// those that a cap dropped.
type blocking struct {
	rules  int
	blocks []block
	// ids is, for each record and each rule with one key a record, the number of its block from 1;
	// 0 where it has none or the block was dropped, so that no rule counts on another for a pair
	// that the other does not bring. Rules of several keys a record have theirs in sets.
	ids    []uint32
	sets   [][][]uint32 // by rule and record; nil for rules of one key
	report BlockReport
	gone   []Gone // blocks that a cap parted or dropped
	across *Table // not nil: only pairs of two lists
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
	b := &blocking{rules: len(spec.Blocking), sets: make([][][]uint32, len(spec.Blocking))}
	if spec.Across {
		b.across = t
	}
	b.report.Records = t.Len()
	b.report.Rules = make([]RuleReport, b.rules)
	byRule, gone := make([][]block, b.rules), make([][]Gone, b.rules)
	_ = parallel(context.Background(), b.rules, func() struct{} { return struct{}{} }, func(_ struct{}, r int) {
		b.report.Rules[r].Rule = spec.Blocking[r].String()
		byRule[r], gone[r] = b.rule(r, spec.Blocking[r], spec.Limits.Block, fs, t.Len())
	})
	b.blocks, b.gone = slices.Concat(byRule...), slices.Concat(gone...)
	b.spend(int64(spec.Limits.PairsPerRecord) * int64(t.Len()))
	b.number(t.Len())
	b.sum()
	return b
}

// rule makes the blocks of one rule: those over the cap are parted by the features of refine, one
// more at a time, and dropped where that does not help.
func (b *blocking) rule(r int, rule Rule, most int, fs *features, n int) (out []block, gone []Gone) {
	entries, several := keysOf(rule.On, fs, n)
	if several {
		b.sets[r] = make([][]uint32, n)
	}
	rep := &b.report.Rules[r]
	for _, blk := range b.group(r, entries) {
		if len(blk.members) <= most {
			out = append(out, blk)
			continue
		}
		gone = append(gone, Gone{r, blk.key})
		before, parts := blk.pairs, []block{blk}
		if len(rule.Refine) > 0 {
			rep.Refined++
		}
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
			before -= p.pairs
			out = append(out, p)
		}
		rep.Lost += before
	}
	return out, gone
}

// part parts the blocks over the cap by one more feature.
func (b *blocking) part(in []block, f *feature, most int) []block {
	var out []block
	hashes := wordHashes(f)
	for _, blk := range in {
		if len(blk.members) <= most {
			out = append(out, blk)
			continue
		}
		var entries []entry
		for _, i := range blk.members {
			for _, w := range f.set(i) {
				entries = append(entries, entry{mix(blk.key, hashes[w]), i})
			}
		}
		out = append(out, b.group(blk.rule, entries)...)
	}
	return out
}

// entry is a record and one of its keys.
type entry struct {
	key uint64
	rec int32
}

// group is the blocks of two records or more that have pairs.
func (b *blocking) group(r int, entries []entry) []block {
	sortEntries(entries)
	var out []block
	members := make([]int32, len(entries))
	for i := range entries {
		members[i] = entries[i].rec
	}
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].key == entries[from].key {
			to++
		}
		if to-from > 1 {
			blk := block{rule: r, key: entries[from].key, members: slices.Compact(members[from:to:to])}
			if blk.pairs = b.count(blk.members); blk.pairs > 0 {
				out = append(out, blk)
			}
		}
		from = to
	}
	return out
}

// count is the pairs among the members.
func (b *blocking) count(members []int32) int64 {
	n := int64(len(members))
	pairs := n * (n - 1) / 2
	if b.across == nil {
		return pairs
	}
	in := make([]int64, b.across.lists())
	for _, i := range members {
		in[b.across.list(i)]++
	}
	for _, k := range in {
		pairs -= k * (k - 1) / 2
	}
	return pairs
}

// keysOf is the keys of the records by the features: none where one is missing, several where one
// is a set.
func keysOf(on []string, fs *features, n int) (entries []entry, several bool) {
	type column struct {
		f    *feature
		hash []uint64
	}
	var cols []column
	for _, of := range on {
		f := fs.get(of)
		cols = append(cols, column{f, wordHashes(f)})
		several = several || f.sets != nil
	}
	entries = make([]entry, 0, n)
	var keys, next []uint64
	for i := range int32(n) {
		keys = append(keys[:0], 0x51_7c_c1_b7_27_22_0a_95)
		for _, c := range cols {
			next = next[:0]
			for _, w := range c.f.set(i) {
				for _, k := range keys {
					next = append(next, mix(k, c.hash[w]))
				}
			}
			keys, next = next, keys
		}
		for _, k := range keys {
			entries = append(entries, entry{k, i})
		}
	}
	return entries, several
}

func wordHashes(f *feature) []uint64 {
	out := make([]uint64, len(f.words))
	for i, w := range f.words {
		out[i] = hashOf(w)
	}
	return out
}

func hashOf(word string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(word))
	return h.Sum64()
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
	order := make([]int, len(b.blocks))
	for i := range b.blocks {
		total += b.blocks[i].pairs
		order[i] = i
	}
	if total <= budget {
		return
	}
	slices.SortFunc(order, func(i, k int) int {
		x, y := &b.blocks[i], &b.blocks[k]
		switch {
		case x.pairs != y.pairs:
			return int(y.pairs - x.pairs)
		case x.rule != y.rule:
			return x.rule - y.rule
		case x.key < y.key:
			return -1
		}
		return 1
	})
	for _, i := range order {
		if total <= budget {
			break
		}
		blk := &b.blocks[i]
		rep := &b.report.Rules[blk.rule]
		rep.Dropped++
		rep.Lost += blk.pairs
		total -= blk.pairs
		b.gone = append(b.gone, Gone{blk.rule, blk.key})
		blk.members = nil
	}
	b.blocks = slices.DeleteFunc(b.blocks, func(blk block) bool { return blk.members == nil })
}

// number gives each record the numbers of its blocks.
func (b *blocking) number(n int) {
	b.ids = make([]uint32, n*b.rules)
	for k := range b.blocks {
		blk := &b.blocks[k]
		set := b.sets[blk.rule]
		for _, i := range blk.members {
			if set != nil {
				set[i] = append(set[i], uint32(k+1))
			} else {
				b.ids[int(i)*b.rules+blk.rule] = uint32(k + 1)
			}
		}
	}
}

func (b *blocking) sum() {
	largest := make([]int64, b.rules)
	for i := range b.blocks {
		blk := &b.blocks[i]
		rep := &b.report.Rules[blk.rule]
		rep.Blocks++
		rep.Pairs += blk.pairs
		rep.Biggest = max(rep.Biggest, len(blk.members))
		largest[blk.rule] = max(largest[blk.rule], blk.pairs)
		b.report.Pairs += blk.pairs
	}
	for r := range b.report.Rules {
		if rep := &b.report.Rules[r]; rep.Pairs > 0 {
			rep.TopShare = float64(largest[r]) / float64(rep.Pairs)
		}
	}
}

// mask is the rules that bring a and b together, as bits. first is the number of the first block
// in which they meet, from 1: the pair is of that block and no other. Blocks are numbered rule by
// rule.
func (b *blocking) mask(x, y int32) (mask uint32, first uint32) {
	rx, ry := b.ids[int(x)*b.rules:], b.ids[int(y)*b.rules:]
	for r := range b.rules {
		id := rx[r]
		if b.sets[r] != nil {
			id = common(b.sets[r][x], b.sets[r][y])
		} else if id != ry[r] {
			continue
		}
		if id == 0 {
			continue
		}
		if mask |= 1 << r; first == 0 {
			first = id
		}
	}
	return mask, first
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

// sortEntries sorts by key, and within one by record.
func sortEntries(e []entry) {
	if len(e) < 1<<12 {
		slices.SortFunc(e, func(a, b entry) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return int(a.rec - b.rec)
		})
		return
	}
	radixSort(e)
}

// radixSort is stable: entries come in the order of their records.
func radixSort(e []entry) {
	const bits, mask = 11, 1<<11 - 1
	other := make([]entry, len(e))
	for shift := 0; shift < 64; shift += bits {
		var at [mask + 1]int
		for i := range e {
			at[e[i].key>>shift&mask]++
		}
		sum := 0
		for i, n := range at {
			at[i], sum = sum, sum+n
		}
		for i := range e {
			d := e[i].key >> shift & mask
			other[at[d]] = e[i]
			at[d]++
		}
		e, other = other, e
	}
}
