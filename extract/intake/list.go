package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// readySuffix ends the name of a marker: a small file "cases.xlsx.ready" beside "cases.xlsx" says that
// its sender has written the whole of it.
const readySuffix = ".ready"

// markerBytes is how long a marker may be; what is longer is a file like any other.
const markerBytes = 1 << 10

// Listed is one file that lies in the drop folder, and could be claimed.
type Listed struct {
	Path  string // below the drop folder
	Mark  Mark
	Ready bool // a marker says that it is whole
}

// List goes through the drop folder as Claim does, and opens no file. It also names the folders that
// it went through, below the drop folder, with "" for that itself.
func List(ctx context.Context, drop string) (files []Listed, folders []string, err error) {
	root, err := os.OpenRoot(drop)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("intake: %w", err)
	}
	defer root.Close()
	w := &walk{ctx: ctx, listed: func(l Listed) { files = append(files, l) }, through: func(rel string) { folders = append(folders, rel) }}
	if err := w.folder(root, ""); err != nil {
		return nil, nil, fmt.Errorf("intake: %w", err)
	}
	return files, folders, nil
}

// isMarker reports whether the file is the marker of another, or waits for one: there is what else
// the folder has.
func isMarker(dir *os.Root, name string, there map[string]bool) bool {
	file, ok := strings.CutSuffix(name, readySuffix)
	if !ok || file == "" {
		return false
	}
	info, err := dir.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	return info.Size() == 0 || there[file] && info.Size() <= markerBytes
}

// Showable is a name without what must not reach a terminal, a log or a table: bytes that are no
// UTF-8, control characters, and marks that turn the direction of writing.
func Showable(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(name, string(unicode.ReplacementChar)))
}
