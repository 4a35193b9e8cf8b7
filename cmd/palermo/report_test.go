package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"palermo/load/report"
)

// checkDemoReport: the demo's report is found, opened and translated, says that it is made up, and sets beside each other what the tables
// have of agencies and of states.
func checkDemoReport(t *testing.T, db *sql.DB, home string) {
	t.Helper()
	var out struct{ Result struct{ Page, Run string } }
	if err := json.Unmarshal(demoOutput(t, "report", "--home", home, "--json"), &out); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(out.Result.Page)
	if err != nil || !bytes.Contains(page, []byte("All data here are made up")) || !bytes.Contains(page, []byte(out.Result.Run)) {
		t.Errorf("the page of run %s: %v", out.Result.Run, err)
	}
	if len(page) > 300_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	f, err := os.Open(filepath.Join(filepath.Dir(out.Result.Page), "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	states, agencies := 0, 0
	for _, c := range in.Beside.Countries {
		for k, p := range c.Pairs {
			where := fmt.Sprintf("reporter_code = '%s' AND year = %d", c.Country, in.Beside.Years[k])
			if p.StatesStatus == "reported" {
				states++
				if countRows(t, db, fmt.Sprintf(`SELECT 1 FROM statistic WHERE %s AND source_id = 'unodc_glotip' AND indicator_code = 'detected_victims' AND dimension_code = 'total'
AND sex_code = 'total' AND age_code = 'total' AND value_low >= %d AND value_high <= %d`, where, p.StatesLow, p.StatesHigh)) == 0 {
					t.Errorf("no state reported %d to %d where %s", p.StatesLow, p.StatesHigh, where)
				}
			}
			if p.Agencies == nil {
				continue
			}
			n := countRows(t, db, fmt.Sprintf(`SELECT DISTINCT m.person_id FROM record r JOIN person_record m USING (record_id) WHERE r.is_current AND r.trafficking_status_code IS DISTINCT FROM 'not_a_victim'
AND coalesce(r.reporting_country_code, r.interview_country_code) = '%s' AND year(r.registration_from) = %d AND year(coalesce(r.registration_to, r.registration_from)) = %[2]d`, c.Country, in.Beside.Years[k]))
			if low, shown := p.Agencies.Low.Number(); shown {
				agencies++
				if want := int64(n+2) / 5 * 5; low != want || n > 0 && n < 10 {
					t.Errorf("agencies have %d persons, want %d of %d: %s", low, want, n, where)
				}
			}
		}
	}
	if states < 10 || agencies < 10 {
		t.Errorf("%d counts of states and %d of agencies were looked at", states, agencies)
	}
	ru := filepath.Join(t.TempDir(), "ru.html")
	demoOutput(t, "report", "--home", home, "--language", "ru", "--out", ru)
	if b, err := os.ReadFile(ru); err != nil || !bytes.Contains(b, []byte("Торговля людьми")) {
		t.Errorf("in Russian: %v", err)
	}
	if got := string(demoOutput(t, "report", "--home", home, "--agency", "iom_kyiv")); !strings.HasSuffix(strings.TrimSpace(got), filepath.Join("receipts", "iom_kyiv", "report.html")) {
		t.Errorf("of an agency: %s", got)
	}
	for _, wrong := range []struct {
		args []string
		exit int
	}{{[]string{"--out", ru}, exitUsage}, {[]string{"--language", "xx"}, exitUsage}, {[]string{"--agency", "nobody"}, 1}} {
		var stdout, stderr bytes.Buffer
		if got := testApp(&stdout, &stderr).execute(t.Context(), append([]string{"report", "--home", home}, wrong.args...)); got != wrong.exit {
			t.Errorf("%v: exit %d: %s", wrong.args, got, stderr.String())
		}
	}
}

// TestOpenPage: the program that BROWSER names is given the page.
func TestOpenPage(t *testing.T) {
	dir := t.TempDir()
	browser, seen := filepath.Join(dir, "browser"), filepath.Join(dir, "seen")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\nprintf %s \"$1\" >"+seen+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	a := &app{env: func(string) string { return browser }}
	if err := a.openPage(t.Context(), "/a page.html"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(seen); err != nil || string(b) != "/a page.html" {
		t.Errorf("it was given %q, %v", b, err)
	}
	a.env = func(string) string { return filepath.Join(dir, "nothing") }
	if err := a.openPage(t.Context(), "/page.html"); err == nil {
		t.Error("a program that is not there has opened a page")
	}
}
