package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"go.uber.org/zap"

	"palermo/diag"
	"palermo/load"
	"palermo/schemas"
)

// CheckSettings is what a home says of one check otherwise than schemas/checks.yaml does.
type CheckSettings struct {
	Severity string              `yaml:"severity,omitempty" json:"severity,omitempty" jsonschema:"enum=info,enum=warning,enum=error,description=how grave a failure is; one of severity error keeps the last snapshot"`
	Low      *float64            `yaml:"low,omitempty" json:"low,omitempty" jsonschema:"description=the least figure that passes"`
	High     *float64            `yaml:"high,omitempty" json:"high,omitempty" jsonschema:"description=the greatest figure that passes"`
	Only     map[string]Expected `yaml:"only,omitempty" json:"only,omitempty" jsonschema:"description=other figures for one source by its id"`
}

// Expected is the figures between which a check of one source passes.
type Expected struct {
	Low  *float64 `yaml:"low,omitempty" json:"low,omitempty" jsonschema:"description=the least figure that passes"`
	High *float64 `yaml:"high,omitempty" json:"high,omitempty" jsonschema:"description=the greatest figure that passes"`
}

// CheckResult is what one check came to.
type CheckResult struct {
	Check    string   `json:"check"`
	Subject  string   `json:"subject"`
	Severity string   `json:"severity"`
	Outcome  string   `json:"outcome"` // a code of the list check_outcome
	Measured float64  `json:"measured"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
	Message  string   `json:"message"`
	Accepted bool     `json:"accepted,omitempty"` // somebody said that it is right so
}

// The outcomes of checks, codes of the list check_outcome.
const (
	outcomePassed = "passed"
	outcomeWarned = "warned"
	outcomeFailed = "failed"
)

// GateError says that checks of severity error failed: nothing was published, and the last snapshot stands.
type GateError struct {
	Results []CheckResult // those that failed
	Before  bool          // an earlier run was refused for the same, and nothing has changed since
}

func (e *GateError) Error() string {
	var said []string
	for i, r := range e.Results {
		if i == 3 {
			said = append(said, fmt.Sprintf("and %d more", len(e.Results)-i))
			break
		}
		said = append(said, r.String())
	}
	return "not published, the last snapshot stands: " + strings.Join(said, "; ")
}

func (r CheckResult) String() string {
	return fmt.Sprintf("%s (%s): %s", r.Check, r.Subject, r.Message)
}

// gate looks at what is about to be published.
type gate struct {
	*publication
	before  []account       // of the last snapshot
	filled  map[string]bool // tables that have rows, as far as they were looked at
	results []CheckResult
}

// checks is the checks as this home has them.
func (h *Home) checks() []schemas.Check {
	out := slices.Clone(schemas.Checks())
	for i := range out {
		s := h.Config.Checks[out[i].Name]
		out[i].Severity = cmp.Or(s.Severity, out[i].Severity)
		out[i].Low, out[i].High = cmp.Or(s.Low, out[i].Low), cmp.Or(s.High, out[i].High)
	}
	return out
}

// gateDigest is of all that decides whether checks pass, beside the inputs.
func (h *Home) gateDigest() string {
	b, err := json.Marshal([]any{h.checks(), h.Config.Checks})
	if err != nil {
		panic(err) // numbers and texts always encode
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// checkSettings holds what palermo.yaml says of checks against what there is.
func (h *Home) checkSettings() error {
	for _, name := range sortedKeys(h.Config.Checks) {
		if !slices.ContainsFunc(schemas.Checks(), func(c schemas.Check) bool { return c.Name == name }) {
			return ConfigFinding(fmt.Sprintf("checks: there is no check %q", name))
		}
		s := h.Config.Checks[name]
		if s.Severity != "" && h.Schema.List("severity").Index(s.Severity) < 0 {
			return ConfigFinding(fmt.Sprintf("checks.%s.severity: info, warning or error", name))
		}
		for _, source := range sortedKeys(s.Only) {
			if h.Mappings.Source(source) == nil {
				return ConfigFinding(fmt.Sprintf("checks.%s.only: there is no source %q", name, source))
			}
		}
	}
	return nil
}

// openGate makes the checks of what was received. Those of the tables are made where these are filled.
func (p *publication) openGate() (*gate, error) {
	_, m, err := p.current()
	if err != nil {
		return nil, err
	}
	g := &gate{publication: p, filled: map[string]bool{}}
	if g.before, err = p.readAccounts(m); err != nil {
		return nil, fmt.Errorf("read what the last snapshot had: %w", err)
	}
	for _, c := range p.checks() {
		switch c.Kind {
		case schemas.CheckBalance:
			g.balance(c)
		case schemas.CheckUnexplainedLoss:
			g.losses(c, m)
		case schemas.CheckSourceRows:
			g.sourceRows(c)
		case schemas.CheckSourceCount:
			g.perSource(c, func(rows Balance) (float64, bool) { return float64(rows.Loaded), true })
		case schemas.CheckShareRejected:
			g.perSource(c, func(rows Balance) (float64, bool) { return share(rows.Rejected, rows.Read) })
		case schemas.CheckShareUnmapped:
			g.unmapped(c)
		case schemas.CheckShareUnlinkable:
			g.unlinkable(c)
		case schemas.CheckShareRetrafficked:
			g.retrafficked(c)
		}
	}
	return g, nil
}

// close ends the checks with those of the tables, and says with a GateError that one refuses publication.
func (g *gate) close(all []tableQuestion, answers load.Answers) error {
	if err := g.answered(all, answers); err != nil {
		return fmt.Errorf("check the tables: %w", err)
	}
	slices.SortFunc(g.results, func(a, b CheckResult) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Subject, b.Subject))
	})
	g.checked = g.results
	return g.verdict()
}

// share is part of all, where there is anything.
func share(part, all int64) (float64, bool) {
	if all == 0 {
		return 0, false
	}
	return float64(part) / float64(all), true
}

// measure notes what a check came to. A check that has no figures to hold it against says nothing.
func (g *gate) measure(c schemas.Check, subject string, measured float64, message string) {
	if only, ok := g.Config.Checks[c.Name].Only[subject]; ok {
		c.Low, c.High = cmp.Or(only.Low, c.Low), cmp.Or(only.High, c.High)
	}
	if c.Low == nil && c.High == nil {
		return
	}
	r := CheckResult{Check: c.Name, Subject: subject, Severity: c.Severity, Outcome: outcomePassed, Measured: measured, Low: c.Low, High: c.High, Message: message}
	if c.Low != nil && measured < *c.Low || c.High != nil && measured > *c.High {
		r.Outcome = outcomeWarned
		switch {
		case r.Severity != diag.Error.String():
		case g.acceptAll, slices.Contains(g.Accept, c.Name), slices.Contains(g.Accept, c.Name+":"+subject):
			r.Accepted = true
			r.Message += "; accepted"
		default:
			r.Outcome = outcomeFailed
		}
	}
	g.results = append(g.results, r)
}

// verdict logs what did not pass, and refuses where a grave check failed.
func (g *gate) verdict() error {
	var failed []CheckResult
	for _, r := range g.results {
		if r.Outcome == outcomePassed {
			continue
		}
		g.summary.Checks = append(g.summary.Checks, r)
		g.Log.Warn("check", zap.String("check", r.Check), zap.String("severity", r.Severity), zap.String("outcome", r.Outcome), zap.Float64("measured", r.Measured))
		if r.Outcome == outcomeFailed {
			failed = append(failed, r)
		}
	}
	if len(failed) > 0 {
		return &GateError{Results: failed}
	}
	return nil
}

// refusedBefore is the refusal of the last run, where nothing that decided it has changed since.
func (r *run) refusedBefore(inputs string) error {
	if len(r.ledger.Runs) == 0 || r.Full || r.acceptAll || len(r.Accept) > 0 {
		return nil
	}
	last := r.ledger.Runs[len(r.ledger.Runs)-1]
	if last.Status != RunRefused || last.Inputs != inputs || last.Gate != r.gateDigest() {
		return nil
	}
	failed := slices.DeleteFunc(slices.Clone(last.Checks), func(c CheckResult) bool { return c.Outcome != outcomeFailed })
	r.summary.Checks = last.Checks
	return &GateError{Results: failed, Before: true}
}

func (g *gate) balance(c schemas.Check) {
	for _, e := range g.entries {
		b := g.rows(e)
		lost := b.Read - b.Loaded - b.Rejected - b.SkippedAll()
		g.measure(c, e.Submission, math.Abs(float64(lost)), fmt.Sprintf("%d read, %d loaded, %d rejected, %d skipped", b.Read, b.Loaded, b.Rejected, b.SkippedAll()))
	}
}

// losses holds each submission against what the last snapshot had of it.
func (g *gate) losses(c schemas.Check, m *load.Manifest) {
	now := map[string]int{}
	for i := range g.entries {
		now[g.entries[i].Submission] = i
	}
	for i := range g.before {
		was := &g.before[i]
		k, there := now[was.Submission]
		if !there {
			g.measure(c, was.Submission, float64(total(was.Loaded)), "the ledger does not have the submission any longer")
			continue
		}
		lost, why := g.loss(was, g.entries[k], m)
		g.measure(c, was.Submission, float64(lost), why)
	}
}

// loss is how many rows of the last snapshot the submission has no longer for no reason that is known.
func (g *gate) loss(was *account, e *Entry, m *load.Manifest) (int64, string) {
	is := g.accountOf(e, was.Agency)
	had, has := total(was.Loaded), total(is.Loaded)
	lost := had - has
	whole := fmt.Sprintf("%d rows, and %d in the last snapshot", has, had)
	switch {
	case lost <= 0:
		return 0, whole
	case e.unreceived():
		return lost, whole + ": the received file is not there, or is another"
	case e.stopped():
		return lost, whole + ": the reading of the file broke off"
	case is.Status == StatusWithdrawn, is.Status == StatusWaiting, is.Status == StatusSuperseded:
		return 0, whole + ": " + is.Status
	case m.SchemaDigest != g.Schema.Digest(), !slices.Equal(was.Mappings, is.Mappings):
		return 0, whole + ": it was read with another mapping or schema"
	}
	return max(0, lost-max(0, total(is.LeftOut)-total(was.LeftOut))), whole
}

// sourceRows holds the rows of each source against those of the last snapshot, without what somebody withdrew or refused,
// what waits for confirmation, and what the config says that its agency does not send.
func (g *gate) sourceRows(c schemas.Check) {
	was, is, now := map[string]int64{}, map[string]int64{}, map[string]account{}
	for i, a := range g.accounts(g.entries) {
		if a.Status != StatusWithdrawn && a.Status != StatusWaiting && !g.entries[i].astray() {
			now[a.Submission] = a
		}
		for source, n := range a.Loaded {
			is[source] += n
		}
	}
	for i := range g.before {
		a, there := now[g.before[i].Submission]
		if !there {
			continue
		}
		for source, n := range g.before[i].Loaded {
			was[source] += n - min(n, max(0, a.LeftOut[source]-g.before[i].LeftOut[source]))
		}
	}
	for _, source := range sortedKeys(was) {
		if s, ok := share(is[source], was[source]); ok {
			g.measure(c, source, s, fmt.Sprintf("%d rows, and %d in the last snapshot", is[source], was[source]))
		}
	}
}

// astray reports whether the file was set aside since its agency does not send what is in it, or may not.
func (e *Entry) astray() bool {
	return slices.ContainsFunc(e.Found, func(f Found) bool { return f.Code == diag.FileSource || f.Code == diag.FileAgreement })
}

// perSource measures something of the rows of each source.
func (g *gate) perSource(c schemas.Check, figure func(Balance) (float64, bool)) {
	rows := map[string]Balance{}
	for source := range g.Config.Checks[c.Name].Only { // one that has sent nothing is expected all the same
		rows[source] = Balance{}
	}
	for _, e := range g.entries {
		for i := range e.Sheets {
			if s := &e.Sheets[i]; s.Source != "" {
				sum, b := rows[s.Source], g.run.balance(e, s)
				sum.add(&b)
				rows[s.Source] = sum
			}
		}
	}
	for _, source := range sortedKeys(rows) {
		b := rows[source]
		if f, ok := figure(b); ok {
			g.measure(c, source, f, fmt.Sprintf("%d read, %d loaded, %d rejected", b.Read, b.Loaded, b.Rejected))
		}
	}
}

// unmapped measures the coded values of each source that have no code.
func (g *gate) unmapped(c schemas.Check) {
	type values struct{ none, all int64 }
	of := map[string]values{}
	for _, e := range g.entries {
		for i := range e.Sheets {
			v := of[e.Sheets[i].Source]
			for _, u := range e.Sheets[i].Values {
				switch {
				case u.Status == statusUnmapped:
					v.none += int64(u.Rows)
					v.all += int64(u.Rows)
				case u.Code != "":
					v.all += int64(u.Rows)
				}
			}
			of[e.Sheets[i].Source] = v
		}
	}
	for _, source := range sortedKeys(of) {
		if s, ok := share(of[source].none, of[source].all); ok && source != "" {
			g.measure(c, source, s, fmt.Sprintf("%d of %d coded values have no code", of[source].none, of[source].all))
		}
	}
}

// statusUnmapped is the kind of empty of a word that has no code.
const statusUnmapped = "unmapped"

// unlinkable measures the case records of each source that little can be told apart by.
func (g *gate) unlinkable(c schemas.Check) {
	if g.linked == nil {
		return
	}
	bare, all := map[string]int64{}, map[string]int64{}
	for _, w := range g.linked.records {
		all[w.source]++
		if w.nameless() && (w.birthPrecision == "" || w.birthPrecision == "band") {
			bare[w.source]++
		}
	}
	for _, source := range sortedKeys(all) {
		s, _ := share(bare[source], all[source])
		g.measure(c, source, s, fmt.Sprintf("%d of %d records state neither a name nor a birth date", bare[source], all[source]))
	}
}

// retrafficked measures the persons with more than one episode.
func (g *gate) retrafficked(c schemas.Check) {
	if g.linked == nil || len(g.linked.persons) == 0 {
		return
	}
	var again int64
	for _, p := range g.linked.persons {
		if len(p.episodes) > 1 {
			again++
		}
	}
	s, _ := share(again, int64(len(g.linked.persons)))
	g.measure(c, "person", s, fmt.Sprintf("%d of %d persons have more than one episode", again, len(g.linked.persons)))
}

// checkRows is the table check_result: what earlier runs found that did not pass, and all of this one.
func (p *publication) checkRows(add func(map[string]any) error) error {
	for _, l := range p.ledger.Runs {
		for i := range l.Checks {
			if err := add(checkRow(l.Run, &l.Checks[i])); err != nil {
				return err
			}
		}
	}
	for i := range p.checked {
		if err := add(checkRow(p.id, &p.checked[i])); err != nil {
			return err
		}
	}
	return nil
}

func checkRow(run string, r *CheckResult) map[string]any {
	row := map[string]any{"run_id": run, "check_name": r.Check, "subject": r.Subject, "severity": r.Severity, "outcome_code": r.Outcome,
		"measured": r.Measured, "message": r.Message}
	if r.Low != nil {
		row["expected_low"] = *r.Low
	}
	if r.High != nil {
		row["expected_high"] = *r.High
	}
	return row
}
