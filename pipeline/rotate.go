package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"palermo/load"
	"palermo/schemas"
)

// Rotation is what RotateKey did.
type Rotation struct {
	KeyFile   string `json:"key_file"`
	Key       string `json:"key"`             // mark of the new key
	Tables    string `json:"tables"`          // the folder with the old and new ids, a file a zone
	IDs       int    `json:"ids"`             // of each zone
	Published string `json:"run,omitempty"`   // the run whose snapshot has the old ids; empty for none
	Rotations int    `json:"rotations"`       // of the home so far
	InHome    bool   `json:"key_in_the_home"` // the key file lies in the home
}

// idsDir is where the old and new ids of each rotation are kept, below state, by the mark of the key that was new then.
const idsDir = "ids"

// RotateKey gives the home a new key for the ids of its zones. It is added to the key file, by one rename, and the next
// run publishes what stands under new ids: until then all is as it was. Before that the old and new id of everything that is
// published is written down, for stewards. Private ids stay, and with them all that is known by one: decisions,
// withdrawals, refusals, corrections, the person registry, tombstones.
func (h *Home) RotateKey(ctx context.Context, now time.Time) (*Rotation, error) {
	lock, err := h.takeLock(now)
	if err != nil {
		return nil, err
	}
	defer lock.release()
	file, err := filepath.EvalSymlinks(h.KeyFile())
	if err != nil {
		return nil, environment(err)
	}
	keys, err := readKeys(file) // another rotation may have been since the home was opened
	if err != nil {
		return nil, err
	}
	h.useKeys(keys)
	if err := h.sweepIDs(); err != nil {
		return nil, environment(err)
	}
	k, err := newKey()
	if err != nil {
		return nil, err
	}
	out := &Rotation{KeyFile: file, Key: keys.mark(k), Tables: h.path(stateDir, idsDir, keys.mark(k)), Rotations: len(keys), InHome: h.holds(file)}
	if err := h.writeRenamed(ctx, k, out); err != nil {
		return nil, environment(fmt.Errorf("write down the old and new ids: %w", err))
	}
	if err := h.auditLink("key rotate", []string{out.Key}); err != nil {
		return nil, err
	}
	if err := writeFile(file, append(slices.Clone(keys), k).encode(), 0o600); err != nil {
		return nil, environment(fmt.Errorf("write the key file: %w", err))
	}
	return out, nil
}

// sweepIDs removes what rotations left that never came to a key.
func (h *Home) sweepIDs() error {
	dirs, err := os.ReadDir(h.path(stateDir, idsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range dirs {
		if !slices.ContainsFunc(h.keys, func(k key) bool { return h.keys.mark(k) == d.Name() }) {
			if err := os.RemoveAll(h.path(stateDir, idsDir, d.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeRenamed writes the old and new ids of each zone as CSV, whole or not at all.
func (h *Home) writeRenamed(ctx context.Context, to key, out *Rotation) error {
	dir, m, err := load.Current(h.Dir)
	switch {
	case errors.Is(err, load.ErrNone):
	case err != nil:
		return err
	default:
		out.Published = m.Run
	}
	from, err := h.keys.published(m)
	if err != nil {
		return err
	}
	ids, err := h.privateIDs(ctx, dir, m, from)
	if err != nil {
		return err
	}
	out.IDs = len(ids)
	if err := os.MkdirAll(h.path(stateDir, "tmp"), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(h.path(stateDir, "tmp"), "ids-") // 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, z := range []schemas.Zone{schemas.ZoneAnalyst, schemas.ZoneSteward} {
		if err := writeIDs(filepath.Join(tmp, string(z)+".csv"), ids, from.zone(z), to.zone(z)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(h.path(stateDir, idsDir), 0o700); err != nil {
		return err
	}
	if err := errors.Join(syncDir(tmp), os.Rename(tmp, out.Tables)); err != nil {
		return err
	}
	return errors.Join(syncDir(h.path(stateDir, idsDir)), syncDir(h.path(stateDir)))
}

// privateIDs is the private id of each record, case, person and episode that the published snapshot may have, sorted.
func (h *Home) privateIDs(ctx context.Context, dir string, m *load.Manifest, ids key) ([]string, error) {
	all := map[string]bool{}
	reg, err := h.readRegistry(m)
	if err != nil {
		return nil, err
	}
	persons := map[string]string{} // anchors, by the analysts' id
	analyst := ids.zone(schemas.ZoneAnalyst)
	for i := range reg.Persons {
		p := &reg.Persons[i]
		who := h.key.person(p.Anchor)
		all[who], persons[analyst.id(who)] = true, p.Anchor
		for _, r := range p.Records {
			all[r] = true
		}
	}
	for from := range reg.Superseded {
		all[h.key.person(from)] = true
	}
	for _, e := range reg.Events {
		all[h.key.person(e.Person)] = true
	}
	if err := h.lakeIDs(ctx, all); err != nil {
		return nil, err
	}
	if m == nil {
		return sortedKeys(all), nil
	}
	for _, f := range m.Files {
		if load.TableOf(f.Path) != "episode" {
			continue
		}
		err := load.Rows(ctx, filepath.Join(dir, filepath.FromSlash(f.Path)), []string{"person_id", "ordinal"}, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				n, err := strconv.Atoi(load.Text(rec.Column(1), i))
				if anchor := persons[load.Text(rec.Column(0), i)]; err == nil && anchor != "" {
					all[h.key.episode(anchor, n)] = true
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sortedKeys(all), nil
}

// lakeIDs adds the ids of all records and cases of the lake.
func (h *Home) lakeIDs(ctx context.Context, all map[string]bool) error {
	l, err := h.ReadLedger()
	if err != nil {
		return err
	}
	for i := range l.Submissions {
		s := &l.Submissions[i]
		e, err := h.keptEntry(s)
		if err != nil || !e.fills(recordTable) {
			continue
		}
		err = load.Rows(ctx, h.lakeFile(recordTable, s.ID), []string{"record_id", "case_id"}, func(rec arrow.RecordBatch) error {
			for i := range int(rec.NumRows()) {
				all[load.Text(rec.Column(0), i)], all[load.Text(rec.Column(1), i)] = true, true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// idKinds is what an id is of, by its first letter.
var idKinds = map[byte]string{'r': "record", 'c': "case", 'p': "person", 'e': "episode"}

// writeIDs writes the ids under both keys of a zone, in the order of the old ones.
func writeIDs(path string, ids []string, from, to key) error {
	rows := make([]string, len(ids))
	for i, id := range ids {
		rows[i] = idKinds[id[0]] + "," + from.id(id) + "," + to.id(id) + "\n"
	}
	slices.Sort(rows)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	_, err = w.WriteString("kind,old_id,new_id\n")
	for _, r := range rows {
		if err == nil {
			_, err = w.WriteString(r)
		}
	}
	return errors.Join(err, w.Flush(), f.Sync(), f.Close())
}

// KeyState is what may be told of the home's key. Marks tell keys apart, and nothing of them.
type KeyState struct {
	Check     Check    `json:"check"`
	Marks     []string `json:"keys"`              // the first makes the private ids, the last those of the zones
	Published string   `json:"run,omitempty"`     // the run whose snapshot is the published one; empty for none
	Under     string   `json:"run_key,omitempty"` // mark of the key that made its ids
}

// LookAtKey tells of the home's key.
func (h *Home) LookAtKey() (*KeyState, error) {
	out := &KeyState{Check: h.checkKey(), Marks: []string{}}
	for _, k := range h.keys {
		out.Marks = append(out.Marks, h.keys.mark(k))
	}
	_, m, err := load.Current(h.Dir)
	if errors.Is(err, load.ErrNone) || len(h.keys) == 0 {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := h.keys.published(m)
	if err != nil { // the check says so
		return out, nil
	}
	out.Published, out.Under = m.Run, h.keys.mark(k)
	return out, nil
}
