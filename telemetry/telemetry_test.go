package telemetry

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

func aNight() *Night {
	return &Night{Run: "20260102T030405Z-abcd", Version: `v1 "x"`, Schema: "1", Started: time.Unix(1000, 0), Ended: time.Unix(1002, 500e6), Status: "published",
		Checks:  []Check{{Name: "interval", Subject: "statistic", Severity: "warning", Outcome: "warned", Measured: 2}},
		Results: []Check{{Name: "reference", Subject: "statistic.source_id", Outcome: "passed"}},
		Durable: Durable{LastSuccess: time.Unix(1002, 0), Submissions: 3, Tables: map[string]int64{"statistic": 4, "code": 5}, Runs: map[string]int{"published": 2}},
		Outputs: []Dataset{{Name: "statistic", Rows: 4, Fields: []Field{{Name: "year", Type: "integer"}}, Lineage: map[string][]Origin{"year": {{"unodc_glotip", "Year"}}}}}}
}

func TestMetrics(t *testing.T) {
	got := string(metrics(aNight()))
	for _, want := range []string{`palermo_build_info{version="v1 \"x\"",schema="1"} 1`, "palermo_last_run_duration_seconds 2.5", "palermo_last_success_timestamp_seconds 1002",
		`palermo_table_rows{table="code"} 5` + "\n" + `palermo_table_rows{table="statistic"} 4`, `palermo_checks_not_passed{severity="warning"} 1`, `palermo_runs_total{status="published"} 2`} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	seen := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(got), "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(l, "# HELP "), "# TYPE "), " ")
		name, _, _ = strings.Cut(name, "{")
		if seen[l] || !strings.HasPrefix(name, "palermo_") {
			t.Errorf("line %q", l)
		}
		seen[l] = true
	}
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// TestEvents: a start and an end are of one run, and what became of it says the kind. Whether the form is OpenLineage's is asked of its own
// client: make test-deploy.
func TestEvents(t *testing.T) {
	for status, want := range map[string]string{"published": "COMPLETE", "nothing_new": "COMPLETE", "gate_refused": "FAIL", "failed": "FAIL"} {
		n := aNight()
		n.Status = status
		start, end := decoded(t, Sender{}.startEvent(n)), decoded(t, Sender{}.endEvent(n))
		if start["eventType"] != "START" || end["eventType"] != want {
			t.Errorf("%s: %v, %v, want START and %s", status, start["eventType"], end["eventType"], want)
		}
		id := start["run"].(map[string]any)["runId"]
		if id != end["run"].(map[string]any)["runId"] || !uuidForm.MatchString(id.(string)) {
			t.Errorf("%s: run ids %v and %v", status, id, end["run"])
		}
		if n := len(end["outputs"].([]any)); (n > 0) != (status == "published") {
			t.Errorf("%s: %d outputs", status, n)
		}
	}
	n := aNight()
	n.Cancelled = true
	if end := decoded(t, Sender{}.endEvent(n)); end["eventType"] != "ABORT" {
		t.Errorf("interrupted: %v", end["eventType"])
	}
}

func decoded(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFailuresNameNoAddress: whoever cannot be told is named by what it is, since an address may hold a secret; and nobody is waited for for long.
func TestFailuresNameNoAddress(t *testing.T) {
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(hang)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // a run that was interrupted is told of, too
	to := Sender{Textfile: filepath.Join(t.TempDir(), "token", "x.prom"), OpenLineage: s.URL + "/token", Ping: "http://token.invalid/token", Webhook: "http://127.0.0.1:1/token",
		Timeout: 200 * time.Millisecond}
	began := time.Now()
	fs := to.Ended(ctx, aNight())
	if len(fs) != 4 || time.Since(began) > 5*time.Second {
		t.Errorf("%d failures after %v, want 4", len(fs), time.Since(began))
	}
	for _, f := range fs {
		if strings.Contains(f.Error(), "token") || strings.Contains(f.Error(), "127.0.0.1") {
			t.Errorf("%s", f.Error())
		}
	}
}

// TestTextfileIsWhole: the file is replaced, and nothing else is left in its folder.
func TestTextfileIsWhole(t *testing.T) {
	dir := t.TempDir()
	to := Sender{Textfile: filepath.Join(dir, "palermo.prom"), Timeout: time.Second}
	for range 2 {
		if fs := to.Ended(context.Background(), aNight()); len(fs) > 0 {
			t.Fatal(fs)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files (%v)", len(left), err)
	}
}

// TestNightHasNoRoomForText: what may be told has no field that a cell, or the name of a file or a sheet, could stand in.
func TestNightHasNoRoomForText(t *testing.T) {
	known := map[string]bool{"Run": true, "Version": true, "Schema": true, "Status": true, "Code": true}
	for i := range reflect.TypeFor[Night]().NumField() {
		f := reflect.TypeFor[Night]().Field(i)
		if f.Type.Kind() == reflect.String && !known[f.Name] {
			t.Errorf("Night.%s is a text: say here why it holds nothing personal", f.Name)
		}
	}
}
