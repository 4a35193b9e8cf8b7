package mappings

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"sort"

	"palermo/diag"
)

//go:embed */mapping.yaml */codes/*.csv
var builtin embed.FS

// Builtin is the mappings that come with palermo.
func Builtin() fs.FS { return builtin }

// Set is every mapping that a run may choose from.
type Set struct {
	Mappings []*Mapping // by source id
}

// Load reads every mapping of the file systems: one folder a source. A source in a later file
// system takes the place of one with the same id in an earlier. Findings are about mappings that
// were left out because of them.
func Load(systems ...fs.FS) (*Set, []diag.Diagnostic, error) {
	byID := map[string]*Mapping{}
	var all []diag.Diagnostic
	for _, fsys := range systems {
		files, err := fs.Glob(fsys, "*/mapping.yaml")
		if err != nil {
			return nil, nil, fmt.Errorf("list mappings: %w", err)
		}
		for _, f := range files {
			m, ds, err := Decode(fsys, path.Dir(f))
			if err != nil {
				return nil, nil, err
			}
			all = append(all, ds...)
			if m != nil {
				byID[m.Source.ID] = m
			}
		}
	}
	s := &Set{}
	for _, m := range byID {
		s.Mappings = append(s.Mappings, m)
	}
	sort.Slice(s.Mappings, func(i, j int) bool { return s.Mappings[i].Source.ID < s.Mappings[j].Source.ID })
	return s, all, nil
}

// Source is the mapping of the source, or nil.
func (s *Set) Source(id string) *Mapping {
	for _, m := range s.Mappings {
		if m.Source.ID == id {
			return m
		}
	}
	return nil
}

// Digest is the version of the set as a whole: it changes with any file of any mapping.
func (s *Set) Digest() string {
	h := sha256.New()
	for _, m := range s.Mappings {
		fmt.Fprintln(h, m.Source.ID, m.Digest)
	}
	return hex.EncodeToString(h.Sum(nil))
}
