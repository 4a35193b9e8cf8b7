package pipeline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"palermo/diag"
)

// agreementsFile is the register of data-sharing agreements, beside palermo.yaml: other people keep it.
const agreementsFile = "agreements.yaml"

// Agreements is the register. A home without its file has none, and takes files from everybody.
type Agreements struct {
	Required   bool               `yaml:"required"` // files of agencies that have none are set aside
	Agreements []SharingAgreement `yaml:"agreements"`

	digest string // of the file
}

// SharingAgreement is one agreement with one agency. An agency may have several, one after the other.
type SharingAgreement struct {
	Agency     string `yaml:"agency" json:"agency"` // the folder under drop/
	LegalBasis string `yaml:"legal_basis" json:"legal_basis"`
	Purpose    string `yaml:"purpose" json:"purpose"`
	Signed     string `yaml:"signed" json:"signed"`             // the first day on which it holds, as 2026-01-31
	Expires    string `yaml:"expires" json:"expires,omitempty"` // the last; empty for none
	Contact    string `yaml:"contact" json:"contact,omitempty"`

	row           int // its line
	signed, until time.Time
}

// warnDays is for how many days before its end an agreement is named.
const warnDays = 30

// readAgreements reads the register strictly: what is wrong with it is a ConfigError with its lines.
func readAgreements(path string) (*Agreements, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	a := &Agreements{}
	var tree yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(a); err != nil && err != io.EOF {
		return nil, &ConfigError{configFindings(path, err)}
	}
	if err := yaml.Unmarshal(b, &tree); err != nil {
		return nil, &ConfigError{configFindings(path, err)}
	}
	sum := sha256.Sum256(b)
	a.digest = hex.EncodeToString(sum[:])
	if ds := a.check(&tree); len(ds) > 0 {
		return nil, &ConfigError{ds}
	}
	return a, nil
}

// child is what a mapping of the tree has under the key; nil for nothing.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (a *Agreements) check(tree *yaml.Node) []diag.Diagnostic {
	var ds []diag.Diagnostic
	if len(tree.Content) == 0 {
		return nil
	}
	list := child(tree.Content[0], "agreements")
	for i := range a.Agreements {
		g, n := &a.Agreements[i], list.Content[i]
		g.row = n.Line
		wrong := func(key, format string, args ...any) {
			at := cmp.Or(child(n, key), n)
			ds = append(ds, diag.Diagnostic{Code: diag.ConfigSyntax, Severity: diag.Error, Pos: diag.Pos{File: agreementsFile, Row: at.Line, Col: at.Column},
				Message: key + ": " + fmt.Sprintf(format, args...)})
		}
		for key, text := range map[string]string{"agency": g.Agency, "legal_basis": g.LegalBasis, "purpose": g.Purpose, "signed": g.Signed} {
			if strings.TrimSpace(text) == "" {
				wrong(key, "an agreement says it")
			}
		}
		if strings.ContainsAny(g.Agency, `/\`) || strings.HasPrefix(g.Agency, ".") {
			wrong("agency", "this is no name of a folder under drop/")
		}
		var err error
		if g.signed, err = time.Parse(time.DateOnly, g.Signed); err != nil && g.Signed != "" {
			wrong("signed", "a day is written as 2026-01-31")
		}
		if g.Expires == "" {
			continue
		}
		if g.until, err = time.Parse(time.DateOnly, g.Expires); err != nil {
			wrong("expires", "a day is written as 2026-01-31")
		} else if g.until.Before(g.signed) {
			wrong("expires", "the agreement ends before it was signed")
		}
	}
	slices.SortStableFunc(ds, func(x, y diag.Diagnostic) int { return cmp.Compare(x.Pos.Row, y.Pos.Row) })
	return ds
}

// What an agency's agreements come to on a day.
const (
	agreementHolds = "holds"
	agreementEnds  = "ends" // within warnDays
	agreementEnded = "ended"
	agreementNone  = "none" // and one is required
)

// on is what the agency's agreements come to on a day, the last day on which one holds or held, and its line. An agency
// without any holds, unless one is required.
func (a *Agreements) on(agency string, day time.Time) (state string, last time.Time, row int) {
	if a == nil {
		return agreementHolds, time.Time{}, 0
	}
	day = day.UTC().Truncate(24 * time.Hour)
	state = agreementHolds
	if a.Required {
		state = agreementNone
	}
	until, had := time.Time{}, false
	for i := range a.Agreements {
		g := &a.Agreements[i]
		switch {
		case g.Agency != agency:
		case g.signed.After(day):
			if !had { // one that does not hold yet is none
				state, row = agreementNone, g.row
			}
		case g.until.IsZero():
			return agreementHolds, time.Time{}, g.row
		default:
			if !had || g.until.After(until) {
				until, row = g.until, g.row
			}
			had = true
		}
	}
	switch {
	case !had:
		return state, time.Time{}, row
	case until.Before(day):
		return agreementEnded, until, row
	case until.Sub(day) > warnDays*24*time.Hour || a.followed(agency, until):
		return agreementHolds, until, row
	}
	return agreementEnds, until, row
}

// followed reports whether another agreement of the agency holds on the day after the last of one.
func (a *Agreements) followed(agency string, until time.Time) bool {
	next := until.Add(24 * time.Hour)
	return slices.ContainsFunc(a.Agreements, func(g SharingAgreement) bool {
		return g.Agency == agency && !g.signed.After(next) && (g.until.IsZero() || !g.until.Before(next))
	})
}

// covers reports whether files of the agency may be loaded on a day.
func (a *Agreements) covers(agency string, day time.Time) bool {
	state, _, _ := a.on(agency, day)
	return state == agreementHolds || state == agreementEnds
}

// findings is what is to be said of the agreements of agencies on a day, in the order of their names.
func (a *Agreements) findings(agencies []string, day time.Time) []diag.Diagnostic {
	if a == nil {
		return nil
	}
	var out []diag.Diagnostic
	for _, agency := range distinct(slices.Clone(agencies)) {
		state, last, row := a.on(agency, day)
		d := diag.Diagnostic{Code: diag.AgreementEnded, Severity: diag.Error, Pos: diag.Pos{File: agreementsFile, Row: row}}
		switch state {
		case agreementHolds:
			continue
		case agreementEnds:
			d.Code, d.Severity = diag.AgreementEnds, diag.Warning
			d.Message = fmt.Sprintf("%s: the agreement ends on %s", agency, last.Format(time.DateOnly))
		case agreementEnded:
			d.Message = fmt.Sprintf("%s: the agreement ended on %s", agency, last.Format(time.DateOnly))
		default:
			d.Message = agency + ": no agreement holds"
		}
		out = append(out, d)
	}
	return out
}

// agencies is the folders that sent files, and those that the register and the config name.
func (h *Home) agencies(l *Ledger) []string {
	out := sortedKeys(h.Config.Agencies)
	for i := range l.Submissions {
		out = append(out, l.Submissions[i].Agency)
	}
	if h.Agreements != nil {
		for i := range h.Agreements.Agreements {
			out = append(out, h.Agreements.Agreements[i].Agency)
		}
	}
	return out
}

// admit lets files in that were held for want of an agreement, of agencies that have one on the day of the run. The
// ledger says so: what a run makes of a file hangs on the ledger, and on no clock.
func (r *run) admit() error {
	var lines []line
	for i := range r.ledger.Submissions {
		if s := &r.ledger.Submissions[i]; s.Held && r.Agreements.covers(s.Agency, r.started) {
			d := Ruling{Act: ActAdmit, Submission: s.ID, At: r.started}
			r.ledger.decide(d)
			lines = append(lines, line{Ruling: &d})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return r.appendLedger(lines...)
}

// held reports whether the file is set aside whole, since its agency has no agreement that holds, and says so.
func (j *job) held() bool {
	if j.sub.Held {
		j.find(diag.FileAgreement, diag.Pos{File: j.sub.Name}, "of an agency that has no data-sharing agreement that holds")
	}
	return j.sub.Held
}

// checkAgreements says which agreements have ended, or will soon.
func (h *Home) checkAgreements(l *Ledger, now time.Time) Check {
	if h.Agreements == nil {
		return passed("agreements", "there is no register of data-sharing agreements: files of everybody are taken", "")
	}
	ds := h.Agreements.findings(h.agencies(l), now)
	if len(ds) == 0 {
		return passed("agreements", fmt.Sprintf("hold, and none ends within %d days: %d", warnDays, len(h.Agreements.Agreements)), h.path(agreementsFile))
	}
	slices.SortStableFunc(ds, func(a, b diag.Diagnostic) int { return cmp.Compare(b.Severity, a.Severity) })
	var said []string
	for _, d := range ds {
		said = append(said, d.Message)
	}
	return warned("agreements", strings.Join(said, "; "), h.path(agreementsFile), diag.Codes[ds[0].Code].Advice)
}

// agreementRows is the register as stewards have it.
func (p *publication) agreementRows(add func(map[string]any) error) error {
	if p.Agreements == nil {
		return nil
	}
	for i := range p.Agreements.Agreements {
		g := &p.Agreements.Agreements[i]
		row := map[string]any{"agency": g.Agency, "ordinal": int64(i + 1), "legal_basis": g.LegalBasis, "purpose": g.Purpose, "signed": g.signed, "contact": text(g.Contact)}
		if g.Expires != "" {
			row["expires"] = g.until
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}
