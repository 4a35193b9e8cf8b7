package extract_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/extract"
)

func TestArchive(t *testing.T) {
	book := string(inflated(t, workbook(t, false), nil, asIs))
	sheet := string(odsSheet(t, `<table:table-row><table:table-cell><text:p>cell</text:p></table:table-cell></table:table-row>`))
	b := zipped(t, "2021/a.csv", "a,b\n1,2\n", "b.xlsx", book, "__MACOSX/._a.csv", "junk", "Thumbs.db", "junk", ".DS_Store", "junk", "~$b.xlsx", "junk",
		"c.ods", sheet, "2021/", "", "read me.pdf", "%PDF-1.4", "nothing.csv", "", "latin.txt", "x;y\n\xe9t\xe9;2\n")
	path, tmp := filepath.Join(t.TempDir(), "f"), t.TempDir()
	write(t, path, b)
	f, err := extract.Open(path, extract.Options{Name: "f", TmpDir: tmp})
	must(t, err)
	defer f.Close()
	var got []string
	for range 2 {
		got = got[:0]
		for _, s := range f.Sheets() {
			got = append(got, fmt.Sprintf("%d %s (%s, %q)", s.No, s.Name, s.Member, s.Title()))
			for r, err := range s.Rows(context.Background()) {
				must(t, err)
				got = append(got, fmt.Sprintf("%d: %.20s", r.Num, strings.Join(r.Cells, "|")))
			}
		}
	}
	want := []string{`1 2021/a.csv (2021/a.csv, "")`, "1: a|b", "2: 1|2", `2 b.xlsx/Sheet1 (b.xlsx, "Sheet1")`, "1: 2023-03-15|2023-03-1",
		`3 c.ods/s (c.ods, "s")`, "1: cell", `4 latin.txt (latin.txt, "")`, "1: x|y", "2: été|2"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sheets and rows (-want +got):\n%s", d)
	}
	var notes []string
	for _, d := range f.Notes() {
		notes = append(notes, d.String())
	}
	want = []string{"f[latin.txt]: read as windows-1252, found from its bytes [file.encoding_used]",
		"f[nothing.csv]: the file has no text; the other files of the archive are read [file.member]",
		"f[read me.pdf]: this is a PDF document; the other files of the archive are read [file.member]"}
	if d := cmp.Diff(want, notes); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	if left, _ := os.ReadDir(tmp); f.Format() != "zip" || len(left) != 0 {
		t.Errorf("format %s, %d temporary files", f.Format(), len(left))
	}
}

// TestArchiveInterleaved: two members can be read by turns.
func TestArchiveInterleaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, zipped(t, "a.csv", "a\n1\n2\n", "b.csv", "b\n3\n4\n"))
	f, err := extract.Open(path, extract.Options{TmpDir: t.TempDir()})
	must(t, err)
	defer f.Close()
	var got []string
	nextA, stopA := pull(f.Sheets()[0])
	nextB, stopB := pull(f.Sheets()[1])
	defer stopA()
	defer stopB()
	for range 3 {
		got = append(got, nextA(), nextB())
	}
	if d := cmp.Diff([]string{"a", "b", "1", "3", "2", "4"}, got); d != "" {
		t.Errorf("cells by turns (-want +got):\n%s", d)
	}
}

func pull(s extract.Sheet) (func() string, func()) {
	next, stop := iter.Pull2(s.Rows(context.Background()))
	return func() string {
		r, err, ok := next()
		if err != nil || !ok {
			return fmt.Sprint(err, ok)
		}
		return strings.Clone(r.Cells[0])
	}, stop
}

func TestArchiveFaults(t *testing.T) {
	link := func() []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: "link.csv"}
		h.SetMode(fs.ModeSymlink | 0o777)
		w, err := z.CreateHeader(h)
		must(t, err)
		_, err = io.WriteString(w, "/etc/passwd")
		must(t, err)
		must(t, z.Close())
		return b.Bytes()
	}
	many := []string{}
	for i := range 201 {
		many = append(many, fmt.Sprintf("%d.csv", i), "a,b\n")
	}
	good := zipped(t, "a.csv", "a,b\n1,2\n")
	locked := bytes.Clone(good)
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"an archive within", "file.format f[b.zip]", zipped(t, "a.csv", "a,b\n1,2\n", "b.zip", string(good))},
		{"nothing", "file.empty f", zipped(t)},
		{"only junk", "file.empty f", zipped(t, "__MACOSX/._a.csv", "x", "folder/", "")},
		{"nothing that is read", "file.format f", zipped(t, "a.pdf", "%PDF-1.4", "b.csv", "")},
		{"a name that leads out", "file.part_unsafe f", zipped(t, "../a.csv", "a,b\n")},
		{"a name from the root", "file.part_unsafe f", zipped(t, "/etc/a.csv", "a,b\n")},
		{"a name that leads out, as Windows has it", "file.part_unsafe f", zipped(t, `..\a.csv`, "a,b\n")},
		{"a drive", "file.part_unsafe f", zipped(t, `C:\a.csv`, "a,b\n")},
		{"a long name", "file.part_unsafe f", zipped(t, strings.Repeat("n", 300)+".csv", "a,b\n")},
		{"a link", "file.part_unsafe f", link()},
		{"one name twice", "file.part_repeated f", zipped(t, "a.csv", "a,b\n", "A.csv", "a,b\n")},
		{"names that look alike", "file.part_repeated f", zipped(t, "a\u200b.csv", "a,b\n", "a\u200c.csv", "a,b\n")},
		{"many files", "file.too_large f", zipped(t, many...)},
		{"a password", "file.password f", locked},
		{"a damaged member", "file.damaged f[b.xlsx]", zipped(t, "a.csv", "a,b\n", "b.xlsx", "PK\x03\x04 and no more")},
		{"a member that is no text", "file.encoding f[b.csv]!1", zipped(t, "a.csv", "a,b\n", "b.csv", "x\x00y,z\n")},
		{"a bomb", "file.bomb f", zipped(t, "a.csv", strings.Repeat("0", 20<<20))},
		{"many small bombs", "file.bomb f", zipped(t, "a.csv", strings.Repeat("0", 9<<20), "b.csv", strings.Repeat("0", 9<<20))},
	} {
		_, _, err := readAll(t, c.b, extract.Options{Name: "f"})
		if code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
