package disclose

// SmallCells is the rule for one count about people.
//
//   - Zero is shown as zero.
//   - A count of 1 to Least-1 is withheld.
//   - Any other is shown as the nearest multiple of Base; halfway between two, as the even multiple.
//
// A withheld count in a row with a shown total needs others withheld beside it: Row does that for one row, Protect
// for tables.
type SmallCells struct {
	Least int64 // the smallest count that may be shown; 1 or less withholds nothing
	Base  int64 // what is shown is a multiple of it; 1 or less rounds nothing
}

// Usual is the rule of reports: at least 10, rounded to 5.
var Usual = SmallCells{Least: 10, Base: 5}

// Shown is a count as it may be read. The zero value is a zero that is shown.
type Shown struct {
	Count    int64 // rounded; 0 where it is withheld
	Withheld bool
}

// IsSmall reports whether a count may not be shown.
func (s SmallCells) IsSmall(n int64) bool { return n > 0 && n < s.Least }

// Show is one count that no other adds up with. A negative count is a mistake of the caller's, and withheld.
func (s SmallCells) Show(n int64) Shown {
	if n < 0 || s.IsSmall(n) {
		return Shown{Withheld: true}
	}
	return Shown{Count: s.round(n)}
}

// round is the nearest multiple of Base; of two as near, the even one, so that roundings add up to nothing. A count
// that is shown is never rounded to zero.
func (s SmallCells) round(n int64) int64 {
	if s.Base <= 1 {
		return n
	}
	q, r := n/s.Base, n%s.Base
	if 2*r > s.Base || 2*r == s.Base && q%2 == 1 {
		q++
	}
	if q == 0 && n > 0 {
		q = 1
	}
	return q * s.Base
}

// Row is counts that add up to a total which is shown too: where one is withheld, the smallest of the others
// are withheld with it, until two are and together they are at least Least. Zeros stay: they hide nothing. The
// total is withheld where this cannot be had, or where it is small itself.
func (s SmallCells) Row(counts []int64) (parts []Shown, total Shown) {
	parts = make([]Shown, len(counts))
	var sum, hidden int64
	var withheld int
	for i, n := range counts {
		parts[i] = s.Show(n)
		sum += n
		if parts[i].Withheld {
			hidden += n
			withheld++
		}
	}
	total = s.Show(sum)
	for withheld > 0 && (withheld < 2 || hidden < s.Least) {
		next := smallestShown(counts, parts)
		if next < 0 {
			return parts, Shown{Withheld: true}
		}
		parts[next] = Shown{Withheld: true}
		hidden += counts[next]
		withheld++
	}
	return parts, total
}

// smallestShown is the place of the smallest count above zero that is shown, the first of equals; -1 for none.
func smallestShown(counts []int64, parts []Shown) int {
	at := -1
	for i, n := range counts {
		if n > 0 && !parts[i].Withheld && (at < 0 || n < counts[at]) {
			at = i
		}
	}
	return at
}
