package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"palermo/load"
	"palermo/load/receipt"
	"palermo/load/report"
	"palermo/sandbox"
	"palermo/schemas"
)

// keptReport is the page of one agency as it was last written.
type keptReport struct {
	Key  string    `json:"key,omitempty"` // of all that it says, but when
	Made time.Time `json:"made"`
	Gone bool      `json:"gone,omitempty"` // deleted, since it was too old
}

// reports brings the page of each agency in step with its own data in the published snapshot, and deletes those that
// are too old. Where the run published nothing, only a page that is missing is looked into.
func (d *desk) reports(ctx context.Context, entries []*Entry) {
	if d.kept.Reports == nil {
		d.kept.Reports = map[string]*keptReport{}
	}
	d.sweepReports()
	agencies := d.agencies()
	answers := d.answers
	if answers == nil {
		if !slices.ContainsFunc(agencies, d.lacksReport) {
			return
		}
		if _, err := d.Report(""); err != nil {
			return // nothing is published yet, or by a version that had other views
		}
		var err error
		if answers, err = d.look(ctx, entries); err == nil {
			err = d.weigh(ctx, entries)
		}
		if err != nil {
			d.failed("", err)
			return
		}
	}
	for _, agency := range agencies {
		if ctx.Err() != nil {
			return
		}
		if err := d.agencyReport(agency, entries, answers); err != nil {
			d.failed("", err)
		}
	}
}

// agencies is those that have sent anything, by name.
func (d *desk) agencies() []string {
	var out []string
	for i := range d.ledger.Submissions {
		out = append(out, d.ledger.Submissions[i].Agency)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (h *Home) reportFile(agency, name string) string { return h.path(receiptsDir, agency, name) }

// lacksReport reports whether the agency's page is missing.
func (d *desk) lacksReport(agency string) bool {
	if k := d.kept.Reports[agency]; k != nil && k.Gone {
		return false
	}
	_, err := os.Stat(d.reportFile(agency, reportPage))
	return err != nil
}

// sweepReports deletes the pages that are too old, as receipts are.
func (d *desk) sweepReports() {
	for agency, k := range d.kept.Reports {
		if k.Gone || !d.old(k.Made) {
			continue
		}
		k.Gone = true
		if err := cmp.Or(removeIfThere(d.reportFile(agency, reportPage)), removeIfThere(d.reportFile(agency, reportData))); err != nil {
			d.failed("", err)
		}
	}
}

// look asks the published database what a report asks.
func (d *desk) look(ctx context.Context, entries []*Entry) (load.Answers, error) {
	run, err := load.CurrentRun(d.Dir)
	if err != nil {
		return nil, err
	}
	var out load.Answers
	job := load.DatabaseJob{Database: d.path(snapshotsDir, run, "palermo.duckdb"), Questions: reportQuestions(hasCases(entries))}
	return out, sandbox.Run(ctx, RoleLook, job, &out, sandbox.Options{TempDir: d.path(stateDir, "tmp")})
}

func (d *desk) agencyReport(agency string, entries []*Entry, answers load.Answers) error {
	old := cmp.Or(d.kept.Reports[agency], &keptReport{})
	b := &reporter{run: d.run, answers: answers}
	in := b.agency(agency, entries, d.state)
	if b.err != nil {
		return b.err
	}
	key, err := reportKey(in, d.Config.Agencies[agency].Language)
	if err != nil {
		return err
	}
	k := &keptReport{Key: key, Made: d.started}
	if old.Key == key {
		k.Made = old.Made // as it was, since it is only missing
	}
	if old.Key == key && !d.lacksReport(agency) {
		return nil
	}
	in.Made = k.Made
	dir := d.path(receiptsDir, agency)
	if err := os.MkdirAll(dir, receiptFolder); err != nil {
		return err
	}
	d.kept.Reports[agency] = k
	if err := d.writeReport(dir, in, d.Config.Agencies[agency].Language, receiptMode); err != nil {
		delete(d.kept.Reports, agency)
		return err
	}
	return nil
}

// reportKey is the digest of all that a page says, but which run wrote it and when.
func reportKey(in *report.Input, language string) (string, error) {
	timeless := *in
	timeless.Run, timeless.Made, timeless.Palermo = "", time.Time{}, ""
	var b bytes.Buffer
	fmt.Fprintln(&b, reportFormat, language)
	if err := report.WriteJSON(&b, &timeless); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:]), nil
}

// reportFormat is raised by hand when the pages of agencies are to be written again, though what they say is the same.
const reportFormat = 1

// agency is the page of one agency: what it sent, and nothing of another's, of linkage, or of how records are read.
func (b *reporter) agency(agency string, entries []*Entry, state func(*Submission, *Entry) (receipt.State, string)) *report.Input {
	in := b.begin()
	in.Agency, in.Contact = cmp.Or(b.Config.Agencies[agency].Title, agency), b.Config.Receipts.Contact
	own := map[string]bool{}
	found := map[string]*report.Finding{}
	rows := Balance{}
	for i, e := range entries {
		s := &b.ledger.Submissions[i]
		if s.Agency != agency {
			continue
		}
		own[s.ID] = true
		became, _ := state(s, e)
		r := b.rows(e)
		rows.add(&r)
		in.Arrivals = append(in.Arrivals, report.Arrival{Name: s.Receipt, State: string(became), Last: s.Received, Files: 1, Read: r.Read, Loaded: r.Loaded, Rejected: r.Rejected, Skipped: r.SkippedAll()})
		if !s.withdrawn {
			addOwn(found, b.findings(e))
		}
	}
	slices.Reverse(in.Arrivals) // the newest first
	in.Findings = mostFrequent(found)
	in.Totals = []report.Total{{What: "files", Low: int64(len(own)), High: int64(len(own))}, {What: "rows", Low: rows.Read, High: rows.Read}}
	mine := func(submission string) bool { return own[submission] }
	b.completeness(in, mine)
	if in.Completeness != nil {
		in.Cases = []report.Cases{{Unit: "records", Ages: b.ownAges(mine), Purposes: b.ownPurposes(mine)}}
	}
	return in
}

// addOwn adds what was found in a file, as far as agencies are told of it.
func addOwn(all map[string]*report.Finding, list []Found) {
	seen := map[string]bool{}
	for i := range list {
		f := &list[i]
		if f.N > 1 || !receipt.Seen(f.Code) {
			continue
		}
		a := all[string(f.Code)]
		if a == nil {
			a = &report.Finding{Code: f.Code, Severity: f.Severity.String()}
			all[string(f.Code)] = a
		}
		a.Count += int64(max(f.Of, 1))
		if !seen[string(f.Code)] {
			seen[string(f.Code)] = true
			a.Files++
		}
	}
}

func mostFrequent(all map[string]*report.Finding) []report.Finding {
	var out []report.Finding
	for _, code := range sortedKeys(all) {
		out = append(out, *all[code])
	}
	slices.SortStableFunc(out, func(a, b report.Finding) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// ownAges is records by the age that they state and by sex.
func (b *reporter) ownAges(mine func(string) bool) []report.Age {
	lows := schemas.Bands("age")
	type key struct {
		band int
		sex  string
	}
	spans := map[key][2]int64{}
	b.each("each ages", func(a *reportAnswer, r []string) {
		if !mine(r[0]) {
			return
		}
		low, high, n := a.int(r, 2), a.int(r, 3), a.int(r, 4)
		for i := range lows {
			end := int64(999)
			if i+1 < len(lows) {
				end = lows[i+1] - 1
			}
			if high < lows[i] || low > end {
				continue
			}
			s := spans[key{i, r[1]}]
			if s[1] += n; low >= lows[i] && high <= end {
				s[0] += n
			}
			spans[key{i, r[1]}] = s
		}
	})
	if len(spans) == 0 {
		return nil
	}
	var out []report.Age
	for i, low := range lows {
		a := report.Age{From: low}
		if i+1 < len(lows) {
			a.To = lows[i+1] - 1
		}
		other := [2]int64{}
		for k, s := range spans {
			if k.band == i && k.sex != "female" && k.sex != "male" {
				other = [2]int64{other[0] + s[0], other[1] + s[1]}
			}
		}
		of := func(s [2]int64) report.Span { return peopleSpan(s[0], s[1]) }
		a.Female, a.Male, a.Other = of(spans[key{i, "female"}]), of(spans[key{i, "male"}]), of(other)
		out = append(out, a)
	}
	return out
}

// ownPurposes is records by form of exploitation and the year of registration.
func (b *reporter) ownPurposes(mine func(string) bool) *report.Years {
	y := newYears()
	all := map[int]int64{}
	b.each("each years", func(a *reportAnswer, r []string) {
		if mine(r[0]) {
			all[int(a.int(r, 1))] += a.int(r, 2)
		}
	})
	b.each("each purposes", func(a *reportAnswer, r []string) {
		if mine(r[0]) {
			year := int(a.int(r, 1))
			y.add(year, r[2], a.int(r, 3), a.int(r, 3), all[year], false)
		}
	})
	return y.report("registration")
}

// Report is where a report lies.
type Report struct {
	Page string `json:"page"`
	Run  string `json:"run"`
	data string
}

// Report is the page of the published snapshot, or that of one agency, by the name of its folder.
func (h *Home) Report(agency string) (*Report, error) {
	dir := h.path(receiptsDir, agency)
	if agency == "" {
		run, err := load.CurrentRun(h.Dir)
		if err != nil {
			return nil, err
		}
		dir = h.path(snapshotsDir, run)
	} else if filepath.Base(agency) != agency || agency == ".." || agency == "." {
		return nil, fmt.Errorf("an agency is the name of a folder under drop: %w", ErrNotFound)
	}
	out := &Report{Page: filepath.Join(dir, reportPage), data: filepath.Join(dir, reportData)}
	in, err := out.read()
	if err != nil {
		return nil, err
	}
	out.Run = in.Run
	return out, nil
}

func (r *Report) read() (*report.Input, error) {
	f, err := os.Open(r.data)
	if os.IsNotExist(err) {
		return nil, errNoReport
	}
	if err != nil {
		return nil, environment(err)
	}
	defer f.Close()
	return report.Read(f)
}

// ReportIn writes the same report in another language to a file, for its owner alone.
func (h *Home) ReportIn(r *Report, language, file string) error {
	in, err := r.read()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := report.WriteHTML(&b, in, language, h.labels(language)); err != nil {
		return err
	}
	return environment(writeFile(file, b.Bytes(), 0o600))
}

// ReportLanguages is the languages that reports are in.
func ReportLanguages() []string { return receipt.Languages }
