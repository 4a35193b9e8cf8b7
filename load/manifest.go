package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ManifestName is the file of a snapshot that lists all others.
const ManifestName = "manifest.json"

// manifestFormat is raised when a reader of the last one would misread the next.
const manifestFormat = 1

// Manifest says what a snapshot is made from, and what it holds. Beside the ledger tables it is
// the only place for the run's id and the clock.
type Manifest struct {
	Format         int               `json:"format"` // set by Seal
	Run            string            `json:"run"`    // set by Seal
	Started        time.Time         `json:"started"`
	Ended          time.Time         `json:"ended"`
	PalermoVersion string            `json:"palermo_version"`
	SchemaVersion  string            `json:"schema_version"`
	SchemaDigest   string            `json:"schema_digest"`
	InputsDigest   string            `json:"inputs_digest"` // of all that the run's result depends on
	DuckDBVersion  string            `json:"duckdb_version"`
	IDKey          string            `json:"id_key,omitempty"`        // mark of the key that made the ids; empty in snapshots of before there were marks
	LinkageModel   string            `json:"linkage_model,omitempty"` // id of the model that weighed pairs of records
	Submissions    []string          `json:"submissions"`             // ids
	RowsLoaded     int64             `json:"rows_loaded"`             // of all submissions
	RowsRejected   int64             `json:"rows_rejected"`
	Made           int               `json:"made"`             // submissions harmonised by the run
	Checks         json.RawMessage   `json:"checks,omitempty"` // that did not pass, as the ledger has them
	States         map[string]string `json:"states,omitempty"` // name to hash of what the run keeps beside the snapshot
	Files          []File            `json:"files"`            // set by Seal, by path
}

// File is one file of a snapshot.
type File struct {
	Path   string `json:"path"` // below the snapshot's folder, with "/"
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"` // of a Parquet file; 0 for others
}

// ErrManifest is wrapped by the error about a manifest that is torn or overwritten.
var ErrManifest = errors.New("not a manifest")

// ReadManifest reads the manifest of a snapshot's folder.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestName)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrManifest, err)
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("%s: format %d is not known to this version", path, m.Format)
	}
	return m, nil
}

func (m *Manifest) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, ManifestName), append(b, '\n'))
}

// Verify reads every file of a snapshot again and compares it with the manifest. The error joins
// all that is found: a file that is missing, is another, or is not in the manifest.
func Verify(dir string) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	have, err := listFiles(dir)
	if err != nil {
		return err
	}
	found := map[string]File{}
	for _, f := range have {
		found[f.Path] = f
	}
	var errs []error
	for _, want := range m.Files {
		got, ok := found[want.Path]
		delete(found, want.Path)
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("%s: %w", want.Path, fs.ErrNotExist))
		case got != want:
			errs = append(errs, fmt.Errorf("%s: not the file that was published", want.Path))
		}
	}
	for _, f := range have {
		if _, ok := found[f.Path]; ok {
			errs = append(errs, fmt.Errorf("%s: not in the manifest", f.Path))
		}
	}
	return errors.Join(errs...)
}

// listFiles is every file below dir but the manifest, by path. A row count that cannot be read is
// an error only of a whole file, so a damaged one is listed with none.
func listFiles(dir string) ([]File, error) {
	files := []File{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel == ManifestName {
			return nil
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s: not a plain file", rel)
		}
		f, err := describe(path)
		f.Path = filepath.ToSlash(rel)
		files = append(files, f)
		return err
	})
	return files, err
}

func describe(path string) (File, error) {
	in, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return File{}, err
	}
	f := File{SHA256: hex.EncodeToString(h.Sum(nil)), Bytes: n}
	if strings.HasSuffix(path, ".parquet") {
		f.Rows, err = CountRows(path)
		if errors.Is(err, ErrParquet) {
			return f, nil
		}
	}
	return f, err
}
