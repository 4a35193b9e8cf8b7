package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"palermo/load"
	"palermo/transform/link"
)

// caseRecord is the current version of one case record: what linkage compares, what episodes are
// told by, and what a person's values are taken from. The words of the vault stand in memory
// alone; nothing that is written is made from them but bits and joins.
//
// There is one way to make one, readCases, and it reads the table of case records and its
// children: a row of an anonymised or synthetic release (released_case) is no caseRecord.
type caseRecord struct {
	id, caseID           string
	source, agency, form string
	list                 string // the list that it stands on
	seen                 int    // its place in the order of receipt, by its first version
	years                int    // of registration; 0 where it is not known

	given, middle, family, father, other string
	references                           []string
	place, region                        string

	sex, origin, reporting string
	citizenships           []string
	birth                  link.Interval
	birthPrecision         string // of the stated birth; band where it comes from an age

	registered link.Interval // when the person was met: registered, else identified, referred, interviewed
	exploited  []exploitation
	ways       []string // countries of destination
	purposes   []string
	exits      []link.Interval
	before     string // whether it states an earlier trafficking
	followed   bool   // any follow-up or return is reported
	again      bool   // a follow-up found the person trafficked again
	returnedTo []string
}

// exploitation is one exploitation that a record tells of.
type exploitation struct {
	country        string
	started, ended link.Interval
}

// cells reads columns of a batch by name.
type cells struct {
	rec arrow.RecordBatch
	at  map[string]int
}

func cellsOf(rec arrow.RecordBatch) cells {
	c := cells{rec, map[string]int{}}
	for i, f := range rec.Schema().Fields() {
		c.at[f.Name] = i
	}
	return c
}

// text is a cell's text, "" where it is empty.
func (c cells) text(name string, i int) string {
	a := c.rec.Column(c.at[name])
	if a.IsNull(i) {
		return ""
	}
	return strings.Clone(load.Text(a, i))
}

func (c cells) integer(name string, i int) (int64, bool) {
	a := c.rec.Column(c.at[name]).(*array.Int64)
	return a.Value(i), a.IsValid(i)
}

// days is the interval of name_from and name_to.
func (c cells) days(name string, i int) link.Interval {
	from, to := c.rec.Column(c.at[name+"_from"]).(*array.Date32), c.rec.Column(c.at[name+"_to"]).(*array.Date32)
	if from.IsNull(i) || to.IsNull(i) {
		return link.Interval{}
	}
	return link.Interval{From: int32(from.Value(i)), To: int32(to.Value(i)), Known: true}
}

// caseReader reads the current versions of all case records.
type caseReader struct {
	*publication
	out  []*caseRecord
	byID map[string]*caseRecord
	seen map[string]int
}

// readCases reads what linkage needs of every case record, in the order of receipt.
func (p *publication) readCases(ctx context.Context) ([]*caseRecord, error) {
	r := &caseReader{publication: p, byID: map[string]*caseRecord{}, seen: map[string]int{}}
	for i, e := range p.entries {
		if !e.fills(recordTable) {
			continue
		}
		for _, read := range []func(context.Context, int) error{r.records, r.vault} {
			if err := read(ctx, i); err != nil {
				return nil, fmt.Errorf("read case records: %w", err)
			}
		}
		for _, t := range caseChildren {
			if err := r.children(ctx, i, t.table, t.columns, t.read); err != nil {
				return nil, fmt.Errorf("read %s: %w", t.table, err)
			}
		}
	}
	for _, c := range r.out {
		c.complete()
	}
	return r.out, nil
}

// isCurrent reports whether the version is the record's newest.
func (p *publication) isCurrent(submission, record string, version int64) bool {
	return p.versions.current(submission, record, version)
}

func (r *caseReader) records(ctx context.Context, i int) error {
	e, s := r.entries[i], &r.ledger.Submissions[i]
	if !r.versions.taken(s.ID) {
		return nil
	}
	columns := []string{"record_id", "record_version", "case_id", "source_id", "form", "_sheet", "reporting_country_code", "registration_from", "registration_to",
		"identification_from", "identification_to", "referral_from", "referral_to", "interview_date_from", "interview_date_to",
		"sex_code", "age_years_low", "age_years_high", "origin_country_code", "origin_place", "origin_region", "trafficked_before_code"}
	return load.Rows(ctx, r.lakeFile(recordTable, s.ID), columns, func(rec arrow.RecordBatch) error {
		c := cellsOf(rec)
		for k := range int(rec.NumRows()) {
			id := c.text("record_id", k)
			if _, before := r.seen[id]; !before {
				r.seen[id] = len(r.seen)
			}
			if version, _ := c.integer("record_version", k); !r.isCurrent(s.ID, id, version) {
				continue
			}
			sheet, _ := c.integer("_sheet", k)
			w := &caseRecord{id: id, caseID: c.text("case_id", k), source: c.text("source_id", k), agency: s.Agency, form: c.text("form", k), seen: r.seen[id],
				place: c.text("origin_place", k), region: c.text("origin_region", k), sex: c.text("sex_code", k), origin: c.text("origin_country_code", k),
				reporting: c.text("reporting_country_code", k), before: c.text("trafficked_before_code", k)}
			w.list = w.source + "/" + w.agency
			if r.listsByCountry(e, int(sheet)) {
				w.list += "/" + w.reporting
			}
			for _, name := range []string{"registration", "identification", "referral", "interview_date"} {
				if w.registered = c.days(name, k); w.registered.Known {
					break
				}
			}
			if w.registered.Known {
				w.years = w.registered.Year()
			}
			low, known := c.integer("age_years_low", k)
			if high, both := c.integer("age_years_high", k); known && both && w.registered.Known {
				w.birth, w.birthPrecision = bornAt(w.registered, low, high), "band"
			}
			r.out, r.byID[id] = append(r.out, w), w
		}
		return nil
	})
}

// bornAt is when one is born who is of that age on a day of the interval.
func bornAt(on link.Interval, low, high int64) link.Interval {
	const year = 365.2425
	return link.Interval{From: on.From - int32(float64(high+1)*year) + 1, To: on.To - int32(float64(low)*year), Known: true}
}

// listsByCountry reports whether each sheet of the table is the list of a country: its name says
// which.
func (p *publication) listsByCountry(e *Entry, sheet int) bool {
	sh := e.sheet(sheet)
	if sh == nil {
		return false
	}
	m := p.Mappings.Source(sh.Source)
	if m == nil {
		return false
	}
	for i := range m.Tables {
		if t := &m.Tables[i]; t.Vintage == sh.Vintage && t.Target == sh.Target {
			for _, f := range t.FromSheet {
				if f.To == "reporting_country_code" {
					return true
				}
			}
		}
	}
	return false
}

func (r *caseReader) vault(ctx context.Context, i int) error {
	columns := []string{"record_id", "record_version", "given_name", "middle_name", "family_name", "father_name", "other_names",
		"case_reference", "other_reference", "identity_number", "birth_from", "birth_to", "birth_precision_code"}
	id := r.ledger.Submissions[i].ID
	if r.entries[i].VaultGone && !isThere(r.vaultFile(recordTable, id)) {
		return nil
	}
	return load.Rows(ctx, r.vaultFile(recordTable, id), columns, func(rec arrow.RecordBatch) error {
		return r.current(id, rec, func(c cells, k int, w *caseRecord) {
			w.given, w.middle, w.family = c.text("given_name", k), c.text("middle_name", k), c.text("family_name", k)
			w.father, w.other = c.text("father_name", k), c.text("other_names", k)
			for _, name := range []string{"case_reference", "other_reference", "identity_number"} {
				if ref := c.text(name, k); ref != "" && !slices.Contains(w.references, ref) {
					w.references = append(w.references, ref)
				}
			}
			if b := c.days("birth", k); b.Known {
				w.birth, w.birthPrecision = b, c.text("birth_precision_code", k)
			}
		})
	})
}

// current hands f the rows of the batch that are of current versions.
func (r *caseReader) current(submission string, rec arrow.RecordBatch, f func(c cells, i int, w *caseRecord)) error {
	c := cellsOf(rec)
	for i := range int(rec.NumRows()) {
		id := c.text("record_id", i)
		w := r.byID[id]
		if version, _ := c.integer("record_version", i); w != nil && r.isCurrent(submission, id, version) {
			f(c, i, w)
		}
	}
	return nil
}

// caseChildren is the tables beside the records of which linkage reads something. Only the
// episodes look at what happened to a person; who it is, citizenship alone tells of them.
var caseChildren = []struct {
	table   string
	columns []string
	read    func(c cells, i int, w *caseRecord)
}{
	{"record_citizenship", []string{"citizenship_code"}, func(c cells, i int, w *caseRecord) {
		w.citizenships = with(w.citizenships, c.text("citizenship_code", i))
	}},
	{"record_exploitation", []string{"country_code", "started_from", "started_to", "ended_from", "ended_to"}, func(c cells, i int, w *caseRecord) {
		w.exploited = append(w.exploited, exploitation{c.text("country_code", i), c.days("started", i), c.days("ended", i)})
		w.ways = with(w.ways, c.text("country_code", i))
	}},
	{"record_route", []string{"leg_kind_code", "country_code"}, func(c cells, i int, w *caseRecord) {
		if c.text("leg_kind_code", i) == "destination" {
			w.ways = with(w.ways, c.text("country_code", i))
		}
	}},
	{"record_purpose", []string{"purpose_code", "answer_code"}, func(c cells, i int, w *caseRecord) {
		if c.text("answer_code", i) == "yes" {
			w.purposes = with(w.purposes, c.text("purpose_code", i))
		}
	}},
	{"record_followup", []string{"followup_kind_code", "held_from", "held_to", "country_code", "outcome_code"}, func(c cells, i int, w *caseRecord) {
		w.followed = true
		w.again = w.again || c.text("outcome_code", i) == "trafficked_again"
		if held := c.days("held", i); held.Known && c.text("followup_kind_code", i) == "return" {
			w.exits = append(w.exits, held)
			w.returnedTo = with(w.returnedTo, c.text("country_code", i))
		}
	}},
	{"record_assistance", []string{"assistance_code", "answer_code", "started_from", "started_to"}, func(c cells, i int, w *caseRecord) {
		given := c.text("answer_code", i)
		if at := c.days("started", i); at.Known && c.text("assistance_code", i) == "return" && (given == "provided" || given == "completed" || given == "accepted") {
			w.exits = append(w.exits, at)
		}
	}},
}

func with(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (r *caseReader) children(ctx context.Context, i int, table string, columns []string, read func(c cells, i int, w *caseRecord)) error {
	if !r.entries[i].fills(table) {
		return nil
	}
	id := r.ledger.Submissions[i].ID
	return load.Rows(ctx, r.lakeFile(table, id), append([]string{"record_id", "record_version"}, columns...), func(rec arrow.RecordBatch) error {
		return r.current(id, rec, read)
	})
}

// complete puts the lists in an order that their rows do not decide.
func (w *caseRecord) complete() {
	for _, l := range [][]string{w.citizenships, w.ways, w.purposes, w.returnedTo, w.references} {
		slices.Sort(l)
	}
	slices.SortFunc(w.exits, func(a, b link.Interval) int { return int(a.From - b.From) })
}

// nameless reports whether the record has no name.
func (w *caseRecord) nameless() bool { return w.given == "" && w.family == "" }
