package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"palermo/diag"
)

func dayOf2026(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d.Add(3 * time.Hour)
}

const register = `required: true
agreements:
  - {agency: ngo, legal_basis: contract, purpose: statistics, signed: 2025-03-01, expires: 2026-02-28}
  - {agency: police, legal_basis: law, purpose: statistics, signed: 2025-01-01}
  - {agency: iom, legal_basis: contract, purpose: statistics, signed: 2025-01-01, expires: 2025-12-31}
  - {agency: iom, legal_basis: contract, purpose: statistics, signed: 2026-01-01, expires: 2026-12-31}
`

func writeRegister(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), agreementsFile)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAgreements(t *testing.T) {
	t.Parallel()
	a, err := readAgreements(writeRegister(t, register))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ agency, day, want string }{
		{"ngo", "2025-02-28", agreementNone}, // not yet
		{"ngo", "2025-03-01", agreementHolds},
		{"ngo", "2026-01-28", agreementHolds},
		{"ngo", "2026-01-29", agreementEnds}, // thirty days before the last
		{"ngo", "2026-02-28", agreementEnds}, // the last day
		{"ngo", "2026-03-01", agreementEnded},
		{"police", "2030-01-01", agreementHolds},
		{"iom", "2025-12-31", agreementHolds}, // another follows on the next day
		{"iom", "2026-12-15", agreementEnds},
		{"nobody", "2026-01-01", agreementNone},
	} {
		if got, _, _ := a.on(c.agency, dayOf2026(t, c.day)); got != c.want {
			t.Errorf("on(%q, %s) = %s, want %s", c.agency, c.day, got, c.want)
		}
	}
	ds := a.findings([]string{"ngo", "police", "iom", "nobody"}, dayOf2026(t, "2026-03-01"))
	if len(ds) != 2 || ds[0].Code != diag.AgreementEnded || ds[0].Pos.Row != 3 || ds[1].Message != "nobody: no agreement holds" {
		t.Errorf("findings: %v", ds)
	}
	a.Required = false
	if !a.covers("nobody", dayOf2026(t, "2026-01-01")) || a.covers("ngo", dayOf2026(t, "2026-03-01")) {
		t.Error("where none is required, an agency without one may send files, and one whose agreement ended may not")
	}
	if none, err := readAgreements(filepath.Join(t.TempDir(), agreementsFile)); none != nil || err != nil || !none.covers("ngo", time.Now()) {
		t.Errorf("without a register: %v, %v", none, err)
	}
}

func TestAgreementsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"agreements:\n  - {agency: ngo, legal_basis: l, purpose: p, signed: 1 May}\n", "agreements.yaml:2:55: signed: a day is written as 2026-01-31"},
		{"agreements:\n  - agency: ngo\n    legal_basis: l\n    signed: 2026-01-01\n", "agreements.yaml:2:5: purpose: an agreement says it"},
		{"agreements:\n  - {agency: ngo, legal_basis: l, purpose: p, signed: 2026-05-01, expires: 2026-04-30}\n", "expires: the agreement ends before it was signed"},
		{"agreements:\n  - {agency: ../ngo, legal_basis: l, purpose: p, signed: 2026-05-01}\n", "agency: this is no name of a folder"},
		{"agreement: []\n", `agreements.yaml:1: there is no setting "agreement" here`},
		{"required: perhaps\n", "agreements.yaml:1:"},
	} {
		_, err := readAgreements(writeRegister(t, c.text))
		var config *ConfigError
		if !errors.As(err, &config) || !strings.Contains(config.Diagnostics[0].String(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}
