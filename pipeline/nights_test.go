package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/load"
	"palermo/pipeline"
)

// told is what a server was asked.
type told struct {
	sync.Mutex
	paths  []string
	bodies []string
}

// listen is a server that takes pings, and answers all else with an error.
func listen(t *testing.T) (*told, string) {
	t.Helper()
	l := &told{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		l.Lock()
		defer l.Unlock()
		l.paths, l.bodies = append(l.paths, r.URL.Path), append(l.bodies, string(b))
		if !strings.HasPrefix(r.URL.Path, "/ping") {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	t.Cleanup(s.Close)
	return l, s.URL
}

// everything is all that lies in the home, but its lock: by path, what it is and, of a file, its content.
func everything(t *testing.T, home string) map[string]string {
	t.Helper()
	out := map[string]string{}
	check(t, filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == filepath.Join(home, "state", "lock") {
			return err
		}
		rel, _ := filepath.Rel(home, path)
		fi, err := d.Info()
		check(t, err)
		out[rel] = fi.Mode().String()
		if d.Type().IsRegular() {
			out[rel] += " " + string(read(t, path))
		}
		return nil
	}))
	return out
}

// TestNights leads one home through what a data engineer does with it: a plan, a run, a second, a comparison, the way
// back, and a night without its inbox.
func TestNights(t *testing.T) {
	t.Parallel()
	hook, url := listen(t)
	home := newHome(t, map[string][]byte{"unodc/a.csv": table(t, goodRow(2001), goodRow(2002), badRow(2003, cellSex, "Zeynep"))})
	const lineage = "state/lineage.jsonl"
	write(t, filepath.Join(home, "palermo.yaml"), []byte("snapshots: {keep: 2}\ntelemetry: {textfile: state/palermo.prom, openlineage: "+lineage+
		", ping: "+url+"/ping, webhook: "+url+"/hook}\n"))
	run(t, home, pipeline.Options{Now: clock(1)})
	first, m, err := load.Current(home)
	check(t, err)

	drop(t, home, "unodc/b.csv", table(t, goodRow(2004)))
	h, err := pipeline.OpenHome(home, "")
	check(t, err)
	before := everything(t, home)
	p, err := h.Plan(context.Background(), pipeline.Options{Now: clock(2)})
	check(t, err)
	if d := cmp.Diff(before, everything(t, home)); d != "" {
		t.Errorf("a plan changed the home:\n%s", d)
	}
	want := []pipeline.Change{
		{Table: "row_balance", Agency: "unodc", Reason: pipeline.ReasonNewFile, Added: 1},
		{Table: "statistic", Agency: "unodc", Reason: pipeline.ReasonNewFile, Added: 1},
		{Table: "submission", Agency: "unodc", Reason: pipeline.ReasonNewFile, Added: 1},
	}
	noWords := func(cs []pipeline.Change) []pipeline.Change {
		return slices.DeleteFunc(slices.Clone(cs), func(c pipeline.Change) bool { return c.Table == "value_map" })
	}
	if d := cmp.Diff(want, noWords(p.Diff.Changes)); d != "" || len(p.Refused) > 0 {
		t.Errorf("planned (-want +got):\n%s refused by %v", d, p.Refused)
	}
	run(t, home, pipeline.Options{Now: clock(2)})
	second, _, err := load.Current(home)
	check(t, err)
	got, err := h.Diff(context.Background(), "", "")
	check(t, err)
	if d := cmp.Diff(p.Diff.Changes, got.Changes); d != "" {
		t.Errorf("what was planned is not what was done:\n%s", d)
	}

	b, err := h.Rollback("", clock(3)())
	check(t, err)
	if now, _, _ := load.Current(home); now != first || b.From != filepath.Base(second) || b.To != m.Run {
		t.Errorf("rollback: %+v, and current is %s", b, now)
	}
	if s := run(t, home, pipeline.Options{Now: clock(3)}); s.Status != pipeline.RunNothingNew || !s.RolledBack {
		t.Errorf("the night after a rollback: %s, rolled back %t", s.Status, s.RolledBack)
	}
	drop(t, home, "unodc/c.csv", table(t, goodRow(2005)))
	if s := run(t, home, pipeline.Options{Now: clock(4)}); s.Status != pipeline.RunPublished || s.Submissions != 3 || s.Pruned != 1 {
		t.Errorf("with a new file: %s of %d submissions, %d removed", s.Status, s.Submissions, s.Pruned)
	}
	third := whole(t, home)
	if _, err := os.Stat(second); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the snapshot that somebody went back from is kept, and an older one is not (%v)", err)
	}
	for _, dir := range []string{"snapshots", "steward", "state/runs"} {
		if left, err := os.ReadDir(filepath.Join(home, dir)); err != nil || len(left) != 2 {
			t.Errorf("%s: %d kept, want 2 (%v)", dir, len(left), err)
		}
	}

	inbox := filepath.Join(home, "inbox")
	check(t, os.Rename(inbox, inbox+".away"))
	var gate *pipeline.GateError
	if _, err := tryRun(home, pipeline.Options{Now: clock(5), Full: true}); !errors.As(err, &gate) || gate.Before {
		t.Errorf("a night without its inbox: %v", err)
	}
	if _, err := tryRun(home, pipeline.Options{Now: clock(6)}); !errors.As(err, &gate) || !gate.Before {
		t.Errorf("the night after it: %v, want the same refusal", err)
	}
	if now := whole(t, home); now != third {
		t.Errorf("current went from %s to %s", third, now)
	}
	check(t, os.Remove(inbox))
	check(t, os.Rename(inbox+".away", inbox))
	if s := run(t, home, pipeline.Options{Now: clock(7)}); s.Status != pipeline.RunNothingNew {
		t.Errorf("with its inbox: %s", s.Status)
	}
	telling(t, home, hook, string(read(t, home, lineage)))
}

// telling holds what others were told of TestNights against what was done, and against what nobody may be told.
func telling(t *testing.T, home string, hook *told, lineage string) {
	t.Helper()
	var kinds []string
	for _, l := range strings.Split(strings.TrimSpace(lineage), "\n") {
		var e struct {
			EventType string
			Run       struct{ RunID string }
			Outputs   []struct {
				Name   string
				Facets map[string]json.RawMessage
			}
		}
		check(t, json.Unmarshal([]byte(l), &e))
		kinds = append(kinds, e.EventType)
		for _, o := range e.Outputs {
			if o.Name == "table.statistic" && (o.Facets["columnLineage"] == nil || o.Facets["dataQualityAssertions"] == nil || o.Facets["schema"] == nil) {
				t.Errorf("the event of table.statistic lacks a facet: %v", o.Facets)
			}
		}
	}
	if got := strings.Join(kinds, " "); got != "START COMPLETE START COMPLETE START COMPLETE START COMPLETE START FAIL START FAIL START COMPLETE" {
		t.Errorf("events: %s", got)
	}
	var pings []string
	for _, p := range hook.paths {
		if strings.HasPrefix(p, "/ping") {
			pings = append(pings, strings.TrimPrefix(p, "/ping/"))
		}
	}
	if got := strings.Join(pings, " "); got != "start 0 start 0 start 0 start 0 start 1 start 1 start 0" {
		t.Errorf("pings: %s", got)
	}
	prom := string(read(t, home, "state", "palermo.prom"))
	for _, line := range []string{"palermo_last_run_exit_status 0\n", "palermo_submissions 3\n", "palermo_rows_loaded 4\n", "palermo_rows_rejected 1\n",
		"palermo_table_rows{table=\"statistic\"} 4\n", "palermo_runs_total{status=\"published\"} 3\n", "palermo_runs_total{status=\"gate_refused\"} 1\n", "palermo_snapshots 2\n"} {
		if !strings.Contains(prom, line) {
			t.Errorf("the metrics lack %q:\n%s", line, prom)
		}
	}
	for name, text := range map[string]string{"lineage": lineage, "metrics": prom, "hook": strings.Join(hook.bodies, "\n")} {
		for _, secret := range []string{"Zeynep", "a.csv", "b.csv", home} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s holds %q", name, secret)
			}
		}
	}
}

// TestCheckSettings: what palermo.yaml says of checks is held against what there is.
func TestCheckSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ yaml, want string }{
		{"checks: {source_rows: {low: 0.9, only: {unodc_glotip: {low: 0.5}}}}", ""},
		{"checks: {sources_rows: {low: 0.9}}", `there is no check "sources_rows"`},
		{"checks: {source_rows: {severity: grave}}", "info, warning or error"},
		{"checks: {source_rows: {only: {glotip: {low: 0.5}}}}", `there is no source "glotip"`},
		{"snapshots: {keep: 1}", "at least 2 are kept"},
		{"telemetry: {ping: hc-ping.com}", "telemetry.ping: not a URL"},
	} {
		home := filepath.Join(t.TempDir(), "home")
		check(t, os.MkdirAll(filepath.Join(home, "drop"), 0o755))
		write(t, filepath.Join(home, "palermo.yaml"), []byte(c.yaml+"\n"))
		_, err := pipeline.ReadHome(home, "")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.yaml, err, c.want)
		}
	}
}

// TestDoctorMends: what can be mended without a loss is, and only that.
func TestDoctorMends(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	_, err := pipeline.InitHome(home, []string{"unodc"})
	check(t, err)
	check(t, os.Chmod(filepath.Join(home, "vault"), 0o755))
	write(t, filepath.Join(home, "state", "tmp", "left", "x"), nil)
	status := func(cs []pipeline.Check) map[string]string {
		out := map[string]string{}
		for _, c := range cs {
			if out[c.Name] = c.Status; c.Fixed {
				out[c.Name] = "fixed"
			}
		}
		return out
	}
	was := status(pipeline.Doctor(home, "", clock(1)()))
	if was["private folders"] != pipeline.Fail || was["leftovers"] != pipeline.Warn || was["clock"] != pipeline.Pass || was["DuckDB"] != pipeline.Pass {
		t.Errorf("doctor: %v", was)
	}
	if now := status(pipeline.Mend(home, "", clock(1)())); now["private folders"] != "fixed" || now["leftovers"] != "fixed" {
		t.Errorf("doctor --fix: %v", now)
	}
	write(t, filepath.Join(home, "palermo.yaml"), []byte("threds: 1\n\nreprt: {}\n"))
	bad := pipeline.Doctor(home, "", clock(1)())
	var places []string
	for _, c := range bad {
		if c.Status == pipeline.Fail {
			places = append(places, c.Path)
			if c.Suggestion == "" {
				t.Errorf("%v: it does not say what to do", c)
			}
		}
	}
	if d := cmp.Diff([]string{"palermo.yaml:1", "palermo.yaml:3"}, places); d != "" {
		t.Errorf("places of a config that is wrong:\n%s", d)
	}
}

// TestInitHome: a home is made once, what is there is kept, and nothing is made among other things.
func TestInitHome(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	_, err := pipeline.InitHome(home, []string{"unodc"})
	check(t, err)
	was := everything(t, home)
	again, err := pipeline.InitHome(home, []string{"unodc"})
	check(t, err)
	if d := cmp.Diff(was, everything(t, home)); d != "" || len(again.Made) > 0 {
		t.Errorf("made again: %v\n%s", again.Made, d)
	}
	if _, err := pipeline.InitHome(home, []string{"../x"}); err == nil {
		t.Error("an agency of another folder was made")
	}
	other := t.TempDir()
	write(t, filepath.Join(other, "letter.txt"), nil)
	if _, err := pipeline.InitHome(other, nil); !errors.Is(err, pipeline.ErrNotEmpty) {
		t.Errorf("in a folder with other things: %v", err)
	}
}
