package link_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/transform/link"
)

func at(days ...int32) link.Interval {
	return link.Interval{From: days[0], To: days[len(days)-1], Known: true}
}

func TestSameAccount(t *testing.T) {
	italy, spain := []string{"ITA"}, []string{"ESP"}
	for _, tc := range []struct {
		rule string
		a, b link.Account
		want link.Sameness
	}{
		{link.OneCase, link.Account{Case: "1", Met: at(0)}, link.Account{Case: "1", Met: at(900)}, link.SameEpisode},
		{link.ExploitedAtOnce, link.Account{Exploited: []link.Interval{at(0, 50)}, Exits: []link.Interval{at(20)}}, link.Account{Exploited: []link.Interval{at(50, 60)}, Met: at(70)}, link.SameEpisode},
		{link.ExitThenMore, link.Account{Met: at(100), Exploited: []link.Interval{at(0, 50)}, Exits: []link.Interval{at(101)}}, link.Account{Met: at(200), Exploited: []link.Interval{at(120, 190)}}, link.NewEpisode},
		{link.ExitThenMet, link.Account{Met: at(100), Exits: []link.Interval{at(101)}}, link.Account{Met: at(400)}, link.NewEpisode},
		{link.HelpGoesOn, link.Account{Met: at(100), Exits: []link.Interval{at(101)}, ReturnedTo: []string{"MDA"}}, link.Account{Met: at(150), TakenIn: "MDA"}, link.SameEpisode},
		{link.StatesAnEarlier, link.Account{Met: at(0), Destinations: italy}, link.Account{Met: at(200), Destinations: italy, Before: true}, link.NewEpisode},
		{link.MetSoon, link.Account{Met: at(0), Destinations: italy}, link.Account{Met: at(180), Destinations: italy}, link.SameEpisode},
		{link.SecondCase, link.Account{Case: "1", List: "l", Met: at(0), Destinations: italy}, link.Account{Case: "2", List: "l", Met: at(300), Destinations: italy}, link.NewEpisode},
		{link.OtherwiseLater, link.Account{Case: "1", List: "l", Met: at(0), Destinations: italy}, link.Account{Case: "2", List: "m", Met: at(400), Destinations: spain}, link.NewEpisode},
		{link.NothingDecides, link.Account{Case: "1", List: "l", Met: at(0), Destinations: italy}, link.Account{Case: "2", List: "m", Met: at(400), Destinations: italy}, link.Undecided},
		{link.NothingDecides, link.Account{Met: at(0), Destinations: italy}, link.Account{Met: at(100), Destinations: spain}, link.Undecided},
		{link.NothingDecides, link.Account{Case: "1", List: "l"}, link.Account{Case: "2", List: "l", Met: at(900)}, link.Undecided},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			tc.a.ID, tc.b.ID = "a", "b"
			for range 2 {
				if got, rule := link.SameAccount(&tc.a, &tc.b); got != tc.want || rule != tc.rule {
					t.Errorf("%d by %s, want %d by %s", got, rule, tc.want, tc.rule)
				}
				tc.a, tc.b = tc.b, tc.a
			}
		})
	}
}

// TestEpisodes: a second trafficking is a second episode, a second record of one is not, and the
// order in which the accounts come decides nothing.
func TestEpisodes(t *testing.T) {
	accounts := []link.Account{
		{ID: "first", Case: "1", List: "l", Met: at(100), Destinations: []string{"ITA"}, Exits: []link.Interval{at(102)}},
		{ID: "screened", Case: "1", List: "l", Met: at(90)},
		{ID: "elsewhere", Case: "9", List: "m", Met: at(95), Destinations: []string{"ITA"}},
		{ID: "again", Case: "2", List: "l", Met: at(500), Destinations: []string{"ITA"}},
		{ID: "again too", Case: "8", List: "m", Met: at(520), Destinations: []string{"ITA"}},
		{ID: "unclear", Case: "7", List: "n", Met: at(720), Destinations: []string{"ITA"}},
	}
	const want = "screened 0 -, elsewhere 0 met_soon, first 0 one_case, again 1 second_case, again too 1 met_soon, unclear 1 nothing_decides doubt"
	for turn := range accounts {
		turned := append(append([]link.Account(nil), accounts[turn:]...), accounts[:turn]...)
		got := map[string]string{}
		for i, told := range link.Episodes(turned) {
			by := told.By
			if by == "" {
				by = "-"
			}
			s := fmt.Sprintf("%s %d %s", turned[i].ID, told.Episode, by)
			if told.Doubt {
				s += " doubt"
			}
			got[turned[i].ID] = s
		}
		var all []string
		for _, id := range []string{"screened", "elsewhere", "first", "again", "again too", "unclear"} {
			all = append(all, got[id])
		}
		if d := cmp.Diff(want, strings.Join(all, ", ")); d != "" {
			t.Errorf("turned by %d (-want +got):\n%s", turn, d)
		}
	}
}

func TestAgesBetween(t *testing.T) {
	born := link.Interval{From: 0, To: 364, Known: true} // 1970
	for _, tc := range []struct {
		when link.Interval
		want link.Ages
	}{
		{at(18 * 365), link.Ages{Low: 16, High: 17, Known: true}}, // 27 December 1987
		{at(18*365 + 5), link.Ages{Low: 17, High: 18, Known: true}},
		{at(100, 200), link.Ages{Low: 0, High: 0, Known: true}},
		{at(-10, -1), link.Ages{}},
		{link.Interval{}, link.Ages{}},
	} {
		if d := cmp.Diff(tc.want, link.AgesBetween(born, tc.when)); d != "" {
			t.Errorf("%v (-want +got):\n%s", tc.when, d)
		}
	}
}
