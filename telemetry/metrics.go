package telemetry

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// metrics is the night in Prometheus's text format.
func metrics(n *Night) []byte {
	var m writer
	m.gauge("palermo_build_info", "Version of the program.", sample{`version=` + quote(n.Version) + `,schema=` + quote(n.Schema), 1})
	m.gauge("palermo_last_run_timestamp_seconds", "When the last run ended, however it ended.", sample{"", seconds(n.Ended)})
	m.gauge("palermo_last_run_duration_seconds", "How long the last run took.", sample{"", n.Ended.Sub(n.Started).Seconds()})
	m.gauge("palermo_last_run_exit_status", "Exit status of the last run; 0 is well.", sample{"", float64(n.Exit)})
	m.gauge("palermo_last_success_timestamp_seconds", "When the last run that ended well did, published or with nothing new.", sample{"", seconds(n.Durable.LastSuccess)})
	m.gauge("palermo_last_publication_timestamp_seconds", "When the current snapshot was made.", sample{"", seconds(n.Durable.LastPublication)})
	m.gauge("palermo_received_files", "Files that the last run took in.", sample{"", float64(n.Received)})
	m.gauge("palermo_waiting_files", "Files that the last run left in the drop folder.", sample{"", float64(n.Waiting)})
	m.gauge("palermo_submissions", "Files received so far.", sample{"", float64(n.Durable.Submissions)})
	m.gauge("palermo_rows_loaded", "Rows of the current snapshot that came from files.", sample{"", float64(n.Durable.RowsLoaded)})
	m.gauge("palermo_rows_rejected", "Rows in quarantine, at the last publication.", sample{"", float64(n.Durable.RowsRejected)})
	m.gauge("palermo_snapshots", "Snapshots that are kept.", sample{"", float64(n.Durable.Snapshots)})
	m.gauge("palermo_table_rows", "Rows of the current snapshot, by table.", samples("table", n.Durable.Tables)...)
	failed := map[string]int64{"info": 0, "warning": 0, "error": 0}
	for _, c := range n.Checks {
		failed[c.Severity]++
	}
	m.gauge("palermo_checks_not_passed", "Checks of the last run that did not pass, by severity.", samples("severity", failed)...)
	runs := map[string]int64{}
	for status, k := range n.Durable.Runs {
		runs[status] = int64(k)
	}
	m.write("palermo_runs_total", "Runs that the ledger has, by what they came to.", "counter", samples("status", runs)...)
	return m.Bytes()
}

// writer writes metrics one after the other.
type writer struct{ bytes.Buffer }

// sample is one value and its labels.
type sample struct {
	labels string
	value  float64
}

func (w *writer) gauge(name, help string, values ...sample) { w.write(name, help, "gauge", values...) }

func (w *writer) write(name, help, kind string, values ...sample) {
	if len(values) == 0 {
		return
	}
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	for _, v := range values {
		labels := v.labels
		if labels != "" {
			labels = "{" + labels + "}"
		}
		fmt.Fprintf(w, "%s%s %g\n", name, labels, v.value)
	}
}

func samples(label string, of map[string]int64) []sample {
	var out []sample
	for _, k := range slices.Sorted(maps.Keys(of)) {
		out = append(out, sample{label + "=" + quote(k), float64(of[k])})
	}
	return out
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// seconds is a time as Prometheus counts it; 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
