package pipeline_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"palermo/load/report"
	"palermo/pipeline"
)

// readReport reads what a report says.
func readReport(t *testing.T, parts ...string) *report.Input {
	t.Helper()
	in, err := report.Read(bytes.NewReader(read(t, parts...)))
	check(t, err)
	return in
}

// rounded is a count as it may be shown, by arithmetic of its own: nothing from 1 to 9, else the nearest 5.
func rounded(n int64) string {
	switch {
	case n > 0 && n < 10:
		return "×"
	default:
		return strconv.FormatInt((n+2)/5*5, 10)
	}
}

func said(c report.Count) string {
	if n, shown := c.Number(); shown {
		return strconv.FormatInt(n, 10)
	}
	return "×"
}

// victimsSQL is the current records of victims with their persons.
const victimsSQL = `(SELECT r.*, m.person_id FROM record r JOIN person_record m ON m.record_id = r.record_id
  WHERE r.is_current AND r.trafficking_status_code IS DISTINCT FROM 'not_a_victim')`

// checkReport holds every chart of a report to counts of the tables, made otherwise than the views make them.
func checkReport(t *testing.T, home string) {
	in := readReport(t, home, "current", "report.json")
	db := open(t, home)
	one := func(sql string, args ...any) int64 {
		t.Helper()
		var n int64
		check(t, db.QueryRow(fmt.Sprintf(sql, args...)).Scan(&n))
		return n
	}
	seen := map[string]int{}
	hold := func(chart, what, got, want string) {
		t.Helper()
		if seen[chart]++; got != want {
			t.Errorf("%s: %s is %s, want %s", chart, what, got, want)
		}
	}
	for _, x := range in.Totals {
		switch x.What {
		case "records":
			hold("totals", x.What, fmt.Sprint(x.High), fmt.Sprint(one(`SELECT count(*) FROM record WHERE is_current`)))
		case "persons":
			hold("totals", x.What, fmt.Sprint(x.High), fmt.Sprint(one(`SELECT count(*) FROM person`)))
		case "episodes":
			hold("totals", x.What, fmt.Sprint(x.High), fmt.Sprint(one(`SELECT count(*) FROM episode`)))
		case "rows":
			hold("totals", x.What, fmt.Sprint(x.High), fmt.Sprint(one(`SELECT sum("read")::BIGINT FROM row_balance`)))
		}
	}
	for _, c := range in.Cases {
		var source string
		check(t, db.QueryRow(`SELECT source_id FROM source WHERE title = ?`, c.Source).Scan(&source))
		own := fmt.Sprintf(`%s v WHERE v.source_id = '%s'`, victimsSQL, source)
		for _, a := range c.Ages {
			to := a.To
			if to == 0 {
				to = 999
			}
			for sex, got := range map[string]report.Span{"female": a.Female, "male": a.Male, "other": a.Other} {
				persons := fmt.Sprintf(`(SELECT v.person_id,
  min(CASE WHEN v.age_years_low IS NULL AND v.age_years_high IS NULL THEN greatest(year(v.registration_from) - year(v.birth_to) - 1, 0) ELSE ifnull(v.age_years_low, 0) END) AS low,
  max(CASE WHEN v.age_years_low IS NULL AND v.age_years_high IS NULL THEN year(ifnull(v.registration_to, v.registration_from)) - year(v.birth_from) ELSE ifnull(v.age_years_high, 999) END) AS high,
  list(DISTINCT v.sex_code) FILTER (v.sex_code IS NOT NULL) AS sexes FROM %s GROUP BY v.person_id)`, own)
				low := one(`SELECT count(*) FROM %s WHERE sexes = ['%s'] AND low >= %d AND high <= %d`, persons, sex, a.From, to)
				high := one(`SELECT count(*) FROM %s WHERE sexes = ['%s'] AND NOT (high < %d OR low > %d)`, persons, sex, a.From, to)
				want := rounded(low) + " " + rounded(high)
				if strings.Contains(want, "×") {
					want = "× ×"
				}
				hold("ages", fmt.Sprint(source, a.From, sex), said(got.Low)+" "+said(got.High), want)
			}
		}
		if y := c.Purposes; y != nil {
			day := map[string]string{"registration": "v.registration_from, v.registration_to", "identification": "v.identification_from, v.identification_to",
				"exploitation": "(SELECT min(x.started_from) FROM record_exploitation x WHERE x.record_id = v.record_id AND x.record_version = v.record_version), (SELECT min(ifnull(x.started_to, x.started_from)) FROM record_exploitation x WHERE x.record_id = v.record_id AND x.record_version = v.record_version)"}[y.Basis]
			from, to, _ := strings.Cut(day, ", v.")
			if y.Basis == "exploitation" {
				from, to, _ = strings.Cut(day, ", (")
				to = "(" + to
			} else {
				to = "v." + to
			}
			for _, l := range y.Lines {
				for k, got := range l.Counts {
					low := one(`SELECT count(DISTINCT v.person_id) FROM %s AND year(%s) = %d AND year(ifnull(%s, %[2]s)) = %[3]d AND EXISTS (FROM record_purpose p
  WHERE p.record_id = v.record_id AND p.record_version = v.record_version AND p.answer_code = 'yes' AND (p.purpose_code = '%[5]s' OR p.purpose_code IN (SELECT code FROM code WHERE list = 'purpose' AND parent_code = '%[5]s')))`,
						own, from, y.Years[k], to, l.Code)
					if _, shown := got.Low.Number(); shown || rounded(low) == "×" {
						hold("purposes", fmt.Sprint(source, y.Years[k], l.Code), said(got.Low), rounded(low))
					}
				}
			}
		}
		if c.Flows != nil {
			for _, f := range c.Flows.Flows {
				n := one(`SELECT count(DISTINCT v.person_id) FROM %s AND '%s' = coalesce(v.origin_country_code,
  (SELECT arg_min(l.country_code, l.ordinal) FROM record_route l WHERE l.record_id = v.record_id AND l.record_version = v.record_version AND l.leg_kind_code = 'origin' AND l.country_code IS NOT NULL),
  (SELECT min(z.citizenship_code) FROM record_citizenship z WHERE z.record_id = v.record_id AND z.record_version = v.record_version HAVING min(z.citizenship_code) = max(z.citizenship_code)))
AND '%s' = coalesce((SELECT arg_max(l.country_code, l.ordinal) FROM record_route l WHERE l.record_id = v.record_id AND l.record_version = v.record_version AND l.leg_kind_code = 'destination' AND l.country_code IS NOT NULL),
  (SELECT arg_min(e.country_code, e.ordinal) FROM record_exploitation e WHERE e.record_id = v.record_id AND e.record_version = v.record_version AND e.country_code IS NOT NULL))`, own, f.From, f.To)
				hold("flows", source+f.From+f.To, said(f.Count), rounded(n))
			}
		}
		for _, m := range c.Means {
			yes := one(`SELECT count(DISTINCT v.person_id) FROM %s AND EXISTS (FROM record_means x WHERE x.record_id = v.record_id AND x.record_version = v.record_version
  AND x.means_code = '%s' AND x.answer_code = 'yes' AND NOT x.is_control)`, own, m.Code)
			if _, shown := m.Yes.Number(); shown || rounded(yes) == "×" {
				hold("means", source+m.Code, said(m.Yes), rounded(yes))
			}
		}
		for _, e := range c.Law.Elements {
			for _, p := range e.Parts {
				n := one(`SELECT count(*) FROM assessment a JOIN record r ON r.record_id = a.subject_id AND r.record_version = a.subject_version
  WHERE r.is_current AND a.definition_code = 'palermo' AND r.source_id = '%s' AND a.%s_state_code = '%s'`, source, e.Of, p.Code)
				if _, shown := p.Count.Number(); shown || rounded(n) == "×" {
					hold("law", source+e.Of+p.Code, said(p.Count), rounded(n))
				}
			}
		}
	}
	if in.Beside == nil {
		in.Beside = &report.Beside{}
	}
	for _, c := range in.Beside.Countries {
		for k, p := range c.Pairs {
			n := one(`SELECT count(DISTINCT v.person_id) FROM %s v WHERE ifnull(v.reporting_country_code, v.interview_country_code) = '%s'
  AND year(v.registration_from) = %d AND year(ifnull(v.registration_to, v.registration_from)) = %[3]d`, victimsSQL, c.Country, in.Beside.Years[k])
			if p.Agencies != nil {
				if _, shown := p.Agencies.Low.Number(); shown || rounded(n) == "×" {
					hold("beside", fmt.Sprint(c.Country, in.Beside.Years[k]), said(p.Agencies.Low), rounded(n))
				}
			} else {
				hold("beside", fmt.Sprint(c.Country, in.Beside.Years[k]), "0", fmt.Sprint(n))
			}
		}
	}
	var read, rejected int64
	for _, a := range in.Arrivals {
		read, rejected = read+a.Read, rejected+a.Rejected
	}
	hold("arrivals", "read", fmt.Sprint(read), fmt.Sprint(one(`SELECT sum("read")::BIGINT FROM row_balance`)))
	hold("arrivals", "rejected", fmt.Sprint(rejected), fmt.Sprint(one(`SELECT sum(rejected)::BIGINT FROM row_balance`)))
	for _, s := range in.Linkage.Sizes {
		op := "= " + s.Code
		if s.Code == "10+" {
			op = ">= 10"
		}
		hold("persons", s.Code, said(s.Count), rounded(one(`SELECT count(*) FROM (SELECT person_id, count(*) AS n FROM person_record GROUP BY 1) WHERE n %s`, op)))
	}
	for _, f := range in.Completeness.Fields {
		if column := map[string]string{"sex": "sex_code", "education": "education_code", "origin": "origin_country_code"}[f.Field]; column != "" {
			if n := one(`SELECT count(%s) FROM record WHERE is_current`, column); rounded(n) == "×" || said(f.Known) != "×" {
				hold("completeness", f.Field, said(f.Known), rounded(n))
			}
		}
	}
	for chart, least := range map[string]int{"totals": 4, "ages": 40, "purposes": 20, "flows": 2, "means": 4, "law": 10, "arrivals": 2, "persons": 2, "completeness": 3} {
		if seen[chart] < least {
			t.Errorf("%s: only %d numbers were held to the tables", chart, seen[chart])
		}
	}
	t.Logf("numbers held to the tables: %v", seen)
}

// checkPages: the page of a snapshot names no agency, and that of an agency is the same for readers in any language.
func checkPages(t *testing.T, home string) {
	changes := readReport(t, home, "current", "report.json").Changes
	if changes == nil || changes.From == "" || !slices.ContainsFunc(changes.Tables, func(c report.Change) bool { return c.Table == "record" && c.Reason == "new_file" && c.Added > 0 }) {
		t.Errorf("since the last snapshot: %+v", changes)
	}
	page := read(t, home, "current", "report.html")
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	l, err := h.ReadLedger()
	check(t, err)
	for _, s := range l.Submissions {
		if bytes.Contains(page, []byte(s.Agency)) || bytes.Contains(read(t, home, "current", "report.json"), []byte(s.Agency)) {
			t.Fatal("the report names an agency")
		}
	}
	agency := l.Submissions[0].Agency
	r, err := h.Report(agency)
	check(t, err)
	out := filepath.Join(t.TempDir(), "ru.html")
	check(t, h.ReportIn(r, "ru", out))
	numbers := regexp.MustCompile(`<td class="n">[^<]*`)
	if fi, err := os.Stat(out); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("a page for its owner alone: %v", err)
	}
	ru, en := numbers.FindAllString(string(read(t, out)), -1), numbers.FindAllString(string(read(t, r.Page)), -1)
	if len(en) == 0 || strings.Join(ru, "") != strings.Join(en, "") {
		t.Errorf("%d numbers in one language, %d in another, or others", len(ru), len(en))
	}
	in := readReport(t, home, "receipts", agency, "report.json")
	if in.Linkage != nil || in.Coverage != nil || in.Words != nil || in.Checks != nil || len(in.Cases) > 0 && (in.Cases[0].Law != nil || in.Cases[0].Unit != "records") {
		t.Error("the page of an agency holds linkage, assessment or what is of others")
	}
	for _, bad := range []string{"..", "nobody", "a/../b"} {
		if _, err := h.Report(bad); err == nil {
			t.Errorf("there is a report of %q", bad)
		}
	}
}
