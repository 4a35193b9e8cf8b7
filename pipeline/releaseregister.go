package pipeline

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"palermo/load"
	"palermo/sandbox"
	"palermo/schemas"
)

// releasesDir is the register of releases, below state: a folder each, which nobody but the service account reads.
const releasesDir = "releases"

// The files of a release in the register.
const (
	registeredManifest = "manifest.json"
	registeredRecords  = "records.txt"  // the ids, as the lake has them, of the records that went in, one a line
	registeredPeople   = "people.txt"   // by the lines of records.txt: the number of the person, and of the person's line in atoms.csv
	registeredAtoms    = "atoms.csv"    // what the release was told of a person: categories of tables, or what is shown of a row
	registeredWithheld = "withheld.csv" // cells of tables that are withheld: their dimensions, and their categories
)

// shortID is an id without its first letter.
type shortID [12]byte

func shortIDOf(id string) (s shortID, ok bool) {
	if len(id) != 1+2*len(s) {
		return s, false
	}
	_, err := hex.Decode(s[:], []byte(id[1:]))
	return s, err == nil
}

func (s shortID) record() string { return "r" + hex.EncodeToString(s[:]) }

// lineWriter writes lines of text to a file, which it closes.
type lineWriter struct {
	f *os.File
	w *bufio.Writer
}

func newLineWriter(f *os.File) *lineWriter { return &lineWriter{f, bufio.NewWriterSize(f, 1<<16)} }

func createLines(path string) (*lineWriter, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, environment(err)
	}
	return newLineWriter(f), nil
}

func (l *lineWriter) line(s string) error {
	_, err := l.w.WriteString(s)
	return errors.Join(err, l.w.WriteByte('\n'))
}

func (l *lineWriter) close() error {
	return environment(errors.Join(l.w.Flush(), l.f.Sync(), l.f.Close()))
}

// eachLine hands f the lines of a file.
func eachLine(path string, f func(string) error) error {
	in, err := os.Open(path)
	if err != nil {
		return environment(err)
	}
	defer in.Close()
	s := bufio.NewScanner(in)
	s.Buffer(nil, 1<<26) // a line of the persons' records has those of one person
	for s.Scan() {
		if err := f(s.Text()); err != nil {
			return err
		}
	}
	return s.Err()
}

// lakeIDs is the ids of the lake's records by those that analysts have.
func (r *release) lakeIDs(ctx context.Context) (map[shortID]shortID, error) {
	files, err := filepath.Glob(r.path(lakeDir, recordTable, "submission=*", "*.parquet"))
	if err != nil {
		return nil, err
	}
	out := filepath.Join(r.tmp, "ids.csv")
	job := load.AskJob{Dirs: [2]string{r.path(lakeDir), r.tmp}, MemoryBytes: peopleMemory / 2, Prepare: []load.Question{
		{Name: "ids", SQL: "CREATE TEMP TABLE ids (id VARCHAR)"},
		{Name: "ids", SQL: "INSERT INTO ids SELECT DISTINCT record_id FROM " + load.RowsOf, Files: files},
		{Name: "ids", SQL: "COPY (SELECT DISTINCT id FROM ids ORDER BY id) TO " + load.Literal(out) + " (FORMAT csv, HEADER false)"}}}
	if len(files) == 0 {
		return nil, environment(errors.New("the lake has no records"))
	}
	var answers load.Answers
	if err := sandbox.Run(ctx, RoleAsk, job, &answers, sandbox.Options{TempDir: r.tmp}); err != nil {
		return nil, fmt.Errorf("list the records: %w", err)
	}
	_, m, err := load.Current(r.Dir)
	if err != nil {
		return nil, environment(err)
	}
	published, err := r.keys.published(m)
	if err != nil {
		return nil, environment(err)
	}
	zone := published.zone(schemas.ZoneAnalyst)
	ids := map[shortID]shortID{}
	return ids, eachLine(out, func(id string) error {
		of, ok := shortIDOf(zone.id(id))
		own, ok2 := shortIDOf(id)
		if !ok || !ok2 {
			return errors.New("an id in the lake has not the form of one")
		}
		ids[of] = own
		return nil
	})
}

// eachRecord hands f the records of each person, as the lake has them, in the persons' order.
func (r *release) eachRecord(f func(person int, records []shortID) error) error {
	person := 0
	var records []shortID
	return eachLine(r.people.records, func(line string) error {
		records = records[:0]
		for id := range strings.SplitSeq(line, " ") {
			of, ok := shortIDOf(id)
			own, known := r.ids[of]
			if !ok || !known {
				return environment(errors.New("the snapshot has a record that the lake lacks"))
			}
			records = append(records, own)
		}
		person++
		return f(person-1, records)
	})
}

// earlierRelease is a release of the register that has some of the same people.
type earlierRelease struct {
	Released
	dir   string
	whole bool // its files fit together: purging may have taken records from it
}

func (e *earlierRelease) family() string { return familyOf(e.Kinds[0]) }

// findEarlier reads the register.
func (r *release) findEarlier() error {
	dirs, err := os.ReadDir(r.path(stateDir, releasesDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return environment(err)
	}
	now := map[shortID]bool{}
	if len(dirs) > 0 {
		if err := r.eachRecord(func(_ int, records []shortID) error {
			for _, id := range records {
				now[id] = true
			}
			return nil
		}); err != nil {
			return err
		}
	}
	for _, d := range dirs {
		e := &earlierRelease{dir: r.path(stateDir, releasesDir, d.Name())}
		b, err := os.ReadFile(filepath.Join(e.dir, registeredManifest))
		if err != nil {
			return environment(err)
		}
		if err := json.Unmarshal(b, &e.Released); err != nil || len(e.Kinds) == 0 {
			return environment(fmt.Errorf("the register of release %s cannot be read", d.Name()))
		}
		lines, shared := 0, false
		if err := eachLine(filepath.Join(e.dir, registeredRecords), func(id string) error {
			s, ok := shortIDOf(id)
			lines++
			shared = shared || ok && now[s]
			return nil
		}); err != nil {
			return err
		}
		if !shared {
			continue
		}
		people := 0
		if err := eachLine(filepath.Join(e.dir, registeredPeople), func(string) error { people++; return nil }); err != nil {
			return err
		}
		e.whole = people == lines
		r.earlier = append(r.earlier, e)
	}
	return nil
}

// was is where the earlier release had each record.
type was struct {
	person map[shortID]uint32 // by record
	atom   []uint32           // by person
	head   []string
	atoms  [][]string
}

func (e *earlierRelease) read() (*was, error) {
	w := &was{person: map[shortID]uint32{}}
	type line struct{ person, atom uint32 }
	var lines []line
	if err := eachLine(filepath.Join(e.dir, registeredPeople), func(s string) error {
		p, a, _ := strings.Cut(s, " ")
		person, err := strconv.ParseUint(p, 10, 32)
		atom, err2 := strconv.ParseUint(a, 10, 32)
		lines = append(lines, line{uint32(person), uint32(atom)})
		return errors.Join(err, err2)
	}); err != nil {
		return nil, err
	}
	i := 0
	if err := eachLine(filepath.Join(e.dir, registeredRecords), func(id string) error {
		s, ok := shortIDOf(id)
		if !ok || i >= len(lines) {
			return environment(fmt.Errorf("the register of release %s is not whole", e.ID))
		}
		l := lines[i]
		i++
		w.person[s] = l.person
		for int(l.person) >= len(w.atom) {
			w.atom = append(w.atom, 0)
		}
		w.atom[l.person] = l.atom
		return nil
	}); err != nil {
		return nil, err
	}
	rows, err := readCSVFile(filepath.Join(e.dir, registeredAtoms))
	if err != nil || len(rows) == 0 {
		return nil, environment(fmt.Errorf("the register of release %s is not whole: %w", e.ID, err))
	}
	w.head, w.atoms = rows[0], rows[1:]
	for _, a := range w.atom {
		if int(a) >= len(w.atoms) {
			return nil, environment(fmt.Errorf("the register of release %s is not whole", e.ID))
		}
	}
	return w, nil
}

func readCSVFile(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, environment(err)
	}
	defer f.Close()
	c := csv.NewReader(f)
	c.FieldsPerRecord = -1
	return c.ReadAll()
}

// writeCSVFile writes rows to a new file, by the CSV of RFC 4180 with line feeds.
func writeCSVFile(path string, rows func(put func([]string) error) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return environment(err)
	}
	b := bufio.NewWriterSize(f, 1<<16)
	w := csv.NewWriter(b)
	err = rows(w.Write)
	w.Flush()
	return environment(errors.Join(err, w.Error(), b.Flush(), f.Sync(), f.Close()))
}

// enterPeople writes which records went in, and where each person was put: atom is the number of the person's line in
// atoms.csv, or none of the person is shown.
func (r *release) enterPeople(atom func(person int) (uint32, bool)) (err error) {
	records, err := createLines(filepath.Join(r.private, registeredRecords))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.close()) }()
	people, err := createLines(filepath.Join(r.private, registeredPeople))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, people.close()) }()
	number := 0
	return r.eachRecord(func(person int, ids []shortID) error {
		a, shown := atom(person)
		if !shown {
			return nil
		}
		line := fmt.Sprintf("%d %d", number, a)
		number++
		for _, id := range ids {
			if err := errors.Join(records.line(id.record()), people.line(line)); err != nil {
				return environment(err)
			}
		}
		return nil
	})
}

// listFiles lists what the release holds.
func (r *release) listFiles() error {
	entries, err := os.ReadDir(r.stage)
	if err != nil {
		return environment(err)
	}
	for _, d := range entries {
		f, err := os.Open(filepath.Join(r.stage, d.Name()))
		if err != nil {
			return environment(err)
		}
		sum := sha256.New()
		n, err := io.Copy(sum, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return environment(err)
		}
		r.out.Files = append(r.out.Files, ReleasedFile{d.Name(), hex.EncodeToString(sum.Sum(nil)), n})
	}
	slices.SortFunc(r.out.Files, func(a, b ReleasedFile) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// register enters the release, and notes in the home's audit file who made it.
func (r *release) register() error {
	b, err := json.MarshalIndent(r.out, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.private, registeredManifest), append(b, '\n'), 0o600); err != nil {
		return environment(err)
	}
	if err := r.auditRelease(); err != nil {
		return err
	}
	if err := os.MkdirAll(r.path(stateDir, releasesDir), 0o700); err != nil {
		return environment(err)
	}
	return environment(os.Rename(r.private, r.path(stateDir, releasesDir, r.out.ID)))
}

func (r *release) auditRelease() error {
	b, err := json.Marshal(map[string]any{"time": time.Now().UTC(), "user": os.Getuid(), "command": "release", "release": r.out.ID,
		"kinds": r.out.Kinds, "k": r.out.K, "approved_by": r.out.ApprovedBy, "overlaps": r.out.Overlaps, "snapshot": r.out.Snapshot})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.path(stateDir, "audit.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return environment(err)
	}
	_, err = f.Write(append(b, '\n'))
	return environment(errors.Join(err, f.Sync(), f.Close()))
}

// moveOut puts the folder where it was asked for, which must not be there. Another file system is copied to.
func (r *release) moveOut() error {
	to := r.out.Dir
	if _, err := os.Lstat(to); err == nil {
		return environment(&fs.PathError{Op: "release", Path: to, Err: fs.ErrExist})
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return environment(err)
	}
	if err := os.Chmod(r.stage, 0o755); err != nil {
		return environment(err)
	}
	for _, f := range r.out.Files {
		if err := os.Chmod(filepath.Join(r.stage, f.Name), 0o644); err != nil {
			return environment(err)
		}
	}
	if os.Rename(r.stage, to) == nil {
		return nil
	}
	if err := os.CopyFS(to+".part", os.DirFS(r.stage)); err != nil {
		return environment(errors.Join(err, os.RemoveAll(to+".part")))
	}
	return environment(os.Rename(to+".part", to))
}
