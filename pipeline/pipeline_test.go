package pipeline_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"palermo/extract"
	"palermo/pipeline"
	"palermo/sandbox"
)

func TestMain(m *testing.M) {
	roles := pipeline.Roles()
	roles[roleRun] = sandbox.Func(runRole)
	roles[extract.Role] = serveOrNot
	sandbox.Main(roles)
	os.Exit(withKey(m.Run))
}

// withKey runs the tests with testKey as the key of every home.
func withKey(tests func() int) int {
	dir, err := os.MkdirTemp("", "palermo-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	key := filepath.Join(dir, "key")
	if err := errors.Join(os.WriteFile(key, []byte(testKey), 0o600), os.Setenv("PALERMO_KEY_FILE", key)); err != nil {
		panic(err)
	}
	return tests()
}

// sized is how much of something a test works on: less under the race detector.
func sized(full, few int) int {
	if raced {
		return few
	}
	return full
}

// testKey is the key of every home in these tests, so that ids are the same in each.
const testKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// racing are the tests of whole runs that are made under the race detector. The others have no
// goroutines that these lack, and would take most of an hour.
var racing = []string{"TestSameBytesOfCases", "TestExplainCases", "TestGrowingFile", "TestNothingNew", "TestReceiptsAtOnce"}

// wholeRun skips a test of whole runs under the race detector, unless it is one of racing.
func wholeRun(t *testing.T) {
	t.Helper()
	if test, _, _ := strings.Cut(t.Name(), "/"); raced && !slices.Contains(racing, test) {
		t.Skip("has the goroutines that the tests named in racing have")
	}
}

// newHome makes a home with the files in its drop folder: by "agency/name", with their content.
func newHome(t *testing.T, files map[string][]byte) string {
	t.Helper()
	wholeRun(t)
	home := filepath.Join(t.TempDir(), "home")
	if err := os.MkdirAll(filepath.Join(home, "drop"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		drop(t, home, name, b)
	}
	return home
}

func drop(t *testing.T, home, name string, b []byte) {
	t.Helper()
	write(t, filepath.Join(home, "drop", filepath.FromSlash(name)), b)
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs the home, at a clock that stands still. It leaves the receipts, which are a worker more for each file, and the report.
func run(t *testing.T, home string, o pipeline.Options) *pipeline.Summary {
	t.Helper()
	s, err := tryRun(home, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryRun(home string, o pipeline.Options) (*pipeline.Summary, error) {
	o.NoReceipts, o.NoReport = true, true
	return runWhole(home, o)
}

func runWhole(home string, o pipeline.Options) (*pipeline.Summary, error) {
	h, err := pipeline.OpenHome(home, "")
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	}
	return h.Run(context.Background(), o)
}

// parquetFiles is the digest of every Parquet file of the current snapshot that promise 3 is
// about, by path: all but the ledger.
func parquetFiles(t *testing.T, home string) map[string]string {
	t.Helper()
	root := filepath.Join(home, "current", "parquet")
	out := map[string]string{}
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, p)
		if err != nil || d.IsDir() || strings.HasPrefix(rel, "ledger") {
			return err
		}
		sum := sha256.Sum256(read(t, p))
		out[rel] = hex.EncodeToString(sum[:])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
