package testreal

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/fixtures"
)

const (
	tierFile   = "us_tip/tip_tiers_orig.csv"
	codingFile = "us_tip/Directionality Coding 2008-2016.xlsx"
)

// TestTiers compares the ratings with the raw table, tier by tier and year by year.
func TestTiers(t *testing.T) {
	db, ids := openSources(t)
	tiers := map[string]string{"Tier 1": "tier_1", "Tier 2": "tier_2", "Watchlist": "tier_2_watch_list", "Tier 3": "tier_3", "NA": "not_rated"}
	want := map[string]int{}
	for _, r := range rawCSV(t, tierFile) {
		want[r["year"]+" "+tiers[r["tier"]]]++
	}
	got := map[string]int{}
	for _, l := range linesOf(t, db, `SELECT year || ' ' || tier_code, count(*) FROM rating WHERE _submission = ? GROUP BY 1`, ids[tierFile]) {
		var year, tier string
		var n int
		fmt.Sscan(strings.ReplaceAll(l, "|", " "), &year, &tier, &n)
		got[year+" "+tier] = n
	}
	if len(want) < 50 {
		t.Fatalf("only %d figures to compare", len(want))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-raw +loaded):\n%s", d)
	}
	for _, c := range []struct{ country, year, tier string }{{"NAM", "2008", "not_rated"}, {"NAM", "2009", "tier_2"}, {"XKX", "2013", "tier_2"}, {"COD", "2012", "tier_3"}} {
		iso := map[string]string{"XKX": "KOS"}[c.country]
		if iso == "" {
			iso = c.country
		}
		i := slices.IndexFunc(rawCSV(t, tierFile), func(r map[string]string) bool {
			return r["iso"] == iso && r["year"] == c.year && tiers[r["tier"]] == c.tier
		})
		if n := number(t, db, `SELECT count(*) FROM rating WHERE country_code = ? AND year = ? AND tier_code = ?`, c.country, c.year, c.tier); i < 0 || n != 1 {
			t.Errorf("%v: row %d of the raw file, and %d ratings", c, i, n)
		}
	}
	if n := number(t, db, `SELECT count(*) FROM rating WHERE _submission = ? AND country_code IS NULL`, ids[tierFile]); n != 0 {
		t.Errorf("%d ratings have no country", n)
	}
}

// codes is the numbers in a cell of the coding: parted by commas, or by a point where a comma was meant.
func codes(cell string) []string { return regexp.MustCompile(`\d+`).FindAllString(cell, -1) }

// TestDirectionality counts again in each sheet's XML.
func TestDirectionality(t *testing.T) {
	db, ids := openSources(t)
	id := ids[codingFile]
	whole := 0
	for n, s := range du {
		rows, err := fixtures.RawSheetAt(realFile("us_tip", "Directionality Coding 2008-2016.xlsx"), n+1)
		if err != nil {
			t.Fatal(err)
		}
		whole += s.rows
		if got := rows[len(rows)-1].Num - 1; got != s.rows {
			t.Errorf("sheet %d: %d rows below the header, want %d", n+1, got, s.rows)
		}
		if strings.Contains(s.form, "copy") {
			if got := number(t, db, `SELECT count(*) FROM reported_flow WHERE _submission = ? AND _sheet = ?`, id, n+1); got != 0 {
				t.Errorf("the copy was loaded: %d rows", got)
			}
			continue
		}
		want := map[string]int{}
		for _, r := range rows[1:] {
			cell := func(i int) string {
				if i < len(r.Cells) {
					return strings.TrimSpace(r.Cells[i])
				}
				return ""
			}
			if strings.Join([]string{cell(1), cell(2), cell(3), cell(4), cell(5), cell(6), cell(7), cell(8)}, "") == "" {
				continue // a note, or nothing
			}
			want["rows"]++
			for what, is := range map[string]bool{
				"women": slices.Contains(codes(cell(4)), "1"), "girls and boys": slices.Contains(codes(cell(4)), "3") && slices.Contains(codes(cell(4)), "4"),
				"child sex tourism": slices.Contains(codes(cell(5)), "4"), "begging": slices.Contains(codes(cell(5)), "6"), "debt bondage": slices.Contains(codes(cell(6)), "9"),
				"brothel owners": slices.Contains(codes(cell(7)), "11"), "fishing": slices.Contains(codes(cell(8)), "6"), "flagged": strings.EqualFold(cell(10), "x"),
				"to Thailand": cell(3) == "Thailand", "from Nigeria": strings.EqualFold(cell(1), "Nigeria"), "from the DRC": slices.Contains([]string{"DRC", "D.R.C", "D.R.C.", "Congo (DRC)",
					"Congo, Democratic Republic of", "Democratic Republic of Congo", "Democratic Republic of the Congo", "Congo, Democratic Republic of the", "Congo, Democratic Republic"}, cell(1)),
				"no country certain": slices.Contains(uncertain, cell(1)),
				"forced marriage":    slices.Contains(codes(cell(5)), marriage[s.form[:4]]),
			} {
				if is {
					want[what]++
				}
			}
		}
		has := func(field, code string) string {
			return `list_contains(string_split(coalesce(` + field + `, ''), ';'), '` + code + `')`
		}
		got := map[string]int{}
		for what, where := range map[string]string{
			"rows": `true`, "women": has("victims", "women"), "girls and boys": has("victims", "girls") + ` AND ` + has("victims", "boys"), "child sex tourism": `is_of_perpetrators`,
			"begging": has("purposes", "begging"), "debt bondage": has("means", "debt_bondage"), "brothel owners": has("traffickers", "brothel_owner"), "fishing": has("activities", "fishing"),
			"flagged": `is_flagged`, "to Thailand": `destination_code = 'THA'`, "from Nigeria": `origin_code = 'NGA'`, "from the DRC": `origin_code = 'COD'`, "no country certain": `origin_code_status = 'unmapped'`, "forced marriage": has("purposes", "forced_marriage"),
		} {
			if k := number(t, db, `SELECT count(*) FROM reported_flow WHERE _submission = ? AND _sheet = ? AND year = `+s.form[:4]+` AND `+where, id, n+1); k > 0 {
				got[what] = k
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-raw +loaded):\n%s", s.form, d)
		}
	}
	if whole != 24932 {
		t.Errorf("the ten sheets have %d rows, want 24,932", whole)
	}
}

// uncertain is the words for an origin that are of no one country of the list.
var uncertain = []string{"Korea", "Micronesia", "Tibet", "Transnistria", "Somaliland", "T.R.N.C.", "Turkish Republic of Northern Cyprus", "South Aerica"}

// marriage is the number of forced marriage in each sheet: it moved.
var marriage = map[string]string{"2008": "11", "2009": "10", "2010": "11", "2011": "11", "2012": "11", "2013": "11", "2014": "11", "2015": "11", "2016": "10"}

// TestEdgeLists compares the pairs with the raw lists; a pair that stands there twice is there twice.
func TestEdgeLists(t *testing.T) {
	db, ids := openSources(t)
	for _, name := range []string{"us_tip/edgelists/edgelist2001.txt", "us_tip/edgelists/edgelist2010.txt"} {
		b, err := os.ReadFile(realFile(strings.Split(name, "/")...))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\r\n")
		count := func(of func(from, to string) bool) int {
			n := 0
			for _, l := range lines {
				if from, to, _ := strings.Cut(l, ","); of(from, to) {
					n++
				}
			}
			return n
		}
		pairs := map[string]bool{}
		for _, l := range lines {
			pairs[l] = true
		}
		for _, c := range []struct {
			name, where string
			want        int
		}{
			{"pairs", `true`, len(lines)},
			{"from Ukraine", `origin_code = 'UKR'`, count(func(from, _ string) bool { return from == "Ukraine" })},
			{"to Italy", `destination_code = 'ITA'`, count(func(_, to string) bool { return to == "Italy" })},
			{"from Serbia and Montenegro", `origin_code = 'SCG' AND origin_scope_code = 'former_country'`, count(func(from, _ string) bool { return from == "Serbia And Montenegro" })},
			{"to South Africa", `destination_code = 'ZAF'`, count(func(_, to string) bool { return to == "Republic Of South Africa" || to == "South Africa" })},
			{"no country", `origin_code IS NULL OR destination_code IS NULL`, 0},
		} {
			if got := number(t, db, `SELECT count(*) FROM reported_flow WHERE _submission = ? AND (`+c.where+`)`, ids[name]); got != c.want {
				t.Errorf("%s, %s: %d, the raw list has %d", name, c.name, got, c.want)
			}
		}
		if got := number(t, db, `SELECT count(*) FROM (SELECT DISTINCT origin_code_as_reported, destination_code_as_reported FROM reported_flow WHERE _submission = ?)`, ids[name]); got != len(pairs) || got == len(lines) {
			t.Errorf("%s: %d different pairs, the raw list has %d of %d", name, got, len(pairs), len(lines))
		}
	}
}
