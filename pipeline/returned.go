package pipeline

import "slices"

// reasonSuperseded is why the rows of a file are left out that came back corrected.
const reasonSuperseded = "superseded"

// chains is which submissions are receipts that came back corrected, and of which: a file, its receipt come back, that
// one's receipt come back are one chain. Of a chain the last that can be read counts. Rows that have a
// case reference match by it; all others, and tables without records, are those of the last.
type chains struct {
	root []int          // by turn: the first of its chain; -1 for one that is in none
	last map[int]int    // by root: the turn of the one that counts
	by   map[string]int // the turn of the one that counts instead, by submission
	bare map[string]bool
	subs []Submission
}

// chainsOf finds the chains.
func chainsOf(l *Ledger, entries []*Entry) *chains {
	c := &chains{root: make([]int, len(entries)), last: map[int]int{}, by: map[string]int{}, bare: map[string]bool{}, subs: l.Submissions}
	turns := map[string]int{}
	for i, e := range entries {
		turns[l.Submissions[i].Receipt] = i
		c.root[i] = -1
		of, ok := turns[e.Returns]
		if e.Returns == "" || !ok || of == i || l.Submissions[of].Agency != l.Submissions[i].Agency {
			continue
		}
		if c.root[of] < 0 {
			c.root[of] = of
			c.count(of, entries[of])
		}
		c.root[i] = c.root[of]
		c.count(i, e)
	}
	for i, e := range entries {
		if c.root[i] < 0 || e.Status == StatusWithdrawn {
			continue
		}
		if last, ok := c.last[c.root[i]]; ok && last > i {
			c.by[e.Submission] = last
			c.bare[e.Submission] = !slices.ContainsFunc(e.Sheets, func(s SheetEntry) bool { return s.Form != "" })
		}
	}
	return c
}

// count lets a submission be the last of its chain, if anything of it can be counted.
func (c *chains) count(turn int, e *Entry) {
	if rows := e.Rows(); (e.Status == StatusAccepted || e.Status == StatusAcceptedInPart) && rows.Loaded > 0 {
		c.last[c.root[turn]] = turn
	}
}

// in reports whether the submission of that turn is one of a chain.
func (c *chains) in(turn int) bool { return c.root[turn] >= 0 }

// replaced reports whether none of the submission's rows count, since it came back corrected: it holds no records.
func (c *chains) replaced(submission string) bool { return c != nil && c.bare[submission] }

// instead is the number of the receipt that counts instead of the submission, or "".
func (c *chains) instead(submission string) string {
	if turn, ok := c.by[submission]; ok {
		return c.subs[turn].Receipt
	}
	return ""
}

// returned says which receipts are the agency's own, and older than the submission.
func (r *run) returned(s *Submission) func(number string) bool {
	return func(number string) bool {
		for i := range r.ledger.Submissions {
			switch old := &r.ledger.Submissions[i]; {
			case old.ID == s.ID:
				return false
			case old.Receipt == number:
				return old.Agency == s.Agency
			}
		}
		return false
	}
}

// renew removes the rows without a case reference that the chain of a submission had so far, and that the submission
// lacks: a row that was corrected is another one, and would count twice.
func (w *nightly) renew(turn int, unkeyed []int32) {
	root := w.run.chains.root[turn]
	if root < 0 {
		return
	}
	if w.run.chains.last[root] >= turn && w.entries[turn].Returns != "" && w.entries[turn].Rows().Loaded > 0 {
		for _, i := range w.unkeyed[root] {
			if s := &w.all[i]; s.removed == 0 && int(s.turn) != turn && w.run.chains.root[s.turn] == root {
				w.over(s, turn)
				s.removed = w.days[turn]
			}
		}
		w.unkeyed[root] = nil
	}
	w.unkeyed[root] = append(w.unkeyed[root], unkeyed...)
}
