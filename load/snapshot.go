package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"palermo/schemas"
)

// Names below a home.
const (
	currentName    = "current"
	snapshotsName  = "snapshots"
	stateName      = "state"
	tmpName        = "tmp"        // below state
	publishingName = "publishing" // below state: the run whose snapshot lies under its name and may not be current yet
	databaseName   = "palermo.duckdb"
	parquetName    = "parquet"
	ledgerName     = "ledger" // below parquet: tables that may carry the run's id and the clock
)

// Stage is a snapshot being built aside, in state/tmp/<run>. One process works on a home at a
// time: the caller holds the home's lock.
type Stage struct {
	home, run, dir string
	sealed         bool
	at             func(point string) // crash tests stop here; else nil
}

// NewStage makes the folder for the run's snapshot. What an earlier attempt of the same run left
// is removed.
func NewStage(home, run string) (*Stage, error) {
	if err := checkRun(run); err != nil {
		return nil, err
	}
	s := &Stage{home: home, run: run, dir: filepath.Join(home, stateName, tmpName, run)}
	if err := os.RemoveAll(s.dir); err != nil {
		return nil, fmt.Errorf("stage %s: %w", run, err)
	}
	if err := makeDir(filepath.Join(s.dir, parquetName)); err != nil {
		return nil, fmt.Errorf("stage %s: %w", run, err)
	}
	return s, nil
}

// checkRun refuses an id that would be another path.
func checkRun(run string) error {
	if run == "" || strings.HasPrefix(run, ".") || strings.ContainsAny(run, `/\`) {
		return fmt.Errorf("run id %q is no name for a folder", run)
	}
	return nil
}

// Dir is the folder, in which the caller may lay further files before Seal.
func (s *Stage) Dir() string { return s.dir }

// ParquetDir is the folder of all Parquet files.
func (s *Stage) ParquetDir() string { return filepath.Join(s.dir, parquetName) }

// Database is where the database is to be built.
func (s *Stage) Database() string { return filepath.Join(s.dir, databaseName) }

// Parquet is where a file of the table is to be written. Files of a table are read in the order
// of their names.
func (s *Stage) Parquet(t *schemas.Table, name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(ParquetPath(t, name)))
}

// ParquetPath is a table's file below a snapshot's folder, with "/".
func ParquetPath(t *schemas.Table, name string) string {
	if t.Group == schemas.GroupLedger {
		return strings.Join([]string{parquetName, ledgerName, t.Name, name + ".parquet"}, "/")
	}
	return strings.Join([]string{parquetName, t.Name, name + ".parquet"}, "/")
}

// TableOf is the table that a file of a manifest has rows of; empty for other files.
func TableOf(path string) string {
	parts := strings.Split(path, "/")
	if parts[0] != parquetName || len(parts) < 3 {
		return ""
	}
	return parts[len(parts)-2]
}

// Seal lists every file in the manifest and writes it. Nothing may be written into the stage
// after it.
func (s *Stage) Seal(m Manifest) (*Manifest, error) {
	files, err := listFiles(s.dir)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.run, err)
	}
	m.Format, m.Run, m.Files = manifestFormat, s.run, files
	s.point("manifest")
	if err := m.write(s.dir); err != nil {
		return nil, fmt.Errorf("seal %s: %w", s.run, err)
	}
	s.sealed = true
	return &m, nil
}

// Modes are the permissions of a published snapshot. The zero value means 0755 and 0644: who may
// come as far as the home is decided there.
type Modes struct {
	Dir, File fs.FileMode
}

// Publish puts a sealed stage on disk, gives it its place under snapshots/, and makes it current,
// by one rename of a link: at every moment readers see the old snapshot or the new one. After an
// error Current says which; Sweep removes what is left.
func (s *Stage) Publish(modes Modes) error {
	if !s.sealed {
		return fmt.Errorf("publish %s: not sealed", s.run)
	}
	steps := []struct {
		name string
		do   func() error
	}{
		{"name", s.checkFree},
		{"chmod", func() error { return openUp(s.dir, modes) }},
		{"sync", func() error { return syncTree(s.dir) }},
		{"mark", func() error { return writeFile(s.mark(), []byte(s.run+"\n")) }},
		{"move", s.move},
		{"link", func() error { return makeCurrent(s.home, s.run, s.point) }},
		{"unmark", func() error { return removeFile(s.mark()) }},
	}
	for _, step := range steps {
		s.point(step.name)
		if err := step.do(); err != nil {
			return fmt.Errorf("publish %s: %s: %w", s.run, step.name, err)
		}
	}
	s.point("done")
	return nil
}

func (s *Stage) point(name string) {
	if s.at != nil {
		s.at(name)
	}
}

func (s *Stage) mark() string { return filepath.Join(s.home, stateName, publishingName) }

// checkFree refuses a run whose snapshot is there already: the mark would call it a leftover.
func (s *Stage) checkFree() error {
	path := filepath.Join(s.home, snapshotsName, s.run)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s: %w", path, fs.ErrExist), err)
	}
	return nil
}

// move renames the stage to its place under snapshots/.
func (s *Stage) move() error {
	snapshots := filepath.Join(s.home, snapshotsName)
	if err := makeDir(snapshots); err != nil {
		return err
	}
	if err := os.Chmod(snapshots, 0o755); err != nil {
		return err
	}
	if err := os.Rename(s.dir, filepath.Join(snapshots, s.run)); err != nil {
		return err
	}
	s.point("moved")
	return errors.Join(syncDir(snapshots), syncDir(filepath.Dir(s.dir)))
}

// MakeCurrent makes the run's snapshot, which lies in its place, the current one, by one rename. The caller holds
// the home's lock.
func MakeCurrent(home, run string) error {
	if err := checkRun(run); err != nil {
		return err
	}
	return makeCurrent(home, run, func(string) {})
}

// makeCurrent swaps the link.
func makeCurrent(home, run string, point func(string)) error {
	link := filepath.Join(home, currentName)
	if err := os.Remove(link + ".tmp"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(filepath.Join(snapshotsName, run), link+".tmp"); err != nil {
		return err
	}
	point("linked")
	if err := os.Rename(link+".tmp", link); err != nil {
		return err
	}
	point("current")
	return syncDir(home)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// openUp makes the folder's contents readable to those who may read snapshots.
func openUp(root string, m Modes) error {
	if m.Dir == 0 {
		m.Dir = 0o755
	}
	if m.File == 0 {
		m.File = 0o644
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := m.File
		if d.IsDir() {
			mode = m.Dir
		}
		return os.Chmod(path, mode)
	})
}

// Discard removes a stage that is not to be published.
func (s *Stage) Discard() error { return os.RemoveAll(s.dir) }
