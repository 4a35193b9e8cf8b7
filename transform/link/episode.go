package link

import (
	"cmp"
	"slices"
)

// An Interval is the days, since 1970, between which something was; a closed interval. Its zero
// value is not known.
type Interval struct {
	From, To int32
	Known    bool
}

// Year is the year of the interval, 0 where it is in more than one.
func (i Interval) Year() int {
	if y := civilYear(i.From); i.Known && y == civilYear(i.To) {
		return y
	}
	return 0
}

// Overlaps reports whether the two have a day in common.
func (i Interval) Overlaps(k Interval) bool {
	return i.Known && k.Known && i.From <= k.To && k.From <= i.To
}

// String is the interval in ISO form.
func (i Interval) String() string {
	switch {
	case !i.Known:
		return ""
	case i.From == i.To:
		return isoDay(i.From)
	}
	return isoDay(i.From) + "/" + isoDay(i.To)
}

// An Account is what one record of a person tells of the trafficking: what episodes are told apart
// by. Nothing in it decides who the person is.
type Account struct {
	ID           string     // of the record
	Case         string     // of the case: records of one case tell of one episode
	List         string     // that the record stands on
	Met          Interval   // registration, identification or referral
	Exploited    []Interval // from the first day to the last
	Destinations []string   // countries, in order
	Purposes     []string   // in order
	Exits        []Interval // return, closure of the case
	ReturnedTo   []string   // countries, in order
	TakenIn      string     // the country where the record was taken
	Before       bool       // states an earlier trafficking
}

// Sameness is whether two accounts are of one episode.
type Sameness int

// The answers.
const (
	Undecided Sameness = iota
	SameEpisode
	NewEpisode
)

// The days that the rules count in.
const (
	soon  = 180 // help goes on within so many days
	later = 365
	again = 270 // a list that opens a second case so long after the first means another one
)

// Rules of episodes, as reasons: what the two accounts come to, and why.
const (
	OneCase         = "one_case"          // both are of one case
	ExitThenMore    = "exit_then_more"    // a return or closure, and exploitation that began later
	ExitThenMet     = "exit_then_met"     // a return or closure, and long after it the person was met again
	ExploitedAtOnce = "exploited_at_once" // the times of exploitation overlap
	HelpGoesOn      = "help_goes_on"      // met soon after the exit, where the person was returned to
	MetSoon         = "met_soon"          // met within days, with a destination or purpose in common
	StatesAnEarlier = "states_an_earlier" // the later states an earlier trafficking, the earlier none
	SecondCase      = "second_case"       // one list opened another case long after
	OtherwiseLater  = "otherwise_later"   // met more than a year apart, with another destination or purpose
	NothingDecides  = "nothing_decides"
)

// SameAccount decides of two accounts of one person whether they are of one episode, by the first
// rule that holds, and says which. The order of the two is nothing to it.
func SameAccount(a, b *Account) (Sameness, string) {
	if earlier(b, a) {
		a, b = b, a
	}
	days := int32(-1)
	if a.Met.Known && b.Met.Known {
		days = max(b.Met.From-a.Met.To, 0)
	}
	start := first(b.Exploited)
	exit := exitBefore(a, b)
	alike := common2(a.Destinations, b.Destinations) || common2(a.Purposes, b.Purposes)
	unlike := apart(a.Destinations, b.Destinations) || apart(a.Purposes, b.Purposes)
	switch {
	case a.Case != "" && a.Case == b.Case:
		return SameEpisode, OneCase
	case overlapping(a.Exploited, b.Exploited):
		return SameEpisode, ExploitedAtOnce
	case exit.Known && start.Known && exit.To < start.From:
		return NewEpisode, ExitThenMore
	case exit.Known && b.Met.From-exit.To > soon:
		return NewEpisode, ExitThenMet
	case exit.Known && days >= 0 && days <= soon && (slices.Contains(a.ReturnedTo, b.TakenIn) || alike):
		return SameEpisode, HelpGoesOn
	case b.Before && !a.Before && days > soon:
		return NewEpisode, StatesAnEarlier
	case !exit.Known && days >= 0 && days <= soon && alike:
		return SameEpisode, MetSoon
	case a.List == b.List && a.Case != b.Case && days > again:
		return NewEpisode, SecondCase
	case days > later && unlike:
		return NewEpisode, OtherwiseLater
	}
	return Undecided, NothingDecides
}

// earlier reports whether a comes before b: by when they were met, then by the id.
func earlier(a, b *Account) bool { return compareAccounts(a, b) < 0 }

func compareAccounts(a, b *Account) int {
	if a.Met.Known != b.Met.Known {
		if a.Met.Known {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Met.From, b.Met.From), cmp.Compare(a.Met.To, b.Met.To), cmp.Compare(a.ID, b.ID))
}

// exitBefore is the first exit of a that was before b was met.
func exitBefore(a, b *Account) Interval {
	if b.Met.Known {
		for _, e := range a.Exits {
			if e.Known && e.To < b.Met.From {
				return e
			}
		}
	}
	return Interval{}
}

func first(in []Interval) Interval {
	var out Interval
	for _, i := range in {
		if i.Known && (!out.Known || i.From < out.From) {
			out = i
		}
	}
	return out
}

func overlapping(a, b []Interval) bool {
	return slices.ContainsFunc(a, func(x Interval) bool { return slices.ContainsFunc(b, x.Overlaps) })
}

func common2(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func apart(a, b []string) bool { return len(a) > 0 && len(b) > 0 && !common2(a, b) }

// A Told is where an account of a person stands: in which of the person's episodes, from 0, and
// the rule that put it there beside the account before it.
type Told struct {
	Episode int
	By      string // the rule; "" for the first account of an episode that no rule parted
	With    int    // the account that the rule was of, or -1
	Doubt   bool   // nothing decided it: it stays with the latest episode, for review
}

// Episodes parts one person's accounts into episodes, in the order of time. An account joins the
// latest episode with an account of the same, none of whose accounts it is new to; where nothing
// decides, it stays with the latest that it is not new to, in doubt. The accounts of one case
// always stay together. Episodes are numbered in the order of their first account.
func Episodes(accounts []Account) []Told {
	order := make([]int, len(accounts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, k int) int { return compareAccounts(&accounts[i], &accounts[k]) })
	out := make([]Told, len(accounts))
	var episodes [][]int
	for _, i := range order {
		k, told := place(accounts, episodes, i)
		if k == len(episodes) {
			episodes = append(episodes, nil)
		}
		episodes[k] = append(episodes[k], i)
		told.Episode = k
		out[i] = told
	}
	for i := range out {
		if e := episodes[out[i].Episode]; out[i].Doubt {
			out[i] = settle(accounts, e, i, out[i])
		}
	}
	return out
}

// settle takes the doubt from an account that a later one of its episode is the same with.
func settle(accounts []Account, episode []int, i int, told Told) Told {
	for _, j := range episode {
		if j == i {
			continue
		}
		if s, why := SameAccount(&accounts[i], &accounts[j]); s == SameEpisode {
			return Told{Episode: told.Episode, By: why, With: j}
		}
	}
	return told
}

// place finds the episode of account i among those so far.
func place(accounts []Account, episodes [][]int, i int) (int, Told) {
	for k, e := range episodes { // one case is one episode, whatever else is said
		for _, j := range e {
			if s, why := SameAccount(&accounts[j], &accounts[i]); s == SameEpisode && why == OneCase {
				return k, Told{By: why, With: j}
			}
		}
	}
	open, parted := -1, Told{With: -1}
	for k := len(episodes) - 1; k >= 0; k-- {
		same, isNew := Told{With: -1}, false
		for _, j := range episodes[k] {
			switch s, why := SameAccount(&accounts[j], &accounts[i]); {
			case s == NewEpisode:
				isNew = true
				if parted.With < 0 {
					parted = Told{By: why, With: j}
				}
			case s == SameEpisode && same.With < 0:
				same = Told{By: why, With: j}
			}
		}
		switch {
		case isNew:
		case same.With >= 0:
			return k, same
		case open < 0:
			open = k
		}
	}
	if open >= 0 {
		return open, Told{By: NothingDecides, With: episodes[open][0], Doubt: true}
	}
	return len(episodes), parted
}
