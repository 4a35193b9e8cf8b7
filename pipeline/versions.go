package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/load"
	"palermo/schemas"
)

// versions is which version of each record stands, over all submissions in the order of receipt. It is
// the only place that decides so: of a submission, whether it is taken; of a row of one, whether
// it is the record's current version. The lake numbers versions within a submission, from 1, since
// it does not know the others; they are numbered through here.
//
// It holds a few numbers for each distinct record, whatever the number of submissions.
type versions struct {
	index   map[string]int32 // of a record in all, by id
	all     []standing
	turns   map[string]int32 // of the submissions, by id: their places in the order of receipt
	waiting map[string]Waits // by submission
	chains  *chains
	next    []int32 // by turn: the last submission that has a newer version of one of its records, or removed one; -1 for none
	stands  []int32 // by turn: how many of its records stand
	found   map[string][]Found
	cohorts []cohort
	days    []arrow.Date32 // of the submissions, by turn: the day of receipt
}

// standing is how one record stands.
type standing struct {
	cohort   int32
	versions int32 // in submissions that are taken
	given    int32 // of those, numbered so far while they are published
	turn     int32 // of the submission that has the newest version
	local    int32 // the newest version's number there
	night    int32 // the last that named the record
	from, to arrow.Date32
	removed  arrow.Date32 // the day on which a full replacement removed it; 0 where none did
	marked   int32        // the last replacement that has it
	counted  int32        // the last replacement that counted it
	dated    bool         // from and to are known
	exported bool         // a cumulative export has had it
	known    bool         // somebody sent it before the night at hand, or tonight in no correction
}

// cohort is the records of one agency, source and form.
type cohort struct {
	nights []int32           // of its cumulative exports, rising
	days   []arrow.Date32    // of those nights
	months map[int32][]int32 // records, by the month that their registration begins in
}

// recordTable is the table whose rows are versions of records.
const recordTable = "record"

// maxLoss is the part of the records that it can replace which a full replacement may remove
// without being asked: one in maxLoss.
const maxLoss = 5

// Waits is a full replacement that waits for confirmation.
type Waits struct {
	Submission string `json:"submission"`
	Receipt    string `json:"receipt"`
	Agency     string `json:"agency"`
	Name       string `json:"name"`
	Removes    int    `json:"removes"` // records that it would remove
	Of         int    `json:"of"`      // records that it can replace
}

// recordRow is one row of the table record, as far as versions ask.
type recordRow struct {
	id         string
	unkeyed    bool // it has no case reference
	local      int32
	sheet, row int
	from, to   arrow.Date32
	dated      bool
}

// eachRecord hands f the record rows of a submission, in their order.
func (h *Home) eachRecord(ctx context.Context, e *Entry, f func(recordRow)) error {
	if !e.fills(recordTable) {
		return nil
	}
	return eachRecord(ctx, h.lakeFile(recordTable, e.Submission), f)
}

// eachRecord hands f the rows of a file of the table record, in their order.
func eachRecord(ctx context.Context, file string, f func(recordRow)) error {
	columns := []string{"record_id", "record_version", schemas.SheetColumn, schemas.RowColumn, "registration_from", "registration_to", "case_id"}
	return load.Rows(ctx, file, columns, func(rec arrow.RecordBatch) error {
		local, sheet, row := rec.Column(1).(*array.Int64), rec.Column(2).(*array.Int64), rec.Column(3).(*array.Int64)
		from, to := rec.Column(4).(*array.Date32), rec.Column(5).(*array.Date32)
		for i := range int(rec.NumRows()) {
			id := load.Text(rec.Column(0), i)
			r := recordRow{id: id, unkeyed: load.Text(rec.Column(6), i) == id, local: int32(local.Value(i)), sheet: int(sheet.Value(i)), row: int(row.Value(i))}
			if from.IsValid(i) && to.IsValid(i) {
				r.from, r.to, r.dated = from.Value(i), to.Value(i), true
			}
			f(r)
		}
		return nil
	})
}

// fills reports whether the submission has rows of the table.
func (e *Entry) fills(table string) bool {
	return slices.ContainsFunc(e.Files, func(f LakeFile) bool { return f.Table == table })
}

// readVersions goes through all submissions, night by night.
func (r *run) readVersions(ctx context.Context, entries []*Entry) (*versions, error) {
	if r.chains == nil {
		r.chains = chainsOf(r.ledger, entries)
	}
	v := &versions{index: map[string]int32{}, turns: map[string]int32{}, waiting: map[string]Waits{}, found: map[string][]Found{}, chains: r.chains}
	w := &nightly{run: r, versions: v, entries: entries, of: map[cohortKey]int32{}, unkeyed: map[int][]int32{}}
	subs := r.ledger.Submissions
	for i := range subs {
		v.turns[subs[i].ID] = int32(i)
		v.days, v.next = append(v.days, dayOf(subs[i].Received)), append(v.next, -1)
	}
	for first := 0; first < len(subs); {
		end := first + 1
		for end < len(subs) && subs[end].Night == subs[first].Night {
			end++
		}
		if err := w.night(ctx, first, end); err != nil {
			return nil, fmt.Errorf("number the versions of records: %w", err)
		}
		first = end
	}
	v.stands = make([]int32, len(subs))
	for i := range v.all {
		if s := &v.all[i]; s.removed == 0 {
			v.stands[s.turn]++
		}
	}
	return v, nil
}

// after is the turn of the submission that counts instead of one all of whose records have newer versions, or were
// replaced.
func (v *versions) after(submission string) (turn int, ok bool) {
	i, ok := v.turns[submission]
	if !ok || v.stands[i] > 0 || v.next[i] < 0 {
		return 0, false
	}
	return int(v.next[i]), true
}

// over notes that a submission has a newer version of a record, or removed it.
func (v *versions) over(s *standing, turn int) {
	if int(s.turn) != turn {
		v.next[s.turn] = max(v.next[s.turn], int32(turn))
	}
}

func dayOf(t time.Time) arrow.Date32 { return arrow.Date32FromTime(t.UTC()) }

// taken reports whether the submission's rows are in what is published.
func (v *versions) taken(submission string) bool {
	_, waits := v.waiting[submission]
	return !waits && !v.chains.replaced(submission)
}

// current reports whether a row of a submission, the record's local-th there, is the record's
// current version.
func (v *versions) current(submission, record string, local int64) bool {
	s := v.newest(submission, record, local)
	return s != nil && s.removed == 0
}

// firstSeen is the record's place in the order in which records were first received.
func (v *versions) firstSeen(record string) int { return int(v.index[record]) }

// newest is the record's standing where the row is its newest version, else nil.
func (v *versions) newest(submission, record string, local int64) *standing {
	i, ok := v.index[record]
	if !ok {
		return nil
	}
	if s := &v.all[i]; s.isNewest(v.turns[submission], local) {
		return s
	}
	return nil
}

func (s *standing) isNewest(turn int32, local int64) bool {
	return s.turn == turn && int64(s.local) == local
}

// standings finds how the records of a column of ids stand: nil where one is not known. The rows of a
// record mostly stand by each other.
func (v *versions) standings(ids arrow.Array) func(i int) *standing {
	var last string
	var s *standing
	asked := false
	return func(i int) *standing {
		id := load.Text(ids, i)
		if !asked || id != last {
			asked, last, s = true, id, nil
			if n, known := v.index[id]; known {
				s = &v.all[n]
			}
		}
		return s
	}
}

// absent is since when and why files lack a record that should have it.
func (v *versions) absent(s *standing) (since arrow.Date32, reason string) {
	if s.removed != 0 {
		return s.removed, "replaced"
	}
	c := &v.cohorts[s.cohort]
	if k := sort.Search(len(c.nights), func(k int) bool { return c.nights[k] > s.night }); s.exported && k < len(c.nights) {
		return c.days[k], "missing_from_export"
	}
	return 0, ""
}

// restart begins the numbering anew.
func (v *versions) restart() {
	for i := range v.all {
		v.all[i].given = 0
	}
}

// pass counts the versions that a submission has, so that those of the next are numbered after
// them. Submissions pass in the order of receipt.
func (v *versions) pass(ctx context.Context, h *Home, e *Entry) error {
	return h.eachRecord(ctx, e, func(r recordRow) { v.all[v.index[r.id]].given++ })
}

// rewrite numbers the rows of a submission through, after those of the submissions that passed. It
// is nil for tables without versions.
func (v *versions) rewrite(t *schemas.Table, submission string) load.Rewrite {
	id, version := "record_id", "record_version"
	if t.Field("subject_version") != nil {
		id, version = "subject_id", "subject_version"
	}
	if t.Field(id) == nil || t.Field(version) == nil {
		return nil
	}
	return func(rec arrow.RecordBatch) (arrow.RecordBatch, error) {
		ids := rec.Column(rec.Schema().FieldIndices(id)[0])
		local := rec.Column(rec.Schema().FieldIndices(version)[0]).(*array.Int64)
		of, turn := v.standings(ids), v.turns[submission]
		newest := func(i int) *standing {
			if s := of(i); s != nil && s.isNewest(turn, local.Value(i)) {
				return s
			}
			return nil
		}
		columns := map[string]func(n int) arrow.Array{version: func(n int) arrow.Array {
			return integers(n, func(i int) int64 {
				given := int64(0)
				if s := of(i); s != nil {
					given = int64(s.given)
				}
				return given + local.Value(i)
			})
		}}
		if t.Field("is_current") != nil {
			columns["is_current"] = func(n int) arrow.Array {
				return booleans(n, func(i int) bool { s := newest(i); return s != nil && s.removed == 0 })
			}
			columns["absent_since"] = func(n int) arrow.Array { return v.absences(n, newest, false) }
			columns["absent_reason_code"] = func(n int) arrow.Array { return v.absences(n, newest, true) }
		}
		return load.ReplaceEach(rec, sortedKeys(columns), func(name string, a arrow.Array) (arrow.Array, error) {
			return columns[name](a.Len()), nil
		})
	}
}

// absences is the column of days on which newest versions were missed, or of the reasons.
func (v *versions) absences(n int, newest func(i int) *standing, reasons bool) arrow.Array {
	days, words := array.NewDate32Builder(memory.DefaultAllocator), array.NewStringBuilder(memory.DefaultAllocator)
	defer days.Release()
	defer words.Release()
	for i := range n {
		var day arrow.Date32
		reason := ""
		if s := newest(i); s != nil {
			day, reason = v.absent(s)
		}
		if reason == "" {
			days.AppendNull()
			words.AppendNull()
			continue
		}
		days.Append(day)
		words.Append(reason)
	}
	if reasons {
		return words.NewArray()
	}
	return days.NewArray()
}

func booleans(n int, of func(i int) bool) arrow.Array {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		b.UnsafeAppend(of(i))
	}
	return b.NewArray()
}

func integers(n int, of func(i int) int64) arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		b.UnsafeAppend(of(i))
	}
	return b.NewArray()
}
