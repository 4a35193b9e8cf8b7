package telemetry

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Night is one run as others may know it.
type Night struct {
	Run       string    `json:"run"`
	Version   string    `json:"version"` // of palermo
	Schema    string    `json:"schema_version"`
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended"`
	Status    string    `json:"status"` // published, nothing_new, gate_refused, failed
	Exit      int       `json:"exit"`
	Code      string    `json:"code,omitempty"` // of what failed
	Cancelled bool      `json:"cancelled,omitempty"`
	Received  int       `json:"received"` // files taken in
	Waiting   int       `json:"waiting"`  // files left in the drop folder
	Made      int       `json:"made"`     // submissions harmonised
	Reused    int       `json:"reused"`
	Read      int64     `json:"rows_read"`
	Loaded    int64     `json:"rows_loaded"`
	Rejected  int64     `json:"rows_rejected"`
	Skipped   int64     `json:"rows_skipped"`
	Checks    []Check   `json:"checks"` // that did not pass

	Durable Durable   `json:"durable"`
	Inputs  []Dataset `json:"-"` // sources
	Outputs []Dataset `json:"-"` // tables
	Results []Check   `json:"-"` // of all checks, of a run that came so far
}

// Check is what a check came to.
type Check struct {
	Name     string  `json:"check"`
	Subject  string  `json:"subject"` // a table, a source or the id of a submission
	Severity string  `json:"severity"`
	Outcome  string  `json:"outcome"`
	Measured float64 `json:"measured"`
}

// Durable is what lies on the disk, whatever became of this run.
type Durable struct {
	LastSuccess     time.Time        `json:"last_success"`     // end of the last run that ended well
	LastPublication time.Time        `json:"last_publication"` // of the current snapshot
	Submissions     int              `json:"submissions"`
	RowsLoaded      int64            `json:"rows_loaded"` // of the last publication
	RowsRejected    int64            `json:"rows_rejected"`
	Tables          map[string]int64 `json:"tables"` // rows of the current snapshot
	Runs            map[string]int   `json:"runs"`   // runs of the ledger, by status
	Snapshots       int              `json:"snapshots"`
}

// Dataset is a source or a table.
type Dataset struct {
	Name    string
	Rows    int64
	Fields  []Field
	Lineage map[string][]Origin // by field
}

// Field is a column of a dataset.
type Field struct{ Name, Type, Description string }

// Origin is the column of a source that a field was made of, as a mapping names it.
type Origin struct{ Source, Column string }

// uuid is the run's id in the form that others want: made from it alone.
func (n *Night) uuid() string {
	b := sha256.Sum256([]byte("palermo run " + n.Run))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8, RFC 9562: made by the program's own rule
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
