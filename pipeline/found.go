package pipeline

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// starter is the palermo.yaml of a new home: every setting with its default, each behind a "#".
//
//go:embed starter.yaml
var starter []byte

// Founded is what InitHome came to.
type Founded struct {
	Home string   `json:"home"`
	Made []string `json:"made"` // below the home
	Kept []string `json:"kept"` // was there before, and is as it was
}

// ErrNotEmpty says that a folder holds other things than a home.
var ErrNotEmpty = errors.New("the folder holds other things; name a new one, or a home")

// agencyName is what the folder of an agency may be called when it is made here.
var agencyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// InitHome makes a home in dir: its folders, with a drop folder for each agency, a palermo.yaml that says what can
// be set, and its key. What a home has already it keeps as it is.
func InitHome(dir string, agencies []string) (*Founded, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the home: %w", err)
	}
	for _, a := range agencies {
		if !agencyName.MatchString(a) {
			return nil, ConfigFinding("an agency's folder is named by letters, digits and . _ -, and not by this: " + a)
		}
	}
	if err := foundable(dir); err != nil {
		return nil, err
	}
	f := &Founded{Home: dir, Made: []string{}, Kept: []string{}}
	folders := []string{dropDir, "mappings"}
	for _, a := range agencies {
		folders = append(folders, filepath.Join(dropDir, a))
	}
	for _, d := range folders {
		if err := f.make(d, func(path string) error { return os.MkdirAll(path, 0o755) }); err != nil {
			return nil, environment(err)
		}
	}
	if err := f.make("palermo.yaml", func(path string) error { return writeFile(path, starter, 0o644) }); err != nil {
		return nil, environment(err)
	}
	h, err := readHome(dir, "")
	if err != nil {
		return nil, err
	}
	key := h.KeyFile()
	had := isThere(key)
	if _, err = OpenHome(dir, ""); err != nil {
		return nil, err
	}
	if below, err := filepath.Rel(dir, key); err == nil && filepath.IsLocal(below) && !had {
		f.Made = append(f.Made, below)
	}
	return f, nil
}

// foundable says why no home can be made in dir.
func foundable(dir string) error {
	there, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return environment(err)
	case len(there) > 0 && !isThere(filepath.Join(dir, dropDir)):
		return fmt.Errorf("%s: %w", dir, ErrNotEmpty)
	}
	return nil
}

func (f *Founded) make(name string, do func(path string) error) error {
	path := filepath.Join(f.Home, name)
	if isThere(path) {
		f.Kept = append(f.Kept, name)
		return nil
	}
	f.Made = append(f.Made, name)
	return do(path)
}
