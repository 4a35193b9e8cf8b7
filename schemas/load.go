package schemas

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed schema.yaml figures.csv demonyms.csv ambiguous.csv tables/*.yaml codes/*.csv labels/*.yaml views/*.yaml
var embedded embed.FS

var builtin = sync.OnceValue(func() *Schema {
	s, err := Load(embedded)
	if err != nil {
		panic(fmt.Sprintf("schemas: the built-in declarations are broken: %v", err))
	}
	return s
})

// Builtin is the schema declared in this package, read once. The caller must not change it. It is
// safe for several goroutines.
func Builtin() *Schema { return builtin() }

// index is schema.yaml: the version, and the order of the dictionary.
type index struct {
	Version string   `yaml:"version"`
	Tables  []string `yaml:"tables"`
	Views   []string `yaml:"views"`
}

// Load reads the declarations under fsys: schema.yaml, tables/*.yaml, codes/*.csv, views/*.yaml; and
// figures.csv, labels/*.yaml, demonyms.csv and ambiguous.csv where there are any.
// It is strict, and its error names every fault found, one a line, each with its place:
// tables/statistic.yaml:10:5: no code list "sexx".
func Load(fsys fs.FS) (*Schema, error) {
	l := loader{fsys: fsys, s: &Schema{
		byName: map[string]*Table{}, views: map[string]*View{}, lists: map[string]*CodeList{},
	}}
	files, err := declared(fsys)
	if err != nil {
		return nil, fmt.Errorf("list the declarations: %w", err)
	}
	if l.s.digest, err = digest(fsys, files); err != nil {
		return nil, fmt.Errorf("read the declarations: %w", err)
	}
	l.loadLists(files)
	l.loadCountries()
	l.loadCitizenships(files)
	l.loadLabels(files)
	if slices.Contains(files, figuresFile) {
		l.loadFigures()
	}
	l.loadIndex(files)
	if len(l.faults) > 0 {
		return nil, errors.Join(l.faults...)
	}
	return l.s, nil
}

// Digest is the SHA-256, in lower-case hex, of the names and bytes of all declarations.
func (s *Schema) Digest() string { return s.digest }

// declared is the files that make up a schema, by name.
func declared(fsys fs.FS) ([]string, error) {
	var out []string
	for _, pattern := range []string{"schema.yaml", "figures.csv", demonymFile, ambiguousFile, "tables/*.yaml", "codes/*.csv", "labels/*.yaml", "views/*.yaml"} {
		names, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, err
		}
		out = append(out, names...)
	}
	slices.Sort(out)
	return out, nil
}

func digest(fsys fs.FS, files []string) (string, error) {
	h := sha256.New()
	for _, name := range files {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%d %s\n%d\n", len(name), name, len(b))
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// loader collects what is read and all that is wrong with it.
type loader struct {
	fsys   fs.FS
	s      *Schema
	faults []error

	countryMeaning string
}

func (l *loader) fault(err error) {
	if err != nil {
		l.faults = append(l.faults, err)
	}
}

// loadIndex reads schema.yaml, and the tables and views in its order.
func (l *loader) loadIndex(files []string) {
	var ix index
	d, err := decode(l.fsys, "schema.yaml", &ix)
	if err != nil {
		l.fault(err)
		return
	}
	l.s.Version = ix.Version
	if ix.Version == "" {
		l.fault(d.errorf("no version"))
	}
	docs := map[*Table]*document{}
	for i, name := range ix.Tables {
		t := &Table{lists: l.s.lists}
		td, err := decode(l.fsys, "tables/"+name+".yaml", t)
		if err != nil {
			l.fault(l.missing(d, err, "tables", i, name))
			continue
		}
		docs[t] = td
		l.checkName(td, "table", t.Name, name)
		l.s.Tables = append(l.s.Tables, t)
		l.s.byName[name] = t
	}
	for _, t := range l.s.Tables {
		l.checkTable(docs[t], t)
	}
	for i, name := range ix.Views {
		v := &View{}
		vd, err := decode(l.fsys, "views/"+name+".yaml", v)
		if err != nil {
			l.fault(l.missing(d, err, "views", i, name))
			continue
		}
		v.compose(l.s.views)
		l.s.Views = append(l.s.Views, v)
		l.s.views[name] = v
		l.checkView(vd, name, v)
	}
	l.checkListed(d, files, ix)
}

// missing puts a file that is not there at the place that names it.
func (l *loader) missing(d *document, err error, list string, i int, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return d.errorf("no file %s/%s.yaml", list, name).at(list, i)
	}
	return err
}

// checkListed finds the tables and views that schema.yaml leaves out.
func (l *loader) checkListed(d *document, files []string, ix index) {
	for _, f := range files {
		dir, base := path.Split(f)
		name := strings.TrimSuffix(base, ".yaml")
		if dir == "tables/" && !slices.Contains(ix.Tables, name) || dir == "views/" && !slices.Contains(ix.Views, name) {
			l.fault(d.errorf("%s is not listed", f))
		}
	}
}
