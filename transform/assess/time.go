package assess

// window is the days between which all acts that the record states took place; each end may be
// unknown.
type window struct {
	low, high         int32
	hasLow, hasHigh   bool
	lowOpen, highOpen bool // an act whose own end is not known
}

// windowOf reads the dates of the acts, and of the moments that bound an act without one. Where no
// act is stated, it is that of an act that the record does not name.
func (r *Rules) windowOf(st *Statement, dated momentSet) window {
	var w window
	acts := 0
	for i := range st.Acts {
		if k, ok := r.rankOf(&st.Acts[i]); ok {
			acts++
			w.add(bounds(st, dated, k, st.Acts[i].When))
		}
	}
	if acts == 0 {
		w.add(bounds(st, dated, rankRecruitment, Days{}))
	}
	return w
}

// bounds is the days between which an act of that rank took place: its own, or those that the
// moments with a date leave open.
func bounds(st *Statement, dated momentSet, k rank, own Days) (b window) {
	if own = own.sane(); own.Known {
		return window{low: own.Low, high: own.High, hasLow: true, hasHigh: true}
	}
	for s := dated; s != 0; s &= s - 1 {
		m := s.first()
		d := st.Moments[m].When.sane()
		if !d.Known {
			continue
		}
		if notAfter[k]&(1<<m) != 0 && (!b.hasLow || d.Low > b.low) {
			b.low, b.hasLow = d.Low, true
		}
		if notBefore[k]&(1<<m) != 0 && (!b.hasHigh || d.High < b.high) {
			b.high, b.hasHigh = d.High, true
		}
	}
	return b
}

// add widens the window by one more act's.
func (w *window) add(b window) {
	w.lowOpen, w.highOpen = w.lowOpen || !b.hasLow, w.highOpen || !b.hasHigh
	if b.hasLow && (!w.hasLow || b.low < w.low) {
		w.low, w.hasLow = b.low, true
	}
	if b.hasHigh && (!w.hasHigh || b.high > w.high) {
		w.high, w.hasHigh = b.high, true
	}
}

// inForce is whether a definition in force from a day was so at all acts, or at none.
func (w *window) inForce(from int32) Answer {
	switch {
	case w.hasLow && !w.lowOpen && w.low >= from:
		return AnswerYes
	case w.hasHigh && !w.highOpen && w.high < from:
		return AnswerNo
	}
	return AnswerUnknown
}
