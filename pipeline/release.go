package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"palermo/load"
	"palermo/transform/disclose"
)

// The kinds of a release. Rows and counts of the same people must not stand side by side: each would undo what
// the other withholds.
const (
	ReleaseMicrodata = "microdata" // a row a person, k-anonymous, in CTDC's layout
	ReleaseHTCDS     = "htcds"     // the same rows as a workbook of the Human Trafficking Case Data Standard
	ReleaseTables    = "tables"    // counts, protected
	ReleaseSDMX      = "sdmx"      // the same counts as SDMX-CSV
)

// ReleaseKinds is the kinds in the order of the manual.
var ReleaseKinds = []string{ReleaseMicrodata, ReleaseHTCDS, ReleaseTables, ReleaseSDMX}

// The two families of kinds.
const (
	familyRows   = "rows"
	familyTables = "tables"
)

func familyOf(kind string) string {
	if kind == ReleaseMicrodata || kind == ReleaseHTCDS {
		return familyRows
	}
	return familyTables
}

// ReleaseOptions says what is released.
type ReleaseOptions struct {
	Kinds      []string
	K          int64      // the fewest people that a combination of values, or a count, may be of; 0 means 10
	Base       int64      // counts are rounded to it; 0 means 5, or K where that is less, 1 rounds nothing
	Out        string     // the folder that is made; empty: releases/<id> in the home
	ApprovedBy string     // who takes it on that people are in an earlier release too
	Tables     [][]string // dimensions of each table; none: the usual ones
	With       []string   // further fields of record, as columns of the rows
	Now        func() time.Time
	Version    string
}

// ReleaseRefused says why nothing was released.
type ReleaseRefused struct{ Reason string }

func (e *ReleaseRefused) Error() string { return "not released: " + e.Reason }

// Released is what a release came to. It is what the report holds, and the manifest of the register.
type Released struct {
	ID         string         `json:"id"`
	Snapshot   string         `json:"snapshot"` // the run it was made from
	Kinds      []string       `json:"kinds"`
	K          int64          `json:"k"`
	Base       int64          `json:"rounded_to,omitempty"`
	ApprovedBy string         `json:"approved_by,omitempty"`
	Overlaps   []string       `json:"overlaps,omitempty"` // earlier releases with some of the same people
	Persons    int            `json:"persons"`
	NoVictims  int64          `json:"no_victims"` // persons left out: their records say that they are no victims
	Rows       *RowsReport    `json:"rows,omitempty"`
	Tables     *TablesReport  `json:"tables,omitempty"`
	Files      []ReleasedFile `json:"files"`
	Dir        string         `json:"-"`
}

// ReleasedFile is one file of a release.
type ReleasedFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

func (o *ReleaseOptions) check() error {
	if len(o.Kinds) == 0 {
		return ConfigFinding("name what to release: " + strings.Join(ReleaseKinds, ", "))
	}
	for _, k := range o.Kinds {
		if !slices.Contains(ReleaseKinds, k) {
			return ConfigFinding(fmt.Sprintf("no kind of release %q: there are %s", k, strings.Join(ReleaseKinds, ", ")))
		}
		if familyOf(k) != familyOf(o.Kinds[0]) {
			return ConfigFinding("rows and counts of the same people cannot be in one release: each undoes what the other withholds")
		}
	}
	o.K = cmp.Or(o.K, disclose.Usual.Least)
	o.Base = cmp.Or(o.Base, min(disclose.Usual.Base, o.K))
	switch {
	case o.K < leastK:
		return ConfigFinding(fmt.Sprintf("k is a number of people, at least %d", leastK))
	case o.Base < 1 || o.Base > o.K:
		return ConfigFinding("counts are rounded to a number from 1 to k")
	case familyOf(o.Kinds[0]) == familyRows && len(o.Tables) > 0:
		return ConfigFinding("tables are for the kinds tables and sdmx")
	case familyOf(o.Kinds[0]) == familyTables && len(o.With) > 0:
		return ConfigFinding("further fields are for the kind microdata; a table names its own")
	}
	return nil
}

// leastK is the smallest k: with less, who knows one person of a group knows the other.
const leastK = 3

// Release writes what may leave the house, of the persons of the current snapshot, into a folder of its own, with a report,
// and enters it in the register. Nothing is left where it is refused.
func (h *Home) Release(ctx context.Context, o ReleaseOptions) (*Released, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	started := o.Now().UTC()
	l, err := h.takeLock(started)
	if err != nil {
		return nil, err
	}
	defer l.release()
	if o.Out != "" && isThere(o.Out) {
		return nil, ConfigFinding("the folder to release into is there already")
	}
	run, err := load.CurrentRun(h.Dir)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(h.path(stateDir, "tmp"), "release-")
	if err != nil {
		return nil, environment(err)
	}
	defer os.RemoveAll(tmp)
	r := &release{Home: h, o: o, tmp: tmp, started: started, out: &Released{ID: started.Format("20060102T150405Z") + "-" + suffix(), Snapshot: run, Kinds: o.Kinds, K: o.K, ApprovedBy: o.ApprovedBy}}
	if err := r.do(ctx); err != nil {
		return nil, err
	}
	return r.out, nil
}

// release is one release as it is made.
type release struct {
	*Home
	o       ReleaseOptions
	tmp     string
	out     *Released
	people  *people
	ids     map[shortID]shortID // of records: as analysts have them, to those of the lake
	earlier []*earlierRelease   // with some of the same people
	stage   string              // the folder that is being filled
	private string              // the folder of the register that is being filled
	started time.Time
}

// prepared is when the release was made, as SDMX writes it.
func (r *release) prepared() string { return r.started.Format("2006-01-02T15:04:05Z") }

func (r *release) do(ctx context.Context) error {
	if err := r.mayLeave(); err != nil {
		return err
	}
	var err error
	if r.people, err = r.releasePeople(ctx, r.tmp, r.extra()); err != nil {
		return err
	}
	r.out.Persons, r.out.NoVictims = r.people.n, r.people.not
	if r.people.n == 0 {
		return &ReleaseRefused{"the snapshot has no persons"}
	}
	if r.ids, err = r.lakeIDs(ctx); err != nil {
		return err
	}
	if err := r.findEarlier(); err != nil {
		return err
	}
	if err := r.mayOverlap(); err != nil {
		return err
	}
	r.stage, r.private = filepath.Join(r.tmp, "out"), filepath.Join(r.tmp, "register")
	for _, d := range []string{r.stage, r.private} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return environment(err)
		}
	}
	if familyOf(r.o.Kinds[0]) == familyRows {
		err = r.releaseRows()
	} else {
		err = r.releaseTables()
	}
	if err != nil {
		return err
	}
	return r.publish()
}

// extra is the further fields of record that are read with the persons.
func (r *release) extra() []string {
	if familyOf(r.o.Kinds[0]) == familyRows {
		return r.o.With
	}
	return tableFields(r.o.Tables)
}

// mayLeave refuses what may not be released, by its class in the schema: what is asked for, and also what every release is made of,
// should its class change.
func (r *release) mayLeave() error {
	for _, t := range releasedColumns {
		if _, err := r.leaves(t.from); err != nil {
			return err
		}
	}
	record := r.Schema.Table(recordTable)
	for _, name := range r.extra() {
		if _, err := r.leaves(releaseField{recordTable, name}); err != nil {
			return err
		}
		for i := range record.Fields {
			if f := &record.Fields[i]; f.Name == name && f.Codes == "" {
				return &ReleaseRefused{fmt.Sprintf("%s.%s holds no codes: only codes can be released", recordTable, name)}
			}
		}
	}
	return nil
}

// mayOverlap refuses rows of people who are in an earlier release, or counts of people who are in one as rows, unless
// somebody takes it on by name. Counts beside earlier counts are protected against it.
func (r *release) mayOverlap() error {
	family := familyOf(r.o.Kinds[0])
	var risky []string
	for _, e := range r.earlier {
		r.out.Overlaps = append(r.out.Overlaps, e.ID)
		if family == familyRows || e.family() == familyRows || !e.whole {
			risky = append(risky, e.ID)
		}
	}
	if len(risky) == 0 || r.o.ApprovedBy != "" {
		return nil
	}
	return &ReleaseRefused{fmt.Sprintf("some of the same people are in %s; who holds both can find people whom neither shows. k-anonymity holds for one release: say who takes it on with --approved-by NAME, or see docs/release.md", strings.Join(risky, ", "))}
}

// publish gives the folder its name, and enters the release in the register before: what was given away without being
// entered could not be held against the next one.
func (r *release) publish() error {
	if err := r.writeReport(); err != nil {
		return err
	}
	if err := r.listFiles(); err != nil {
		return err
	}
	if err := r.register(); err != nil {
		return err
	}
	r.out.Dir = r.o.Out
	if r.out.Dir == "" {
		r.out.Dir = r.path("releases", r.out.ID)
	}
	if err := r.moveOut(); err != nil {
		return errors.Join(err, os.RemoveAll(r.path(stateDir, releasesDir, r.out.ID)))
	}
	return nil
}
