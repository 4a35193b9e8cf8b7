package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"palermo/diag"
)

// nightly lets the submissions of one night after the other work on how records stand. Within a
// night the order of files decides nothing but the numbers of versions: full replacements remove
// first, and a record that any file of the night has is there.
type nightly struct {
	*run
	*versions
	entries []*Entry
	of      map[cohortKey]int32 // places in cohorts
	marks   int32               // replacements so far
	unkeyed map[int][]int32     // records without a case reference, by the root of the chain that has them
}

// cohortKey is whose records, of which source, on which form.
type cohortKey struct{ agency, source, form string }

// replacement is the files of one night that together replace one period of a cohort.
type replacement struct {
	cohort   int32
	period   Statement
	from, to arrow.Date32
	turns    []int
	lost     []int32 // records that it removes
	could    int     // records that it can replace
	over     bool    // it removes more than it may
}

func (w *nightly) night(ctx context.Context, first, end int) error {
	rs := w.replacements(first, end)
	for _, r := range rs {
		if err := w.weigh(ctx, r); err != nil {
			return err
		}
	}
	w.hold(rs)
	for _, r := range rs {
		w.remove(r)
	}
	var doubtful []correction
	for turn := first; turn < end; turn++ {
		if e := w.entries[turn]; w.taken(e.Submission) {
			found, err := w.take(ctx, turn, e)
			if err != nil {
				return err
			}
			doubtful = append(doubtful, found...)
		}
	}
	w.judge(doubtful)
	return nil
}

// cohortOf is the cohort of a sheet of case records, which is begun where it is new.
func (w *nightly) cohortOf(turn int, s *SheetEntry) int32 {
	k := cohortKey{w.ledger.Submissions[turn].Agency, s.Source, s.Form}
	c, ok := w.of[k]
	if !ok {
		c = int32(len(w.cohorts))
		w.of[k] = c
		w.cohorts = append(w.cohorts, cohort{months: map[int32][]int32{}})
	}
	return c
}

// replacements is those of one night, in the order in which their first file was received.
func (w *nightly) replacements(first, end int) []*replacement {
	var out []*replacement
	for turn := first; turn < end; turn++ {
		e := w.entries[turn]
		for i := range e.Sheets {
			s := &e.Sheets[i]
			if s.Stated.Kind != FullReplacement || e.Status == StatusWithdrawn {
				continue
			}
			c := w.cohortOf(turn, s)
			k := slices.IndexFunc(out, func(r *replacement) bool {
				return r.cohort == c && r.period.From == s.Stated.From && r.period.To == s.Stated.To
			})
			if k < 0 {
				k = len(out)
				out = append(out, &replacement{cohort: c, period: s.Stated, from: parseDay(s.Stated.From), to: parseDay(s.Stated.To)})
			}
			if !slices.Contains(out[k].turns, turn) {
				out[k].turns = append(out[k].turns, turn)
			}
		}
	}
	return out
}

// parseDay reads a day that a statement holds: they are all whole.
func parseDay(s string) arrow.Date32 {
	t, _ := time.Parse(time.DateOnly, s)
	return arrow.Date32FromTime(t)
}

// in reports whether a sheet is part of the replacement.
func (r *replacement) in(s *SheetEntry) bool {
	return s != nil && s.Stated.Kind == FullReplacement && s.Stated.From == r.period.From && s.Stated.To == r.period.To
}

// weigh finds what the replacement would remove: records that stand, whose registration lies in the
// period as a whole, and that none of its files names.
func (w *nightly) weigh(ctx context.Context, r *replacement) error {
	w.marks++
	mark := func(id string) {
		if i, ok := w.index[id]; ok && w.all[i].cohort == r.cohort {
			w.all[i].marked = w.marks
		}
	}
	for _, turn := range r.turns {
		e := w.entries[turn]
		if err := w.eachRecord(ctx, e, func(row recordRow) {
			if r.in(e.sheet(row.sheet)) {
				mark(row.id)
			}
		}); err != nil {
			return err
		}
		for i := range e.Sheets {
			if r.in(&e.Sheets[i]) {
				for _, k := range e.Sheets[i].Named {
					mark(k.Record)
				}
			}
		}
	}
	months := w.cohorts[r.cohort].months
	for m := range months {
		if m < monthOf(r.from) || m > monthOf(r.to) {
			continue
		}
		for _, i := range months[m] {
			s := &w.all[i]
			if s.counted == w.marks || s.removed != 0 || !s.dated || s.from < r.from || s.to > r.to {
				continue
			}
			s.counted = w.marks
			r.could++
			if s.marked != w.marks {
				r.lost = append(r.lost, i)
			}
		}
	}
	r.over = len(r.lost)*maxLoss > r.could
	return nil
}

func monthOf(d arrow.Date32) int32 {
	t := d.ToTime()
	return int32(t.Year()*12 + int(t.Month()) - 1)
}

// hold lets the replacements wait that would remove too much and that nobody confirmed, and with
// them those that share a file with one: files that belong together are taken together.
func (w *nightly) hold(rs []*replacement) {
	waiting := map[int]bool{} // turns
	for _, r := range rs {
		confirmed := slices.ContainsFunc(r.turns, func(t int) bool { return w.ledger.confirmed(w.ledger.Submissions[t].ID) })
		if r.over && !confirmed {
			for _, t := range r.turns {
				waiting[t] = true
			}
		}
	}
	for before := -1; before != len(waiting); {
		before = len(waiting)
		for _, r := range rs {
			if slices.ContainsFunc(r.turns, func(t int) bool { return waiting[t] }) {
				for _, t := range r.turns {
					waiting[t] = true
				}
			}
		}
	}
	for _, r := range rs {
		for _, t := range r.turns {
			if !waiting[t] {
				continue
			}
			s := &w.ledger.Submissions[t]
			wait := w.waiting[s.ID]
			w.waiting[s.ID] = Waits{s.ID, s.Receipt, s.Agency, s.Name, wait.Removes + len(r.lost), wait.Of + r.could}
		}
	}
	for t := range waiting {
		s := &w.ledger.Submissions[t]
		wait := w.waiting[s.ID]
		w.find(t, 0, diag.SubmissionWaits, 0, 1, 1, fmt.Sprintf("would remove %d of the %d records that it can replace, and waits for confirmation", wait.Removes, wait.Of))
	}
}

// remove removes what a replacement that is taken lacks.
func (w *nightly) remove(r *replacement) {
	if !w.taken(w.entries[r.turns[0]].Submission) || len(r.lost) == 0 {
		return
	}
	for _, i := range r.lost {
		w.over(&w.all[i], r.turns[0])
		w.all[i].removed = w.days[r.turns[0]]
	}
	for _, t := range r.turns {
		w.find(t, 0, diag.SubmissionReplaced, 0, 1, 1, fmt.Sprintf("the period holds %d records that it lacks; they were removed unless another file of the night has them", len(r.lost)))
	}
}

// correction is a row of a correction whose record nobody had sent when it was read.
type correction struct {
	record     int32
	turn       int
	sheet, row int
}

// take lets the rows of one submission be the newest versions of their records. It returns the rows of
// corrections whose record was not known yet.
func (w *nightly) take(ctx context.Context, turn int, e *Entry) ([]correction, error) {
	sub := &w.ledger.Submissions[turn]
	cohorts, exports := map[int]int32{}, map[int]bool{}
	for i := range e.Sheets {
		s := &e.Sheets[i]
		if s.Form == "" || e.Status == StatusWithdrawn {
			continue
		}
		cohorts[s.No], exports[s.No] = w.cohortOf(turn, s), w.cumulative(sub, s)
		if c := &w.cohorts[cohorts[s.No]]; exports[s.No] && !slices.Contains(c.nights, int32(sub.Night)) {
			c.nights, c.days = append(c.nights, int32(sub.Night)), append(c.days, w.days[turn])
		}
	}
	var doubtful []correction
	var unkeyed []int32
	err := w.eachRecord(ctx, e, func(r recordRow) {
		i, ok := w.index[r.id]
		if !ok {
			i = int32(len(w.all))
			w.index[r.id] = i
			w.all = append(w.all, standing{cohort: cohorts[r.sheet]})
		}
		s := &w.all[i]
		w.date(i, r)
		if s.versions++; ok {
			w.over(s, turn)
		}
		s.turn, s.local, s.night, s.removed = int32(turn), r.local, int32(sub.Night), 0
		s.exported = s.exported || exports[r.sheet]
		if r.unkeyed && w.run.chains.in(turn) {
			unkeyed = append(unkeyed, i)
		}
		switch {
		case s.known:
		case e.Returns != "": // rows that could not be read are fixed, and new ones added
			s.known = true
		case e.sheet(r.sheet).Stated.Kind == Correction:
			doubtful = append(doubtful, correction{i, turn, r.sheet, r.row})
		default:
			s.known = true
		}
	})
	for i := range e.Sheets {
		for _, k := range e.Sheets[i].Named { // a row that could not be read is no sign that the record is gone
			if i, ok := w.index[k.Record]; ok {
				w.all[i].night, w.all[i].removed = int32(sub.Night), 0
			}
		}
	}
	w.renew(turn, unkeyed)
	return doubtful, err
}

// date notes when the newest version says that the record was registered.
func (w *nightly) date(i int32, r recordRow) {
	s := &w.all[i]
	moved := r.dated && (!s.dated || monthOf(s.from) != monthOf(r.from))
	s.from, s.to, s.dated = r.from, r.to, r.dated
	if moved {
		months := w.cohorts[s.cohort].months
		months[monthOf(r.from)] = append(months[monthOf(r.from)], i)
	}
}

// judge reports the rows of corrections whose record nobody sent, up to the end of the night.
func (w *nightly) judge(rows []correction) {
	type place struct{ turn, sheet int }
	unknown := map[place]int{}
	for _, c := range rows {
		if !w.all[c.record].known {
			unknown[place{c.turn, c.sheet}]++
		}
	}
	nth := map[place]int{}
	for _, c := range rows {
		at := place{c.turn, c.sheet}
		if w.all[c.record].known || nth[at] == w.Config.Report.Examples {
			continue
		}
		nth[at]++
		w.find(c.turn, c.sheet, diag.RecordUnknown, c.row, nth[at], unknown[at], "the record that this row corrects was not received before")
	}
	for _, c := range rows {
		w.all[c.record].known = true
	}
}

// find notes a finding about a submission that its file alone does not show.
func (w *nightly) find(turn, sheet int, c diag.Code, row, n, of int, message string) {
	s := &w.ledger.Submissions[turn]
	d := diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity, Pos: diag.Pos{File: s.Name, Row: row}, Message: message}
	if e := w.entries[turn].sheet(sheet); e != nil {
		d.Pos.Sheet = e.Name
	}
	w.found[s.ID] = append(w.found[s.ID], Found{Diagnostic: d, SheetNo: sheet, N: n, Of: of})
}
