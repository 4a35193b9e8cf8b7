package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"

	"palermo/diag"
	"palermo/load"
	"palermo/load/report"
	"palermo/transform/disclose"
)

// The names of a report, in a snapshot and in the folder of an agency.
const (
	reportPage = "report.html"
	reportData = "report.json"
)

// smallCells is the rule for counts of people in reports.
var smallCells = disclose.Usual

// countOf is a count of people as a report may show it.
func countOf(n int64) report.Count { return shown(smallCells.Show(n)) }

func shown(s disclose.Shown) report.Count {
	if s.Withheld {
		return report.Hidden()
	}
	return report.Of(s.Count)
}

// peopleSpan is the least and the most of a count of people: where either is small, both are hidden.
func peopleSpan(low, high int64) report.Span {
	if smallCells.IsSmall(low) || smallCells.IsSmall(high) {
		return report.Span{Low: report.Hidden(), High: report.Hidden()}
	}
	return report.Span{Low: countOf(low), High: countOf(high)}
}

// report writes the report of the snapshot that is being made, from its database as it is about to be published.
func (p *publication) report(dir string, answers load.Answers, changes *report.Changes) error {
	b := &reporter{run: p.run, answers: answers}
	in, err := b.input(p.entries)
	if err != nil { // a page is no reason to publish nothing
		p.Log.Warn("no report was made", zap.Error(err))
		return nil
	}
	in.Changes = changes
	p.answers = answers
	return p.writeReport(dir, in, p.Config.Report.Language, 0o644)
}

// writeReport writes both forms of a report into the folder.
func (h *Home) writeReport(dir string, in *report.Input, language string, mode os.FileMode) error {
	for name, write := range map[string]func(io.Writer) error{
		reportPage: func(w io.Writer) error { return report.WriteHTML(w, in, language, h.labels(language)) },
		reportData: func(w io.Writer) error { return report.WriteJSON(w, in) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, name), b.Bytes(), mode); err != nil {
			return err
		}
	}
	return nil
}

// labels is what codes are called in the language.
func (h *Home) labels(language string) report.Labels {
	return func(list, code string) string {
		l := h.Schema.List(list)
		if l == nil {
			return ""
		}
		if i := l.Index(code); i >= 0 {
			return l.Codes[i].Label(cmp.Or(language, "en"))
		}
		return ""
	}
}

// reporter fills the input of reports.
type reporter struct {
	*run
	answers load.Answers
	err     error
}

// each calls row for each row that a question was answered with.
func (b *reporter) each(question string, row func(a *reportAnswer, r []string)) {
	a := &reportAnswer{}
	for _, r := range b.answers[question] {
		row(a, r)
	}
	b.err = cmp.Or(b.err, a.err)
}

// input is the report of the snapshot.
func (b *reporter) input(entries []*Entry) (*report.Input, error) {
	in := b.begin()
	b.totals(in, entries)
	b.cases(in)
	b.covered(in)
	in.Arrivals = b.arrivals(entries)
	b.completeness(in, func(string) bool { return true })
	b.quality(in)
	if b.linked != nil {
		in.Linkage = b.linkageReport()
	}
	return in, b.err
}

func (b *reporter) begin() *report.Input {
	return &report.Input{Run: b.id, Made: b.started, Palermo: b.Version, Least: smallCells.Least, Base: smallCells.Base, Synthetic: b.isDemo()}
}

// demoNote is the file that the demo leaves in its home, and no other.
const demoNote = "DEMO.txt"

// isDemo reports whether the home was made by the demo.
func (h *Home) isDemo() bool {
	_, err := os.Stat(h.path(demoNote))
	return err == nil
}

func (b *reporter) totals(in *report.Input, entries []*Entry) {
	add := func(what string, low, high int64) {
		if high > 0 {
			in.Totals = append(in.Totals, report.Total{What: what, Low: low, High: high})
		}
	}
	b.each("totals", func(a *reportAnswer, r []string) {
		add("persons", a.int(r, 1), a.int(r, 2))
		add("episodes", a.int(r, 3), a.int(r, 3))
		add("records", a.int(r, 0), a.int(r, 0))
		add("countries", a.int(r, 6), a.int(r, 6))
		add("statistics", a.int(r, 5), a.int(r, 5))
		add("sources", a.int(r, 4), a.int(r, 4))
	})
	agencies := map[string]bool{}
	rows := int64(0)
	for i, e := range entries {
		agencies[b.ledger.Submissions[i].Agency] = true
		rows += b.rows(e).Read
	}
	add("agencies", int64(len(agencies)), int64(len(agencies)))
	add("rows", rows, rows)
}

// arrivals is what came from each agency, in the order in which their first files came.
func (b *reporter) arrivals(entries []*Entry) []report.Arrival {
	var out []report.Arrival
	at := map[string]int{}
	last := 0
	for i := range b.ledger.Submissions {
		last = max(last, b.ledger.Submissions[i].Night)
	}
	for i, e := range entries {
		s := &b.ledger.Submissions[i]
		k, known := at[s.Agency]
		if !known {
			k = len(out)
			at[s.Agency] = k
			out = append(out, report.Arrival{No: k + 1})
			if b.Config.Report.Agencies {
				out[k].No, out[k].Name = 0, cmp.Or(b.Config.Agencies[s.Agency].Title, s.Agency)
			}
		}
		a, rows := &out[k], b.rows(e)
		if a.Files++; s.Night == last {
			a.Fresh++
		}
		if s.Received.After(a.Last) {
			a.Last = s.Received
		}
		a.Read, a.Loaded, a.Rejected, a.Skipped = a.Read+rows.Read, a.Loaded+rows.Loaded, a.Rejected+rows.Rejected, a.Skipped+rows.SkippedAll()
	}
	return out
}

// completeness is how often fields are reportAnswer in the records of the submissions.
func (b *reporter) completeness(in *report.Input, of func(submission string) bool) {
	all, sums := int64(0), make([][]int64, len(reportFields)) // known, empty, not asked
	for i := range sums {
		sums[i] = make([]int64, 3)
	}
	b.each("each fields", func(a *reportAnswer, r []string) {
		if !of(r[0]) {
			return
		}
		n := a.int(r, 1)
		all += n
		for i := range sums {
			known, empty := a.int(r, 2+2*i), a.int(r, 3+2*i)
			sums[i][0], sums[i][1], sums[i][2] = sums[i][0]+known, sums[i][1]+empty, sums[i][2]+n-known-empty
		}
	})
	if all == 0 {
		return
	}
	in.Completeness = &report.Completeness{Records: countOf(all)}
	for i, f := range reportFields {
		parts, _ := smallCells.Row(sums[i])
		in.Completeness.Fields = append(in.Completeness.Fields, report.FieldAnswers{Field: f.key, Known: shown(parts[0]), Empty: shown(parts[1]), None: shown(parts[2])})
	}
}

// quality is the checks, the findings and the words without a code.
func (b *reporter) quality(in *report.Input) {
	in.Checks = &report.Checks{}
	for _, c := range b.checked {
		if c.Outcome == outcomePassed {
			in.Checks.Passed++
			continue
		}
		in.Checks.Others = append(in.Checks.Others, report.Check{Name: c.Check, Subject: c.Subject, Severity: c.Severity, Measured: c.Measured, Low: c.Low, High: c.High})
	}
	b.each("findings", func(a *reportAnswer, r []string) {
		in.Findings = append(in.Findings, report.Finding{Code: diag.Code(r[0]), Severity: r[1], Files: a.int(r, 2), Count: a.int(r, 3)})
	})
	w := &report.Words{}
	b.each("words", func(a *reportAnswer, r []string) {
		w.All = a.int(r, 6)
		w.List = append(w.List, report.Word{Source: r[0], Field: r[1], Word: r[2], Listed: r[3] == "true", Rows: a.int(r, 4), Files: a.int(r, 5)})
	})
	if w.All > 0 {
		in.Words = w
	}
}

// mostCompared is how many rows two snapshots may have together to be compared row by row in a run.
const mostCompared = 2_000_000

// compareBeside compares the snapshot that is being made with the published one, while the run goes on; stop ends it. What cannot be
// compared is left out: a report is no reason to publish nothing.
func (p *publication) compareBeside(ctx context.Context, dir string) (out <-chan *report.Changes, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	c := make(chan *report.Changes, 1)
	go func() {
		defer close(c)
		c <- p.changes(ctx, dir)
	}()
	return c, func() {
		cancel()
		for range c { // it has let go of the folder
		}
	}
}

// changes is how the snapshot that is being made differs from the published one.
func (p *publication) changes(ctx context.Context, dir string) *report.Changes {
	if p.NoReport {
		return nil
	}
	before, m, err := load.Current(p.Dir)
	switch {
	case errors.Is(err, load.ErrNone):
		return &report.Changes{}
	case err != nil:
		return nil
	}
	now := &compared{dir: dir, idKey: p.keys.mark(p.keys.ids()), files: p.written, columns: map[string][]string{}}
	for _, t := range p.tables() {
		now.columns[t.Name] = columnNames(t)
	}
	rows := map[string]int64{}
	all := int64(0)
	for _, f := range m.Files {
		rows[load.TableOf(f.Path)] += f.Rows
		all += f.Rows
	}
	for _, n := range p.counts {
		all += n
	}
	if all > mostCompared {
		return p.rough(m.Run, rows)
	}
	d, err := p.compareWith(ctx, before, now)
	if err != nil {
		if ctx.Err() == nil {
			p.Log.Warn("snapshot not compared with the last one", zap.String("of_run", m.Run))
		}
		return nil
	}
	return changesOf(d)
}

func (p *publication) compareWith(ctx context.Context, before string, now *compared) (*Diff, error) {
	a, err := p.openCompared(before)
	if err != nil {
		return nil, err
	}
	return p.compareOpened(ctx, a, now, p.ledger)
}

// rough is by how many rows each table has become longer or shorter.
func (p *publication) rough(from string, before map[string]int64) *report.Changes {
	c := &report.Changes{From: from, Rough: true}
	for _, t := range p.tables() {
		if d := p.counts[t.Name] - before[t.Name]; d != 0 && t.Name != "run" && t.Name != checkTable {
			c.Tables = append(c.Tables, report.Change{Table: t.Name, Added: max(0, d), Removed: max(0, -d)})
		}
	}
	return c
}

// changesOf is a comparison without whose files they are.
func changesOf(d *Diff) *report.Changes {
	out := &report.Changes{From: d.From}
	for _, c := range d.Changes {
		if c.Added+c.Changed+c.Removed == 0 {
			continue
		}
		i := slices.IndexFunc(out.Tables, func(x report.Change) bool { return x.Table == c.Table && x.Reason == c.Reason })
		if i < 0 {
			i = len(out.Tables)
			out.Tables = append(out.Tables, report.Change{Table: c.Table, Reason: c.Reason})
		}
		x := &out.Tables[i]
		x.Added, x.Changed, x.Removed = x.Added+c.Added, x.Changed+c.Changed, x.Removed+c.Removed
	}
	return out
}

// errNoReport says that there is no report.
var errNoReport = fmt.Errorf("no report here: the run that made this was of an older version, or it is too old: %w", ErrNotFound)
