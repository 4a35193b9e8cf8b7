package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"

	"palermo/load"
	"palermo/transform"
)

// accountsName is the rows of each submission of a snapshot, in a manifest's states: what the next run holds
// its own against.
const (
	accountsName = "accounts"
	accountsFile = "accounts.json"
)

// account is what a snapshot has of one submission.
type account struct {
	Submission string           `json:"submission"`
	Agency     string           `json:"agency"`
	Status     string           `json:"status"`
	Loaded     map[string]int64 `json:"loaded"`   // rows by source
	Mappings   []string         `json:"mappings"` // digests of those that its tables were read with, sorted
	LeftOut    map[string]int64 `json:"left_out"` // rows by source that people decided about: refused, withdrawn, waiting for confirmation, sent again corrected
}

// total is a sum over sources.
func total(rows map[string]int64) int64 {
	var n int64
	for _, k := range rows {
		n += k
	}
	return n
}

func (r *run) accountOf(e *Entry, agency string) account {
	a := account{Submission: e.Submission, Agency: agency, Status: r.status(e), Loaded: map[string]int64{}, LeftOut: map[string]int64{}, Mappings: []string{}}
	for i := range e.Sheets {
		s := &e.Sheets[i]
		if s.Source == "" {
			continue
		}
		b := r.balance(e, s)
		a.Loaded[s.Source] += b.Loaded
		for _, reason := range []string{reasonNoConsent, reasonWithdrawn, reasonWaiting, reasonSuperseded, transform.ReasonPurged} {
			a.LeftOut[s.Source] += int64(b.Skipped[reason])
		}
		if !slices.Contains(a.Mappings, s.Mapping) {
			a.Mappings = append(a.Mappings, s.Mapping)
		}
	}
	slices.Sort(a.Mappings)
	return a
}

// accounts is that of every submission, in the order of receipt.
func (r *run) accounts(entries []*Entry) []account {
	out := make([]account, len(entries))
	for i, e := range entries {
		out[i] = r.accountOf(e, r.ledger.Submissions[i].Agency)
	}
	return out
}

func (r *run) writeAccounts(entries []*Entry) (string, error) {
	r.made = r.accounts(entries)
	b, err := json.Marshal(r.made)
	if err != nil {
		return "", err
	}
	return r.writeState(accountsFile, b)
}

// readAccounts is the accounts of a published snapshot; nil where it has none, as one of an earlier version, or
// where they are not what was published: then there is nothing to hold a run against.
func (h *Home) readAccounts(m *load.Manifest) ([]account, error) {
	if m == nil || m.States[accountsName] == "" {
		return nil, nil
	}
	b, err := os.ReadFile(h.path(stateDir, runsDir, m.Run, accountsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != m.States[accountsName] {
		return nil, nil
	}
	var out []account
	return out, json.Unmarshal(b, &out)
}
