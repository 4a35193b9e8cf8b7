package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"palermo/load"
)

// registry is which persons a home has had, and of which records: the memory by which a person
// keeps its id. Each run reads the one that the published snapshot's manifest names, by hash, and
// writes its own beside; publishing the snapshot is what puts it in force.
type registry struct {
	Format     int               `json:"format"`
	Next       int               `json:"next"`                 // number of the next person
	Persons    []registered      `json:"persons"`              // in the order of their numbers
	Superseded map[string]string `json:"superseded,omitempty"` // anchor of an id that merged, to the anchor of the one it went to
	Events     []personEvent     `json:"events,omitempty"`     // of all runs, in order
}

// registered is a person of the registry. Its id is made from its anchor, the first record that was
// received of it, and stays when that record goes.
type registered struct {
	Number  int      `json:"number"`
	Anchor  string   `json:"anchor"`
	Records []string `json:"records"` // in the order of receipt
}

// personEvent is what happened to a person's id.
type personEvent struct {
	Kind   string `json:"kind"` // a code of person_event_kind
	Person string `json:"person"`
	Other  string `json:"other,omitempty"`
	Night  int    `json:"night"`
	Inputs string `json:"inputs"`
}

const (
	registryFormat = 1
	registryName   = "persons" // in a manifest's states
	registryFile   = "persons.json"
	runsDir        = "runs" // below state
)

// The kinds of events, codes of the list person_event_kind.
const (
	eventCreated = "created"
	eventMerged  = "merged"
	eventSplit   = "split"
	eventRetired = "retired"
)

// group is the records of one person as linkage has found them, in the order of receipt.
type group struct {
	records []string
	seen    int // place of the first in the order of receipt
	anchor  string
}

// next gives each group its anchor: that of the oldest person who is in it; else its own first
// record. It returns the registry as it is then, with what happened.
func (r *registry) next(groups []*group, night int, inputs string) *registry {
	out := &registry{Format: registryFormat, Next: r.Next, Superseded: map[string]string{}, Events: slices.Clone(r.Events)}
	for from, to := range r.Superseded {
		out.Superseded[from] = to
	}
	happened := func(kind, person, other string) {
		out.Events = append(out.Events, personEvent{kind, person, other, night, inputs})
	}
	at := map[string]*group{}
	for _, g := range groups {
		for _, id := range g.records {
			at[id] = g
		}
	}
	was := map[string]*registered{} // by record
	number := map[*group]int{}
	for i := range r.Persons {
		p := &r.Persons[i]
		for _, id := range p.Records {
			was[id] = p
		}
		g := p.in(at)
		switch {
		case g == nil:
			happened(eventRetired, p.Anchor, "")
		case g.anchor == "":
			g.anchor, number[g] = p.Anchor, p.Number
		default:
			out.Superseded[p.Anchor] = g.anchor
			happened(eventMerged, p.Anchor, g.anchor)
		}
	}
	inOrder := slices.Clone(groups)
	slices.SortFunc(inOrder, func(a, b *group) int { return cmp.Compare(a.seen, b.seen) })
	for _, g := range inOrder {
		from := g.from(was)
		if g.anchor == "" {
			g.anchor, number[g] = g.records[0], out.Next
			out.Next++
			delete(out.Superseded, g.anchor) // it had merged with those it is parted from now
			happened(eventCreated, g.anchor, "")
		}
		for _, p := range from {
			if p.Anchor != g.anchor && out.Superseded[p.Anchor] != g.anchor && p.in(at) != nil {
				happened(eventSplit, p.Anchor, g.anchor)
			}
		}
	}
	for _, g := range groups {
		out.Persons = append(out.Persons, registered{number[g], g.anchor, g.records})
	}
	slices.SortFunc(out.Persons, func(a, b registered) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// in is the group that the person is now: that of its anchor, or where that record is gone, of its
// first that is left; nil where none is.
func (p *registered) in(at map[string]*group) *group {
	if g := at[p.Anchor]; g != nil {
		return g
	}
	for _, id := range p.Records {
		if g := at[id]; g != nil {
			return g
		}
	}
	return nil
}

// from is the persons that the group's records were of, in the order of their numbers.
func (g *group) from(was map[string]*registered) []*registered {
	var out []*registered
	for _, id := range g.records {
		if p := was[id]; p != nil && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *registered) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// successor is the anchor of the person that a superseded one is now.
func (r *registry) successor(anchor string) string {
	for range len(r.Superseded) {
		to, ok := r.Superseded[anchor]
		if !ok {
			break
		}
		anchor = to
	}
	return anchor
}

// readRegistry reads the registry in force: that of the published snapshot, which is held against
// its hash. A home that has published none has an empty one.
func (h *Home) readRegistry(m *load.Manifest) (*registry, error) {
	if m == nil || m.States[registryName] == "" {
		return &registry{Format: registryFormat}, nil
	}
	b, err := os.ReadFile(h.path(stateDir, runsDir, m.Run, registryFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, environment(fmt.Errorf("the person registry of the published snapshot is not there: %w", err))
	case err != nil:
		return nil, environment(err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != m.States[registryName] {
		return nil, environment(errors.New("the person registry is not the one that was published"))
	}
	return decodeRegistry(b)
}

func decodeRegistry(b []byte) (*registry, error) {
	r := &registry{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("read the person registry: %w", err)
	}
	if r.Format != registryFormat {
		return nil, fmt.Errorf("read the person registry: format %d is not known to this version", r.Format)
	}
	return r, nil
}

// writeRegistry writes the registry of the snapshot that is being made, and returns its hash.
func (r *run) writeRegistry(reg *registry) (string, error) {
	b, err := json.Marshal(reg)
	if err != nil {
		return "", fmt.Errorf("write the person registry: %w", err)
	}
	return r.writeState(registryFile, b)
}

// writeState writes a file of the run's state, beside the snapshot that is being made, and returns its
// hash, by which the manifest is to name it.
func (r *run) writeState(name string, b []byte) (string, error) {
	dir := r.path(stateDir, runsDir, r.id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := writeFile(r.path(stateDir, runsDir, r.id, name), b, 0o600); err != nil {
		return "", err
	}
	if err := errors.Join(syncDir(dir), syncDir(r.path(stateDir, runsDir))); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
