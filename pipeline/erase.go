package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"palermo/load"
	"palermo/schemas"
	"palermo/transform/link"
)

// erasure is what somebody has decided to erase. It is written down, by keyed ids alone, before anything is done, and
// goes when all is done: what stops in between, the next run does.
type erasure struct {
	ID          string              `json:"id"`
	At          time.Time           `json:"at"`
	Reason      string              `json:"reason"`
	Subjects    int                 `json:"subjects"`
	Cases       map[string][]string `json:"cases"`       // ids of the lake by agency
	Records     []string            `json:"records"`     // ids of the lake
	Persons     []string            `json:"persons"`     // ids of the lake: of whom no record is left
	Episodes    []string            `json:"episodes"`    // ids of the lake: theirs
	Submissions []string            `json:"submissions"` // whose files are to be read again
	Names       map[string]string   `json:"names"`       // of files that name a person: what they are called from now on, by submission
}

func (h *Home) erasureFile() string { return h.path(stateDir, "erasure.json") }
func (h *Home) erasedDir() string   { return h.path(stateDir, "erased") }

// readErasure is what an erasure that was stopped has left to do; nil for nothing.
func (h *Home) readErasure() (*erasure, error) {
	var e erasure
	err := readJSON(h.erasureFile(), &e)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, environment(fmt.Errorf("read what is to be erased: %w", err))
	}
	return &e, nil
}

// reaches reports whether the submission's file is to be read again.
func (e *erasure) reaches(submission string) bool {
	return e != nil && slices.Contains(e.Submissions, submission)
}

// eraser takes what an erasure names out of all that is kept beside the entries.
type eraser struct {
	*run
	*erasure
	lake    map[string]bool                  // ids of records, cases, persons, episodes
	zones   map[schemas.Zone]map[string]bool // the same as the zones have them
	gone    map[string]map[[2]int]bool       // rows by submission
	words   map[string]map[string]bool       // of a submission that was read again: the words that are left of it, as wordKey has them
	rewrote int                              // snapshots
}

// erase takes people out of everything that the home keeps, after the entries were made without them.
func (r *run) erase(ctx context.Context, entries []*Entry) error {
	x := &eraser{run: r, erasure: r.erasing, gone: map[string]map[[2]int]bool{}, words: map[string]map[string]bool{}}
	r.Progress.Start("erasing", 1)
	defer r.Progress.Done("erasing")
	for i, e := range entries {
		if !x.reaches(e.Submission) {
			continue
		}
		x.gone[e.Submission] = map[[2]int]bool{}
		for _, at := range e.Gone {
			x.gone[e.Submission][at] = true
		}
		x.words[e.Submission] = wordsOf(e)
		s := &r.ledger.Submissions[i]
		gone := []string{r.reportFile(s.Agency, reportPage), r.reportFile(s.Agency, reportData)} // the run writes them anew
		for _, name := range r.receiptsOf(s) {
			gone = append(gone, r.receiptFile(s, name))
		}
		for _, path := range gone {
			if err := removeIfThere(path); err != nil {
				return err
			}
		}
	}
	if err := x.persons(); err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{{"snapshots", x.snapshots}, {"reviews", x.reviews}, {"ledger", x.ledgerLines}, {"releases", x.releases}, {"tables of ids", x.renamings}, {"backups", x.backups}} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("erase from the %s: %w", step.what, err)
		}
	}
	records := 0
	for _, ids := range x.Cases {
		records += len(ids)
	}
	r.Log.Info("erased", zap.Int("cases", records), zap.Int("records", len(x.Records)), zap.Int("submissions", len(x.Submissions)), zap.Int("snapshots", x.rewrote))
	if err := r.note(x.At, "purge", map[string]any{"id": x.ID, "reason": x.Reason, "subjects": x.Subjects, "records": len(x.Records), "submissions": len(x.Submissions)}); err != nil {
		return err
	}
	if err := removeIfThere(r.erasureFile()); err != nil {
		return err
	}
	r.erasing, r.done = nil, x
	return syncDir(r.path(stateDir))
}

// index gathers the ids, as each zone has them.
func (x *eraser) index() {
	x.lake, x.zones = map[string]bool{}, map[schemas.Zone]map[string]bool{}
	all := slices.Concat(x.Records, x.Persons, x.Episodes)
	for _, ids := range x.Cases {
		all = append(all, ids...)
	}
	for _, id := range all {
		x.lake[id] = true
	}
	for _, z := range []schemas.Zone{schemas.ZoneAnalyst, schemas.ZoneSteward} {
		x.zones[z] = map[string]bool{}
		for _, of := range x.keys { // snapshots of before a rotation are kept, too
			k := of.zone(z)
			for id := range x.lake {
				x.zones[z][k.id(id)] = true
			}
		}
	}
}

// persons adds the persons of whom no record is left, as any registry that is kept has them.
func (x *eraser) persons() error {
	x.index()
	runs, err := os.ReadDir(x.path(stateDir, runsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, d := range runs {
		reg, err := x.registryAt(d.Name())
		if err != nil {
			return err
		}
		if reg != nil {
			persons, episodes := x.key.emptied(reg, x.lake)
			x.Persons, x.Episodes = append(x.Persons, persons...), append(x.Episodes, episodes...)
		}
	}
	x.Persons, x.Episodes = distinct(x.Persons), distinct(x.Episodes)
	x.index()
	return writeJSON(x.erasureFile(), x.erasure, 0o600)
}

func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (h *Home) registryAt(run string) (*registry, error) {
	b, err := os.ReadFile(h.path(stateDir, runsDir, run, registryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeRegistry(b)
}

// emptied is the persons of a registry of whom every record is gone, with the ids that merged into them, and their
// episodes.
func (k key) emptied(r *registry, gone map[string]bool) (persons, episodes []string) {
	anchors := map[string]bool{}
	for i := range r.Persons {
		p := &r.Persons[i]
		if slices.ContainsFunc(p.Records, func(id string) bool { return !gone[id] }) {
			continue
		}
		anchors[p.Anchor] = true
		persons = append(persons, k.person(p.Anchor))
		for n := range p.Records {
			episodes = append(episodes, k.episode(p.Anchor, n+1))
		}
	}
	for from := range r.Superseded {
		if anchors[r.successor(from)] {
			persons = append(persons, k.person(from))
		}
	}
	return persons, episodes
}

// strip takes people out of a registry. A person of whom records are left keeps the id, though the record that it was
// made from is gone. It reports whether anything was to go.
func (x *eraser) strip(r *registry) bool {
	changed := false
	dead := func(anchor string) bool { return anchor != "" && x.lake[x.key.person(anchor)] }
	alive := func(anchor string) string {
		if !x.lake[anchor] {
			return anchor
		}
		changed = true
		return x.key.person(anchor)
	}
	persons := r.Persons[:0]
	for _, p := range r.Persons {
		if dead(p.Anchor) {
			changed = true
			continue
		}
		n := len(p.Records)
		p.Records = slices.DeleteFunc(p.Records, func(id string) bool { return x.lake[id] })
		changed = changed || len(p.Records) < n
		p.Anchor = alive(p.Anchor)
		persons = append(persons, p)
	}
	r.Persons = persons
	superseded := map[string]string{}
	for from, to := range r.Superseded {
		if dead(from) || dead(to) {
			changed = true
			continue
		}
		superseded[alive(from)] = alive(to)
	}
	r.Superseded = superseded
	for i := range r.Events {
		e := &r.Events[i]
		if dead(e.Person) || dead(e.Other) {
			*e, changed = personEvent{}, true
			continue
		}
		e.Person, e.Other = alive(e.Person), alive(e.Other)
	}
	return changed
}

// states takes people out of what a run keeps beside its snapshot: the hashes of what changed, by its name in the
// manifest, and what is to be written, by file.
func (x *eraser) states(run string) (hashes map[string]string, files map[string][]byte, err error) {
	hashes, files = map[string]string{}, map[string][]byte{}
	put := func(name, file string, b []byte) {
		sum := sha256.Sum256(b)
		hashes[name], files[file] = hex.EncodeToString(sum[:]), b
	}
	reg, err := x.registryAt(run)
	if err != nil {
		return nil, nil, err
	}
	if reg != nil {
		x.strip(reg) // made again even where nothing is to go: a crash may have come between it and its manifest
		b, err := json.Marshal(reg)
		if err != nil {
			return nil, nil, err
		}
		put(registryName, registryFile, b)
	}
	b, err := os.ReadFile(x.path(stateDir, runsDir, run, weighedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return hashes, files, nil
	}
	if err != nil {
		return nil, nil, err
	}
	w := &weighed{}
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(w); err == nil && len(w.Digests) == len(w.Records) {
		w.without(x.lake)
		var out bytes.Buffer
		if err := gob.NewEncoder(&out).Encode(w); err != nil {
			return nil, nil, err
		}
		b = out.Bytes()
	} else {
		b = nil // what cannot be read may hold anything, and decides nothing
	}
	put(weighedName, weighedFile, b)
	return hashes, files, nil
}

// without takes records out of the pairs.
func (w *weighed) without(gone map[string]bool) {
	number := make([]int32, len(w.Records))
	var records []string
	var digests []uint64
	for i, id := range w.Records {
		if number[i] = -1; !gone[id] {
			number[i] = int32(len(records))
			records, digests = append(records, id), append(digests, w.Digests[i])
		}
	}
	pairs := []link.Pair{}
	for i := range w.Pairs.A {
		p := w.Pairs.at(i)
		if p.A, p.B = number[p.A], number[p.B]; p.A >= 0 && p.B >= 0 {
			pairs = append(pairs, p)
		}
	}
	w.Records, w.Digests, w.Pairs = records, digests, columnsOf(pairs)
}

// reviews takes people out of what reviewers were asked and decided.
func (x *eraser) reviews(context.Context) error {
	of := func(line []byte) []byte {
		if x.names(line) {
			return nil
		}
		return line
	}
	for _, f := range []string{x.decisionsFile(), x.askedFile(), x.answersFile()} {
		if err := rewriteLines(f, of); err != nil {
			return err
		}
	}
	return nil
}

// names reports whether an id of the lake, or of a zone, stands in a line of JSON.
func (x *eraser) names(line []byte) bool {
	for _, m := range keyedID.FindAll(line, -1) {
		if x.lake[string(m)] || x.zones[schemas.ZoneAnalyst][string(m)] || x.zones[schemas.ZoneSteward][string(m)] {
			return true
		}
	}
	return false
}

// ledgerLines takes people out of the ledger, and of the audit file: that somebody was shown a name is still said, not
// whose.
func (x *eraser) ledgerLines(context.Context) error {
	rename := func(line []byte) []byte {
		for id, name := range x.Names {
			if s := x.ledger.find(id); s != nil && s.Name != name {
				line = bytes.ReplaceAll(line, []byte(`"name":`+jsonText(s.Name)), []byte(`"name":`+jsonText(name)))
			}
		}
		return line
	}
	err := rewriteLines(x.ledgerFile(), func(b []byte) []byte {
		var l line
		if json.Unmarshal(b, &l) == nil && l.Ruling != nil && l.Ruling.Case != "" && x.lake[l.Ruling.Case] {
			return nil
		}
		return rename(b)
	})
	if err != nil {
		return err
	}
	for id, name := range x.Names {
		if s := x.ledger.find(id); s != nil {
			s.Name = name
		}
	}
	x.ledger.Rulings = slices.DeleteFunc(x.ledger.Rulings, func(d Ruling) bool { return d.Case != "" && x.lake[d.Case] })
	return rewriteLines(x.auditFile(), func(b []byte) []byte {
		return keyedID.ReplaceAllFunc(b, func(id []byte) []byte {
			if x.names(id) {
				return []byte("erased")
			}
			return id
		})
	})
}

// rewriteLines writes a file of lines again with what of each line is left; nil for nothing. A file that stays as it is
// is not touched.
func rewriteLines(path string, of func(line []byte) []byte) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var out []byte
	for l := range bytes.Lines(b[:bytes.LastIndexByte(b, '\n')+1]) {
		if left := of(bytes.TrimSuffix(l, []byte{'\n'})); left != nil {
			out = append(append(out, left...), '\n')
		}
	}
	if bytes.Equal(out, b) {
		return nil
	}
	return writeFile(path, out, 0o600)
}

// releases takes people out of the notes of which records a release holds: the release itself is with others.
func (x *eraser) releases(ctx context.Context) error {
	releases, err := x.releasesOf(ctx, x.everyID())
	if err != nil {
		return err
	}
	for _, r := range releases {
		if err := rewriteLines(r.list, func(b []byte) []byte {
			if x.names(b) {
				return nil
			}
			return b
		}); err != nil {
			return err
		}
		if r.parquet != "" {
			all := x.everyID()
			_, err := load.Without(ctx, r.parquet, r.parquet, []string{"record_id"}, func(rec recordBatch) load.Cut {
				return load.Cut{Rows: idRows(rec, all)}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// renamings takes people out of the tables of ids that rotations of the key have left.
func (x *eraser) renamings(context.Context) error {
	tables, err := filepath.Glob(x.path(stateDir, idsDir, "*", "*.csv"))
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := rewriteLines(t, func(line []byte) []byte {
			if x.names(line) {
				return nil
			}
			return line
		}); err != nil {
			return err
		}
	}
	return nil
}

// everyID is every id of whom is erased, in the lake and in each zone.
func (x *eraser) everyID() map[string]bool {
	out := map[string]bool{}
	for _, ids := range []map[string]bool{x.lake, x.zones[schemas.ZoneAnalyst], x.zones[schemas.ZoneSteward]} {
		for id := range ids {
			out[id] = true
		}
	}
	return out
}

// backups removes the copies of the state that upgrades have made: of an earlier version's files nothing is known for
// certain.
func (x *eraser) backups(context.Context) error { return os.RemoveAll(x.path(stateDir, "backup")) }

// renamed is what a file is called from now on whose name names a person.
func renamed(s *Submission) string { return s.ID + strings.ToLower(filepath.Ext(s.Name)) }
