package pipeline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"palermo/diag"
)

// Submission is one file as received: its bytes lie in the inbox under SHA256.
type Submission struct {
	ID       string     `json:"id"`
	Receipt  string     `json:"receipt"` // the number that its agency is given, as PAL-2026-000123
	Agency   string     `json:"agency"`
	SHA256   string     `json:"sha256"`
	Name     string     `json:"name"` // as sent, below the agency's folder
	Bytes    int64      `json:"bytes"`
	Received time.Time  `json:"received"`
	Stated   *Statement `json:"stated,omitempty"` // what the agency's folder says of it; nil where it says nothing
	Night    int        `json:"night"`            // the how-manieth intake, from 1; within a night the order is by SHA256

	Held bool `json:"held,omitempty"` // set aside since its agency had no agreement that holds, until it has one

	withdrawn bool     // taken back, as the ledger's decisions say
	redacted  string   // SHA-256 of the extract that stands in the inbox instead of it; "" where what was received does
	replaced  []string // SHA-256 of what stood there before
}

// RunLine is one execution as the ledger keeps it.
type RunLine struct {
	Run      string    `json:"run"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Status   string    `json:"status"` // published, nothing_new, gate_refused
	Version  string    `json:"version"`
	Inputs   string    `json:"inputs"`
	Loaded   int64     `json:"rows_loaded"`
	Rejected int64     `json:"rows_rejected"`
	Files    int       `json:"submissions"`
	New      int       `json:"new"`

	Agreements []diag.Diagnostic `json:"agreements,omitempty"` // those that had ended, or were to end soon

	Waits  []Waits       `json:"unconfirmed,omitempty"` // full replacements that wait for confirmation
	Checks []CheckResult `json:"checks,omitempty"`      // that did not pass
	Gate   string        `json:"gate,omitempty"`        // of a run that was refused: digest of what the checks were held against
}

// line is one line of the ledger: one of its parts.
type line struct {
	Submission *Submission `json:"submission,omitempty"`
	Run        *RunLine    `json:"run,omitempty"`
	Ruling     *Ruling     `json:"ruling,omitempty"`
	Rollback   *Rollback   `json:"rollback,omitempty"`
}

// Ledger is what a home has received and run, in order.
type Ledger struct {
	Submissions []Submission
	Runs        []RunLine
	Rulings     []Ruling
	Rollbacks   []Rollback
	Tombs       map[string]map[string]bool // by agency: of the cases that were erased
	Torn        bool                       // the last line was cut off by a crash; it is not counted
}

func (h *Home) ledgerFile() string { return h.path(stateDir, "ledger.jsonl") }

// ReadLedger reads the ledger. A last line without its end was cut off by a crash before what it
// says took effect, and is left out.
func (h *Home) ReadLedger() (*Ledger, error) {
	b, err := os.ReadFile(h.ledgerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return &Ledger{}, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	l := &Ledger{}
	whole := b[:bytes.LastIndexByte(b, '\n')+1]
	l.Torn = len(whole) < len(b)
	s := bufio.NewScanner(bytes.NewReader(whole))
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		var ln line
		if err := json.Unmarshal(s.Bytes(), &ln); err != nil {
			return nil, fmt.Errorf("read the ledger: line %d: %w", n, err)
		}
		if ln.Submission != nil {
			l.Submissions = append(l.Submissions, *ln.Submission)
		}
		if ln.Run != nil {
			l.Runs = append(l.Runs, *ln.Run)
		}
		if ln.Ruling != nil {
			l.decide(*ln.Ruling)
		}
		if ln.Rollback != nil {
			l.Rollbacks = append(l.Rollbacks, *ln.Rollback)
		}
	}
	return l, s.Err()
}

// appendLedger adds lines and makes them durable before it returns. A line that a crash cut off
// is cut away first.
func (h *Home) appendLedger(lines ...line) error {
	var b bytes.Buffer
	for _, ln := range lines {
		j, err := json.Marshal(ln)
		if err != nil {
			return fmt.Errorf("write the ledger: %w", err)
		}
		b.Write(append(j, '\n'))
	}
	f, err := os.OpenFile(h.ledgerFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return environment(err)
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.WriteAt(b.Bytes(), end)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(h.path(stateDir))
	}
	if err != nil {
		return environment(fmt.Errorf("write the ledger: %w", err))
	}
	return nil
}

// wholeLines is where the last whole line of the file ends.
func wholeLines(f *os.File) (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	b := make([]byte, 1)
	for end := fi.Size(); end > 0; end-- {
		if _, err := f.ReadAt(b, end-1); err != nil {
			return 0, err
		}
		if b[0] == '\n' {
			return end, nil
		}
	}
	return 0, nil
}

// nextReceipt is the number of the next submission: they run through the year it is received in.
func (l *Ledger) nextReceipt(now time.Time) string {
	n := 1
	for i := range l.Submissions {
		if l.Submissions[i].Received.Year() == now.Year() {
			n++
		}
	}
	return fmt.Sprintf("PAL-%d-%06d", now.Year(), n)
}

// hasRun reports whether the ledger has the run's line.
func (l *Ledger) hasRun(id string) bool {
	return slices.ContainsFunc(l.Runs, func(r RunLine) bool { return r.Run == id })
}

// find is the submission of that id, or nil.
func (l *Ledger) find(id string) *Submission {
	for i := range l.Submissions {
		if l.Submissions[i].ID == id {
			return &l.Submissions[i]
		}
	}
	return nil
}
