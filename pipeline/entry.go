package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"palermo/diag"
	"palermo/transform"
	"palermo/transform/assess"
)

// lakeFormat is raised by hand when the code makes something else of the same bytes: a parse
// rule that changes, another layout of the lake. Entries of another format are made again.
const lakeFormat = 9

// The status of a submission, a code of the list submission_status.
const (
	StatusAccepted       = "accepted"
	StatusAcceptedInPart = "accepted_in_part" // some rows wait in quarantine
	StatusQuarantined    = "quarantined"      // no mapping knows it yet; it is tried again when one changes
	StatusRefused        = "refused"          // it cannot be read
	StatusWithdrawn      = "withdrawn"        // it was taken back
	StatusWaiting        = "waiting"          // a full replacement that waits for confirmation; never that of an entry
	StatusSuperseded     = "superseded"       // its receipt came back, corrected, and counts instead; never that of an entry
)

// Entry is what was made of one submission. It is kept in the lake beside the Parquet files, and
// is written last: where it is, they are whole.
type Entry struct {
	Key             string       `json:"key"` // of everything the entry depends on
	Submission      string       `json:"submission"`
	Status          string       `json:"status"`
	Format          string       `json:"format"`
	Sheets          []SheetEntry `json:"sheets"`
	Files           []LakeFile   `json:"files"`
	Quarantined     int64        `json:"quarantined"`
	QuarantineBytes int64        `json:"quarantine_bytes,omitempty"` // of the file of rejected rows
	PlacesBytes     int64        `json:"places_bytes,omitempty"`     // of the file of the places of findings
	Returns         string       `json:"returns,omitempty"`          // the number of the agency's own receipt that it is, come back
	Found           []Found      `json:"found"`
	Struck          []Struck     `json:"struck,omitempty"`          // rows that were left out
	Locked          string       `json:"locked,omitempty"`          // of a file that no secret opened: a keyed digest of those that were tried
	Killed          int          `json:"killed,omitempty"`          // runs in which the readers of the file were killed; it is not known what is in it
	Retired         bool         `json:"retired,omitempty"`         // the received copy was deleted by age
	QuarantineGone  bool         `json:"quarantine_gone,omitempty"` // so were the rejected rows
	VaultGone       bool         `json:"vault_gone,omitempty"`      // and the names
	Gone            [][2]int     `json:"gone,omitempty"`            // sheets and rows of people who were erased
	gone            goneRows     // of them, those that the file just read still had
	Refused         []string     `json:"refused,omitempty"` // case ids of refusals that an earlier making found, where the received copy is gone
}

// SheetEntry is what was made of one sheet: enough to walk back from a value to its cell.
type SheetEntry struct {
	No        int                `json:"no"` // from 1
	Name      string             `json:"name,omitempty"`
	Title     string             `json:"title,omitempty"`  // the name within its workbook: other than Name in an archive
	Source    string             `json:"source,omitempty"` // empty where no mapping knows the sheet
	Mapping   string             `json:"mapping,omitempty"`
	Table     int                `json:"table"` // index among the mapping's tables
	Vintage   string             `json:"vintage,omitempty"`
	Target    string             `json:"target,omitempty"`
	HeaderRow int                `json:"header_row,omitempty"`
	NoHeader  bool               `json:"no_header,omitempty"` // the table has none: its columns are known by their words
	Header    []transform.Header `json:"header,omitempty"`
	Above     [][]string         `json:"above,omitempty"` // the rows above the header, as far as they were looked at
	Facts     []string           `json:"facts,omitempty"` // the facts that hold
	Balance   Balance            `json:"balance"`
	Values    []transform.Use    `json:"values,omitempty"`
	Form      string             `json:"form,omitempty"` // of case records
	Stated    Statement          `json:"stated"`
	Template  string             `json:"template,omitempty"`   // the language of the template that the table stood in
	NoConsent []transform.Known  `json:"no_consent,omitempty"` // rows whose person does not consent; nothing else is kept of them
	TakenBack []transform.Known  `json:"taken_back,omitempty"` // rows of a withdrawal: the records that it takes back
	Named     []transform.Known  `json:"named,omitempty"`      // rejected rows that have a case reference
}

// LakeFile is one Parquet file of a submission in the lake.
type LakeFile struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Balance is the account of one source table: each unit read is loaded, rejected or skipped.
type Balance struct {
	Unit     string         `json:"unit"` // rows or cells
	Read     int64          `json:"read"`
	Loaded   int64          `json:"loaded"`
	Rejected int64          `json:"rejected"`
	Skipped  map[string]int `json:"skipped,omitempty"` // by reason
}

// The units of an account, codes of the list balance_unit.
const (
	unitRows  = "rows"
	unitCells = "cells"
)

// add adds another account. A sum over rows and value cells says so in its unit.
func (b *Balance) add(o *Balance) {
	switch {
	case o.Read == 0 || b.Unit == o.Unit:
	case b.Read == 0:
		b.Unit = o.Unit
	default:
		b.Unit = "rows and value cells"
	}
	b.Read += o.Read
	b.Loaded += o.Loaded
	b.Rejected += o.Rejected
	for reason, n := range o.Skipped {
		b.skip(reason, n)
	}
}

// SkippedAll is how many units were skipped for any reason.
func (b *Balance) SkippedAll() int64 {
	var n int64
	for _, k := range b.Skipped {
		n += int64(k)
	}
	return n
}

// check reports whether the account is whole.
func (b *Balance) check() error {
	if b.Read != b.Loaded+b.Rejected+b.SkippedAll() {
		return fmt.Errorf("%s: read %d, loaded %d, rejected %d, skipped %d", diag.BalanceBroken, b.Read, b.Loaded, b.Rejected, b.SkippedAll())
	}
	return nil
}

func (b *Balance) skip(reason string, n int) {
	if n == 0 {
		return
	}
	if b.Skipped == nil {
		b.Skipped = map[string]int{}
	}
	b.Skipped[reason] += n
}

// Found is one finding that was kept whole, and how many of its group there were.
type Found struct {
	diag.Diagnostic
	SheetNo int `json:"sheet"` // 0: about the file
	N       int `json:"n"`     // the how-manieth of its group that was kept, from 1
	Of      int `json:"of"`    // findings in the group
}

// Rows is the sum of the balances, of rows and of value cells.
func (e *Entry) Rows() Balance {
	sum := Balance{Unit: unitRows}
	for i := range e.Sheets {
		sum.add(&e.Sheets[i].Balance)
	}
	return sum
}

// sheet is the sheet of that number, or nil.
func (e *Entry) sheet(no int) *SheetEntry {
	for i := range e.Sheets {
		if e.Sheets[i].No == no {
			return &e.Sheets[i]
		}
	}
	return nil
}

// sources is the ids of the sources that the submission has tables of, sorted.
func (e *Entry) sources() []string {
	var out []string
	for i := range e.Sheets {
		if s := e.Sheets[i].Source; s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// entryKey is the digest of everything that an entry depends on.
func (h *Home) entryKey(s *Submission) string {
	d := sha256.New()
	fmt.Fprintln(d, lakeFormat, s.ID, s.SHA256, h.Schema.Digest(), h.Mappings.Digest(), assess.Builtin().Digest(), h.Config.Report.Examples)
	if s.Stated != nil {
		fmt.Fprintln(d, "stated", s.Stated.Kind, s.Stated.From, s.Stated.To)
	}
	if sources := h.Config.Agencies[s.Agency].Sources; len(sources) > 0 {
		fmt.Fprintln(d, "sources", slices.Sorted(slices.Values(sources)))
	}
	if s.withdrawn {
		fmt.Fprintln(d, "withdrawn")
	}
	if s.Held {
		fmt.Fprintln(d, "held")
	}
	if s.redacted != "" {
		fmt.Fprintln(d, "redacted", s.redacted)
	}
	return hex.EncodeToString(d.Sum(nil))
}

func (h *Home) entryFile(submission string) string {
	return h.path(lakeDir, "entries", submission+".json")
}

// lakeFile is where a submission's rows of a table lie.
func (h *Home) lakeFile(table, submission string) string {
	return h.path(lakeDir, table, "submission="+submission, "0.parquet")
}

// vaultFile is where the direct fields of a submission's rows of a table lie.
func (h *Home) vaultFile(table, submission string) string {
	return h.path(vaultDir, table, "submission="+submission, "0.parquet")
}

func (h *Home) quarantineFile(submission string) string {
	return h.path(quarantineDir, submission+".parquet")
}

// readEntry is what an earlier run made of the submission, or nil where that must be made again:
// nothing was kept, what it depends on changed, or the received copy, which was gone, is back.
// damaged says that something was kept that is not whole.
func (h *Home) readEntry(s *Submission) (e *Entry, damaged bool, err error) {
	b, err := os.ReadFile(h.entryFile(s.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, environment(err)
	}
	e = &Entry{}
	switch {
	case json.Unmarshal(b, e) != nil:
		return nil, true, nil
	case h.retired(s, e) && h.kept(e):
		return e, false, nil
	case e.Key != h.entryKey(s), e.unreceived() && h.received(s), e.Killed > 0 && e.Killed < killedRuns,
		e.Locked != "" && e.Locked != h.secretsTried(s.Agency):
		return nil, false, nil
	case !h.kept(e):
		return nil, true, nil
	}
	return e, false, nil
}

// kept reports whether the entry's files are there in their length.
func (h *Home) kept(e *Entry) bool {
	long := func(path string, bytes int64) bool {
		fi, err := os.Stat(path)
		return err == nil && fi.Size() == bytes
	}
	for _, f := range e.Files {
		if !long(h.lakeFile(f.Table, e.Submission), f.Bytes) {
			return false
		}
	}
	if e.PlacesBytes > 0 && !long(h.placesFile(e.Submission), e.PlacesBytes) {
		return false
	}
	return e.Quarantined == 0 || e.QuarantineGone || long(h.quarantineFile(e.Submission), e.QuarantineBytes)
}

// intact reports whether the entry's files are, byte for byte, what was written.
func (h *Home) intact(e *Entry) (bool, error) {
	for _, f := range e.Files {
		sum, err := fileDigest(h.lakeFile(f.Table, e.Submission))
		if err != nil {
			return false, err
		}
		if sum != f.SHA256 {
			return false, nil
		}
	}
	return true, nil
}

// received reports whether the copy in the inbox is there.
func (h *Home) received(s *Submission) bool {
	_, err := os.Stat(h.inboxFile(s))
	return err == nil
}

// killedRuns is in how many runs a file is tried whose readers somebody kills.
const killedRuns = 3

// killedBefore is in how many runs the readers of the submission's file were killed so far.
func (h *Home) killedBefore(s *Submission) int {
	var old Entry
	if b, err := os.ReadFile(h.entryFile(s.ID)); err == nil {
		_ = json.Unmarshal(b, &old) // one that cannot be read knows nothing
	}
	return old.Killed
}

// stopped reports whether the reading of the file broke off.
func (e *Entry) stopped() bool {
	return slices.ContainsFunc(e.Found, func(f Found) bool { return f.Code == diag.FileStopped })
}

// unreceived reports whether the entry was made without the received copy.
func (e *Entry) unreceived() bool {
	return slices.ContainsFunc(e.Found, func(f Found) bool { return f.Code == diag.FileWithdrawn })
}
