package mappings

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
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
		folders, err := list(fsys)
		if err != nil {
			return nil, nil, fmt.Errorf("list mappings: %w", err)
		}
		for _, f := range folders {
			m, ds, err := Decode(fsys, f)
			if err != nil {
				ds = []diag.Diagnostic{{Code: diag.MappingUnreadable, Severity: diag.Error,
					Pos: diag.Pos{File: path.Join(f, "mapping.yaml")}, Message: "the mapping or one of its codes files cannot be read"}}
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

// list is the folders that have a mapping, which need not be one that can be read.
func list(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			continue
		}
		if _, err := fs.Stat(fsys, path.Join(e.Name(), "mapping.yaml")); !errors.Is(err, fs.ErrNotExist) {
			out = append(out, e.Name())
		}
	}
	return out, nil
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
