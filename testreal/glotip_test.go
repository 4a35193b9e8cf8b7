package testreal

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"palermo/fixtures"
	"palermo/pipeline"
)

// vintage is one of the real files, and what was counted in it by hand.
type vintage struct {
	folder   string
	rows     int
	regional int // rows of regions that look like countries
	unknown  int // rows that lost their reporter
}

var vintages = []vintage{
	{"2023-05-30", 46556, 956, 0},
	{"2023-05-30_11col", 46556, 0, 957},
	{"2025-04-14", 58769, 0, 0},
}

// published is one home with all the real files in it, run once for all tests.
var published = homeOf(func() (out []dropped) {
	for _, v := range vintages {
		out = append(out, dropped{[]string{"unodc_glotip", v.folder, "data_glotip.xlsx"}, "unodc/" + v.folder + ".xlsx"})
	}
	return out
})

func open(t *testing.T) (*sql.DB, map[string]string) {
	t.Helper()
	return openHome(t, published, func(s pipeline.Submission) string { return strings.TrimSuffix(s.Name, ".xlsx") })
}

func number(t *testing.T, db *sql.DB, q string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRow(q, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return n
}

// TestEveryRowAccounted: each row of each file is loaded, and none is dropped in silence.
func TestEveryRowAccounted(t *testing.T) {
	db, ids := open(t)
	for _, v := range vintages {
		id := ids[v.folder]
		var read, loaded, rejected, skipped int
		if err := db.QueryRow(`SELECT read, loaded, rejected, skipped FROM row_balance WHERE submission_id = ?`, id).
			Scan(&read, &loaded, &rejected, &skipped); err != nil {
			t.Fatal(err)
		}
		if read != v.rows || loaded+rejected+skipped != read {
			t.Errorf("%s: read %d, loaded %d, rejected %d, skipped %d; the file has %d rows", v.folder, read, loaded, rejected, skipped, v.rows)
		}
		if rejected != 0 || skipped != 0 {
			t.Errorf("%s: %d rejected and %d skipped, want none", v.folder, rejected, skipped)
		}
		if n := number(t, db, `SELECT count(*) FROM statistic WHERE _submission = ?`, id); n != loaded {
			t.Errorf("%s: the table has %d rows, the account says %d", v.folder, n, loaded)
		}
		if n := number(t, db, `SELECT count(*) FROM statistic WHERE _submission = ? AND reporter_scope_code = 'regional_aggregate' AND reporter_code IS NULL`, id); n != v.regional {
			t.Errorf("%s: %d regional rows, want %d", v.folder, n, v.regional)
		}
		if n := number(t, db, `SELECT count(*) FROM statistic WHERE _submission = ? AND reporter_code_status = 'unknown'`, id); n != v.unknown {
			t.Errorf("%s: %d rows with the reporter unknown, want %d", v.folder, n, v.unknown)
		}
		if n := number(t, db, `SELECT coalesce(max("of"), 0) FROM diagnostic WHERE submission_id = ? AND code = 'value.blank' AND field = 'reporter_code'`, id); n != v.unknown {
			t.Errorf("%s: %d blank reporters diagnosed, want %d", v.folder, n, v.unknown)
		}
	}
}

// TestVictimsOf2019 compares detected victims of 2019 by country, sex and age with figures taken
// from the raw XML by other code.
func TestVictimsOf2019(t *testing.T) {
	db, ids := open(t)
	for _, v := range vintages {
		if v.folder == "2023-05-30_11col" {
			continue // has no codes of countries to compare by
		}
		want := rawVictims(t, v.folder)
		got := map[string][]string{}
		rows, err := db.Query(`SELECT reporter_code, sex_code, age_code, value_low, value_high FROM statistic
			WHERE _submission = ? AND indicator_code = 'detected_victims' AND dimension_code = 'total' AND year = 2019
			AND reporter_scope_code IN ('country', 'territory')`, ids[v.folder])
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var country, sex, age string
			var low, high float64
			if err := rows.Scan(&country, &sex, &age, &low, &high); err != nil {
				t.Fatal(err)
			}
			key := strings.Join([]string{country, sex, age}, " ")
			got[key] = append(got[key], fmt.Sprintf("%.0f-%.0f", low, high))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		for _, l := range got {
			sort.Strings(l)
		}
		if len(want) < 500 {
			t.Fatalf("%s: only %d figures to compare", v.folder, len(want))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-raw +published):\n%s", v.folder, d)
		}
	}
}

var isoCode = regexp.MustCompile(`^[A-Z]{3}$`)

// rawVictims reads the figures from the file's XML: no code of the product but its names of codes.
func rawVictims(t *testing.T, folder string) map[string][]string {
	t.Helper()
	rows := rawRows(t, folder)
	col := map[string]int{}
	for i, h := range rows[2].Cells {
		col[h] = i
	}
	sexes := map[string]string{"Total": "total", "Female": "female", "Male": "male", "Other": "other", "Unknown": "unknown"}
	ages := map[string]string{"Total": "total", "0 to 17 years": "child", "18 years or over": "adult", "Unknown": "unknown"}
	regions := map[string]bool{"SAM": true, "SAF": true, "CAR": true, "CAS": true, "EEU": true, "MCA": true, "MCN": true}
	out := map[string][]string{}
	for _, r := range rows[3:] {
		at := func(h string) string { return r.Cells[col[h]] }
		if at("Indicator") != "Detected trafficking victims" || at("Dimension") != "Total" || at("Year") != "2019" {
			continue
		}
		code := at("Iso3_code")
		if at("Country") == "Sark" {
			code = "XSK"
		}
		if !isoCode.MatchString(code) || regions[code] {
			continue
		}
		value := strings.ReplaceAll(at("txtVALUE"), ",", "")
		if value == "<5" { // the files print no zero: it hides here
			value = "0-4"
		} else {
			value += "-" + value
		}
		key := strings.Join([]string{code, sexes[at("Sex")], ages[at("Age")]}, " ")
		out[key] = append(out[key], value)
	}
	for _, l := range out {
		sort.Strings(l)
	}
	return out
}

var rawOnce = map[string]func() ([]fixtures.RawRow, error){}

func init() {
	for _, v := range vintages {
		rawOnce[v.folder] = sync.OnceValues(func() ([]fixtures.RawRow, error) {
			return fixtures.RawSheet(realFile("unodc_glotip", v.folder, "data_glotip.xlsx"))
		})
	}
}

func rawRows(t *testing.T, folder string) []fixtures.RawRow {
	t.Helper()
	rows, err := rawOnce[folder]()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestRepeatedKeys: rows that repeat all their columns but the value are kept and diagnosed. The
// product's key is coarser, since it knows that two words mean one country: it finds at least
// those that the raw columns repeat.
func TestRepeatedKeys(t *testing.T) {
	db, ids := open(t)
	for _, v := range vintages {
		seen, repeated := map[string]bool{}, 0
		for _, r := range rawRows(t, v.folder)[1:] {
			key := strings.Join(withoutValue(r.Cells, v.folder), "|")
			if seen[key] {
				repeated++
			}
			seen[key] = true
		}
		n := number(t, db, `SELECT coalesce(sum("of"), 0) FROM diagnostic WHERE submission_id = ? AND code IN ('key.conflict', 'key.duplicate') AND n = 1`, ids[v.folder])
		if repeated == 0 || n < repeated {
			t.Errorf("%s: %d repeated keys diagnosed, the raw columns repeat %d", v.folder, n, repeated)
		}
	}
}

func withoutValue(cells []string, folder string) []string {
	value := 11
	if folder == "2023-05-30_11col" {
		value = 10
	}
	out := append([]string(nil), cells...)
	if value < len(out) {
		out[value] = ""
	}
	return out
}

// TestOneVintageACell: the current view shows one vintage and one submission for each cell.
func TestOneVintageACell(t *testing.T) {
	db, ids := open(t)
	n := number(t, db, `SELECT count(*) FROM (
		SELECT 1 FROM statistic_current
		GROUP BY source_id, reporter_code, reporter_code_as_reported, indicator_code, dimension_code, purpose_code, sex_code, age_code, year,
			citizenship_code, citizenship_code_as_reported, partner_code, partner_code_as_reported
		HAVING count(DISTINCT vintage) > 1 OR count(DISTINCT _submission) > 1)`)
	if n > 0 {
		t.Errorf("%d cells have more than one vintage or submission", n)
	}
	if n := number(t, db, `SELECT count(*) FROM statistic_current WHERE _submission <> ?`, ids["2025-04-14"]); n > 0 {
		t.Errorf("%d rows are of an older vintage, though the newest replaces it as a whole", n)
	}
	if n := number(t, db, `SELECT count(*) FROM statistic_current`); n != 58769 {
		t.Errorf("%d current rows, want those of the newest vintage", n)
	}
}

// TestExplainReal walks from 200 random published values back to their cells in the real files.
func TestExplainReal(t *testing.T) {
	db, submissions := open(t)
	home, err := published()
	if err != nil {
		t.Fatal(err)
	}
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2026, 1))
	var ids []string
	var rows []fixtures.RawRow
	for range 200 {
		v := vintages[rng.IntN(len(vintages))]
		raw := rawRows(t, v.folder)
		r := raw[3+rng.IntN(len(raw)-3)]
		rows = append(rows, r)
		ids = append(ids, fmt.Sprintf("%s.1.%d", submissions[v.folder], r.Num))
	}
	explained, err := h.Explain(context.Background(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range explained {
		id, r := ids[i], rows[i]
		var text string
		var year int
		if err := db.QueryRow(`SELECT value_text, year FROM statistic WHERE statistic_id = ?`, id).Scan(&text, &year); err != nil {
			t.Fatal(err)
		}
		if d := x.Differs(); len(d) > 0 {
			t.Errorf("%s differs in %v", id, d)
		}
		cells := map[string]string{}
		for _, f := range x.Fields {
			for _, c := range f.Cells {
				if c.Row == r.Num && c.Col <= len(r.Cells) && r.Cells[c.Col-1] != c.Text {
					t.Errorf("%s: %s: the cell in column %d holds something else", id, f.Field, c.Col)
				}
				if c.Used {
					cells[f.Field] = c.Text
				}
			}
		}
		if cells["value"] != text || cells["year"] != strconv.Itoa(year) || x.Row != r.Num {
			t.Errorf("%s leads to row %d with value %q and year %q; published are row %d, %q and %d", id, x.Row, cells["value"], cells["year"], r.Num, text, year)
		}
	}
}
