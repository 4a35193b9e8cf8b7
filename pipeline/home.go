package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"palermo/diag"
	"palermo/extract"
	"palermo/mappings"
	"palermo/schemas"
)

// Home is one installation: a folder that holds drop/, and what palermo made beside it.
type Home struct {
	Dir      string
	Config   *Config
	Schema   *schemas.Schema
	Mappings *mappings.Set

	Agreements *Agreements // nil where the home has no register of them

	key     key
	secrets map[string][]extract.Secret // by agency: what opens its files
}

// Folders of a home. The private ones are made 0700.
const (
	dropDir       = "drop"
	inboxDir      = "inbox"
	vaultDir      = "vault"
	lakeDir       = "lake"
	quarantineDir = "quarantine"
	stateDir      = "state"
	stewardDir    = "steward"
	receiptsDir   = "receipts"
	snapshotsDir  = "snapshots"
)

var privateDirs = []string{inboxDir, vaultDir, lakeDir, quarantineDir, stateDir, stewardDir}

// ErrNoHome says that a folder is no home: it has no drop folder.
var ErrNoHome = errors.New("no drop/ folder here")

// OpenHome opens the home in dir, reads its config and mappings, and makes the folders and the
// key it lacks. extra is a folder of mappings to use beside the built-in ones and the home's own;
// empty for none.
func OpenHome(dir, extra string) (*Home, error) {
	h, err := readHome(dir, extra)
	if err != nil {
		return nil, err
	}
	if err := h.makeFolders(); err != nil {
		return nil, environment(err)
	}
	if h.key, err = openKey(h, true); err != nil {
		return nil, err
	}
	return h, nil
}

// ReadHome opens the home in dir for looking only: nothing is made or written. A home without a
// key has one that is empty.
func ReadHome(dir, extra string) (*Home, error) {
	h, err := readHome(dir, extra)
	if err != nil {
		return nil, err
	}
	h.key, err = openKey(h, false)
	if err != nil {
		return nil, err
	}
	return h, nil
}

func readHome(dir, extra string) (*Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the home: %w", err)
	}
	if fi, err := os.Stat(filepath.Join(dir, dropDir)); err != nil || !fi.IsDir() {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoHome)
	}
	h := &Home{Dir: dir, Schema: schemas.Builtin()}
	if h.Config, err = readConfig(filepath.Join(dir, "palermo.yaml")); err != nil {
		return nil, err
	}
	if h.Agreements, err = readAgreements(filepath.Join(dir, agreementsFile)); err != nil {
		return nil, err
	}
	folders := []string{h.Config.Mappings, extra}
	if own := filepath.Join(dir, "mappings"); isThere(own) {
		folders = append([]string{own}, folders...)
	}
	if h.Mappings, err = LoadMappings(h.Schema, folders...); err != nil {
		return nil, err
	}
	if err := h.checkAgencies(); err != nil {
		return nil, err
	}
	if err := h.checkFormat(); err != nil {
		return nil, err
	}
	if err := h.checkSettings(); err != nil {
		return nil, err
	}
	if err := h.readSecrets(); err != nil {
		return nil, err
	}
	return h, nil
}

// isThere reports whether the path names something, even if it leads nowhere.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// LoadMappings reads the built-in mappings and those in the folders; an empty name is passed over.
// Anything wrong with one, as a folder that cannot be read, is a ConfigError.
func LoadMappings(s *schemas.Schema, folders ...string) (*mappings.Set, error) {
	systems := []fs.FS{mappings.Builtin()}
	for _, f := range folders {
		if f == "" {
			continue
		}
		if _, err := os.ReadDir(f); err != nil {
			return nil, &ConfigError{[]diag.Diagnostic{{Code: diag.MappingUnreadable, Severity: diag.Error, Pos: diag.Pos{File: f},
				Message: "the folder of mappings cannot be read"}}}
		}
		systems = append(systems, os.DirFS(f))
	}
	set, ds, err := mappings.Load(systems...)
	if err != nil {
		return nil, err
	}
	ds = append(ds, checkMappings(set, s)...)
	if len(ds) > 0 {
		return nil, &ConfigError{ds}
	}
	return set, nil
}

func (h *Home) path(parts ...string) string {
	return filepath.Join(append([]string{h.Dir}, parts...)...)
}

func (h *Home) makeFolders() error {
	for _, d := range privateDirs {
		if err := os.MkdirAll(h.path(d), 0o700); err != nil {
			return err
		}
	}
	for _, d := range []string{snapshotsDir, receiptsDir} {
		if err := os.MkdirAll(h.path(d), 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(h.path(stateDir, "tmp"), 0o700)
}

// hasSnapshots reports whether anything was published from the home.
func (h *Home) hasSnapshots() bool {
	entries, _ := os.ReadDir(h.path(snapshotsDir))
	return len(entries) > 0
}

// ConfigFinding is a finding about a setting or a command line that is no file's.
func ConfigFinding(message string) error {
	return &ConfigError{[]diag.Diagnostic{{Code: diag.ConfigSyntax, Severity: diag.Error, Message: message}}}
}
