package pipeline

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// The verdicts of a Decision, codes of the list review_decision.
const (
	VerdictSame      = "same"
	VerdictDifferent = "different"
	VerdictUnsure    = "unsure"
)

// Decision is what a reviewer decided of two records, by their private ids. Decisions are inputs
// of every run; the last on a pair is the one that counts.
type Decision struct {
	A        string    `json:"a"`
	B        string    `json:"b"`
	Verdict  string    `json:"verdict"`
	Reviewer string    `json:"reviewer"`
	At       time.Time `json:"at"`
	Reason   string    `json:"reason,omitempty"`
	Model    string    `json:"model,omitempty"` // id of the model whose evidence the reviewer saw
}

func (d *Decision) check() error {
	switch {
	case d.A == "" || d.B == "" || d.A == d.B:
		return errors.New("a decision is of two records")
	case d.Verdict != VerdictSame && d.Verdict != VerdictDifferent && d.Verdict != VerdictUnsure:
		return fmt.Errorf("a verdict is %s, %s or %s", VerdictSame, VerdictDifferent, VerdictUnsure)
	case d.Reviewer == "" || d.At.IsZero():
		return errors.New("a decision says who made it, and when")
	}
	return nil
}

// pair is the decision's records, the smaller id first.
func (d *Decision) pair() [2]string { return [2]string{min(d.A, d.B), max(d.A, d.B)} }

func (h *Home) decisionsFile() string { return h.path(stateDir, "reviews", "decisions.jsonl") }

// ReadDecisions reads every decision, in the order in which they were made. A last line that a
// crash cut off is left out.
func (h *Home) ReadDecisions() ([]Decision, error) {
	b, err := os.ReadFile(h.decisionsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	var out []Decision
	s := bufio.NewScanner(bytes.NewReader(b[:bytes.LastIndexByte(b, '\n')+1]))
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		if len(bytes.TrimSpace(s.Bytes())) == 0 {
			continue
		}
		var d Decision
		err := json.Unmarshal(s.Bytes(), &d)
		if err == nil {
			err = d.check()
		}
		if err != nil {
			return nil, fmt.Errorf("read the reviewers' decisions: line %d: %w", n, err)
		}
		out = append(out, d)
	}
	return out, s.Err()
}

// AppendDecision adds a decision and makes it durable before it returns.
func (h *Home) AppendDecision(d Decision) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("add a decision: %w", err)
	}
	j, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("add a decision: %w", err)
	}
	if err := os.MkdirAll(h.path(stateDir, "reviews"), 0o700); err != nil {
		return environment(err)
	}
	f, err := os.OpenFile(h.decisionsFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return environment(err)
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.WriteAt(append(j, '\n'), end)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(h.path(stateDir, "reviews"))
	}
	if err != nil {
		return environment(fmt.Errorf("add a decision: %w", err))
	}
	return nil
}

// standing is the last decision on each pair, by pair.
func standing(ds []Decision) map[[2]string]Decision {
	out := map[[2]string]Decision{}
	for _, d := range ds {
		out[d.pair()] = d
	}
	return out
}

func decisionsDigest(ds []Decision) string {
	h := sha256.New()
	for i := range ds {
		j, _ := json.Marshal(ds[i]) // strings and a time always encode
		fmt.Fprintf(h, "%s\n", j)
	}
	return hex.EncodeToString(h.Sum(nil))
}
