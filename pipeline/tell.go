package pipeline

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"palermo/diag"
	"palermo/load"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/telemetry"
)

// runFailed is what a run came to that could not finish; it is told, and stands in no ledger.
const runFailed = "failed"

// teller tells others how a run goes. What cannot be told is logged, and ends no run.
type teller struct {
	*run
	to    telemetry.Sender
	night *telemetry.Night
}

func (r *run) teller() *teller {
	c := r.Config.Telemetry
	return &teller{run: r, night: &telemetry.Night{Run: r.id, Version: r.Version, Schema: r.Schema.Version, Started: r.started, Checks: []telemetry.Check{}},
		to: telemetry.Sender{Textfile: r.below(c.Textfile), OpenLineage: r.below(c.OpenLineage), Namespace: c.Namespace, Ping: c.Ping, Webhook: c.Webhook,
			Timeout: time.Duration(c.TimeoutSeconds) * time.Second}}
}

func (t *teller) started(ctx context.Context) { t.log(t.to.Started(ctx, t.night)) }

// ended tells what the run came to; exit is the status of the command that ran it.
func (t *teller) ended(ctx context.Context, err error, exit int) {
	if t.to.Nobody() {
		return
	}
	s, n := t.summary, t.night
	n.Ended, n.Status, n.Exit = t.Now().UTC(), s.Status, exit
	if err != nil {
		n.Code = failureCode(err)
		if s.Status != RunRefused {
			n.Status = runFailed
		}
	}
	n.Cancelled = ctx.Err() != nil
	n.Received, n.Waiting, n.Made, n.Reused = len(s.Files), len(s.Waiting), s.Made, s.Reused
	n.Read, n.Loaded, n.Rejected, n.Skipped = s.Rows.Read, s.Rows.Loaded, s.Rows.Rejected, s.Rows.SkippedAll()
	n.Checks = append(n.Checks, toldChecks(s.Checks)...)
	n.Results = toldChecks(t.checked)
	n.Durable = t.durable()
	if t.to.OpenLineage != "" && s.Status == RunPublished {
		n.Inputs, n.Outputs = t.sources(), t.tables()
	}
	t.log(t.to.Ended(ctx, n))
}

// failureCode is the error as a code: its text may hold a path.
func failureCode(err error) string {
	var env *EnvironmentError
	var gate *GateError
	switch {
	case errors.As(err, &env):
		return string(env.Code)
	case errors.As(err, &gate):
		return gate.Results[0].Check
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return runFailed
}

func (t *teller) log(fs []telemetry.Failure) {
	for _, f := range fs {
		t.Log.Warn("not told", zap.String("to", f.To), zap.String("code", string(diag.TelemetryUnsent)), zap.String("why", f.Err.Error()))
	}
}

func toldChecks(rs []CheckResult) []telemetry.Check {
	var out []telemetry.Check
	for _, r := range rs {
		out = append(out, telemetry.Check{Name: r.Check, Subject: r.Subject, Severity: r.Severity, Outcome: r.Outcome, Measured: r.Measured})
	}
	return out
}

// durable is what lies on the disk now: what a run counted that did not come to its end is not in it.
func (t *teller) durable() telemetry.Durable {
	d := telemetry.Durable{Tables: map[string]int64{}, Runs: map[string]int{RunPublished: 0, RunNothingNew: 0, RunRefused: 0}}
	if l, err := t.ReadLedger(); err == nil {
		d.Submissions = len(l.Submissions)
		for _, r := range l.Runs {
			d.Runs[r.Status]++
			if r.Status != RunRefused && r.Ended.After(d.LastSuccess) {
				d.LastSuccess = r.Ended
			}
		}
	}
	if _, m, err := load.Current(t.Dir); err == nil {
		d.LastPublication, d.RowsLoaded, d.RowsRejected = m.Ended, m.RowsLoaded, m.RowsRejected
		for _, f := range m.Files {
			if table := load.TableOf(f.Path); table != "" {
				d.Tables[table] += f.Rows
			}
		}
	}
	if runs, err := t.snapshots(); err == nil {
		d.Snapshots = len(runs)
	}
	return d
}

// sources is the sources that the snapshot has rows of, with the columns that their mappings name.
func (t *teller) sources() []telemetry.Dataset {
	rows := map[string]int64{}
	for _, a := range t.made {
		for source, n := range a.Loaded {
			rows[source] += n
		}
	}
	var out []telemetry.Dataset
	for _, source := range sortedKeys(rows) {
		d := telemetry.Dataset{Name: source, Rows: rows[source]}
		if m := t.Mappings.Source(source); m != nil {
			seen := map[string]bool{}
			eachColumn(m, func(_ string, c *mappings.Column) {
				if !seen[c.From] {
					seen[c.From] = true
					d.Fields = append(d.Fields, telemetry.Field{Name: c.From})
				}
			})
		}
		out = append(out, d)
	}
	return out
}

// eachColumn calls f for each column that a mapping names, with the table that it fills.
func eachColumn(m *mappings.Mapping, f func(table string, c *mappings.Column)) {
	for i := range m.Tables {
		t := &m.Tables[i]
		for k := range t.Columns {
			f(t.Target, &t.Columns[k])
		}
		for k := range t.Children {
			for j := range t.Children[k].Columns {
				f(t.Children[k].To, &t.Children[k].Columns[j])
			}
		}
	}
}

// tables is the tables of the snapshot, as analysts see them, and which columns of which sources theirs are made of.
func (t *teller) tables() []telemetry.Dataset {
	var out []telemetry.Dataset
	for _, full := range t.Schema.Tables {
		table := full.In(schemas.ZoneAnalyst)
		if table == nil {
			continue
		}
		d := telemetry.Dataset{Name: table.Name, Rows: t.summary.Tables[table.Name], Lineage: map[string][]telemetry.Origin{}}
		for _, c := range table.Columns() {
			d.Fields = append(d.Fields, telemetry.Field{Name: c.Name, Type: string(c.Type), Description: c.Meaning})
		}
		for _, a := range t.sourcesOf() {
			eachColumn(a, func(target string, c *mappings.Column) {
				f := table.Field(c.To)
				if target != table.Name || f == nil {
					return
				}
				for _, col := range f.Columns() {
					if o := (telemetry.Origin{Source: a.Source.ID, Column: c.From}); !slices.Contains(d.Lineage[col.Name], o) {
						d.Lineage[col.Name] = append(d.Lineage[col.Name], o)
					}
				}
			})
		}
		out = append(out, d)
	}
	return out
}

// sourcesOf is the mappings that the snapshot has rows by.
func (t *teller) sourcesOf() []*mappings.Mapping {
	var out []*mappings.Mapping
	for _, m := range t.Mappings.Mappings {
		if slices.ContainsFunc(t.made, func(a account) bool { return a.Loaded[m.Source.ID] > 0 }) {
			out = append(out, m)
		}
	}
	return out
}
