package extract_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"palermo/diag"
	"palermo/extract"
	"palermo/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(map[string]sandbox.Role{extract.Role: serveOrNot})
	os.Exit(m.Run())
}

// apart opens the file in a worker, as extract.Open does in this process.
func apart(path string, o extract.Options) (*extract.File, error) {
	return apartWithin(path, o, extract.Limits{})
}

func apartWithin(path string, o extract.Options, l extract.Limits) (*extract.File, error) {
	h, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return extract.OpenApart(context.Background(), h, o, l)
}

// serveOrNot is the role of the workers in these tests: as it should be, unless the file says that
// the worker has been taken over, and what by.
func serveOrNot(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := sandbox.Received(0)
	if err != nil {
		return err
	}
	head := make([]byte, 64)
	n, _ := f.ReadAt(head, 0)
	word, isEvil := strings.CutPrefix(string(head[:n]), "evil ")
	if !isEvil {
		return extract.Serve(ctx, in, out)
	}
	name, _, _ := strings.Cut(word, "\n")
	if name == "own words" {
		return errors.New("Maria Example")
	}
	evil[name](out)
	return nil
}

func frame(kind byte, payload string) string {
	return string(kind) + string(binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))) + payload
}

// rowsFrame is a block with this shape and text.
func rowsFrame(rows int, shape []uint64, text string) string {
	var b []byte
	for _, v := range shape {
		b = binary.AppendUvarint(b, v)
	}
	head := binary.AppendUvarint(nil, uint64(rows))
	head = binary.AppendUvarint(head, uint64(len(b)))
	return frame('R', string(head)+string(b)+text)
}

const goodFile = `{"format":"csv","sheets":[{"Name":"","No":1}]}`

// opensThen says that the file is open, and then the rest.
func opensThen(rest string) func(io.Writer) {
	return func(w io.Writer) { io.WriteString(w, frame('O', goodFile)+rest) }
}

func says(text string) func(io.Writer) { return func(w io.Writer) { io.WriteString(w, text) } }

func foundFrame(d diag.Diagnostic) string {
	b, _ := json.Marshal(d)
	return frame('F', string(b))
}

// evil is what a worker does that has been taken over, or has gone wrong, by name.
var evil = map[string]func(io.Writer){
	"own words":       nil,
	"nothing":         func(io.Writer) {},
	"text":            says("Maria Example\n"),
	"long frame":      says("O\xff\xff\xff\xff"),
	"cut frame":       says("O\x10\x00\x00\x00{"),
	"no JSON":         says(frame('O', "{")),
	"no sheets":       says(frame('O', `{"format":"csv"}`)),
	"many sheets":     func(w io.Writer) { io.WriteString(w, frame('O', manySheets(20_000))) },
	"sheets astray":   says(frame('O', `{"format":"csv","sheets":[{"No":2},{"No":1}]}`)),
	"odd format":      says(frame('O', `{"format":"<b>","sheets":[{"No":1}]}`)),
	"first an end":    says(frame('E', goodFile)),
	"unknown kind":    opensThen(frame('?', "")),
	"opened again":    opensThen(frame('O', goodFile)),
	"empty block":     opensThen(rowsFrame(0, nil, "")),
	"row 0":           opensThen(rowsFrame(1, []uint64{0, 1, 1}, "a")),
	"far row":         opensThen(rowsFrame(1, []uint64{1 << 50, 1, 1}, "a")),
	"many cells":      opensThen(rowsFrame(1, []uint64{1, 1 << 40, 1}, "a")),
	"long cell":       opensThen(rowsFrame(1, []uint64{1, 1, 1 << 40}, "a")),
	"cell too few":    opensThen(rowsFrame(1, []uint64{1, 2, 1}, "a")),
	"text too much":   opensThen(rowsFrame(1, []uint64{1, 1, 1}, "ab")),
	"shape too much":  opensThen(rowsFrame(1, []uint64{1, 1, 1, 1}, "a")),
	"rows too many":   opensThen(rowsFrame(1<<30, []uint64{1, 1, 1}, "a")),
	"no UTF-8":        opensThen(rowsFrame(1, []uint64{1, 1, 1}, "\xff")),
	"cut letter":      opensThen(rowsFrame(1, []uint64{1, 2, 1, 1}, "é")),
	"never ends":      endless,
	"ends early":      opensThen(rowsFrame(1, []uint64{1, 1, 1}, "a")),
	"unknown finding": opensThen(foundFrame(diag.Diagnostic{Code: "home.key_missing", Message: "x"})),
	"withdrawn":       opensThen(foundFrame(diag.Diagnostic{Code: diag.FileWithdrawn, Message: "x"})),
	"long finding":    opensThen(foundFrame(diag.Diagnostic{Code: diag.FileDamaged, Message: strings.Repeat("x", 1000)})),
	"control finding": opensThen(foundFrame(diag.Diagnostic{Code: diag.FileDamaged, Message: "\x1b[2J"})),
	"far finding":     opensThen(foundFrame(diag.Diagnostic{Code: diag.FileDamaged, Pos: diag.Pos{Sheet: "other"}})),

	"panic":     func(w io.Writer) { opensThen("")(w); panic("Maria Example") },
	"kill":      func(w io.Writer) { opensThen("")(w); killSelf() },
	"exit":      func(w io.Writer) { opensThen("")(w); os.Exit(3) },
	"silent":    func(w io.Writer) { opensThen("")(w); time.Sleep(time.Hour) },
	"spin":      func(io.Writer) { spin() },
	"memory":    func(w io.Writer) { opensThen("")(w); hog() },
	"big files": func(io.Writer) { _ = bigFile() },
}

func manySheets(n int) string {
	return `{"format":"csv","sheets":[{"No":1}` + strings.Repeat(`,{"No":2}`, n) + `]}`
}

// endless sends rows for ever.
func endless(w io.Writer) {
	opensThen("")(w)
	b := []byte(rowsFrame(1, []uint64{1, 1, 1 << 20}, strings.Repeat("x", 1<<20)))
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func spin() {
	for i := 0; i >= 0; i++ {
		i &= 1
	}
}

func hog() {
	var kept [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
		runtime.KeepAlive(kept)
	}
}

func bigFile() error {
	f, err := os.CreateTemp("", "big")
	if err != nil {
		return err
	}
	for {
		if _, err := f.Write(make([]byte, 1<<20)); err != nil {
			os.Exit(4)
		}
	}
}

// rowsOf reads the first sheet to its end or fault.
func rowsOf(f *extract.File) (n int, err error) {
	for _, err := range f.Sheets()[0].Rows(context.Background()) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// TestEvilWorkers: whatever a worker sends or does, the parent goes on, says so of the file in a
// plain sentence without a word of what it held, and leaves nothing behind.
func TestEvilWorkers(t *testing.T) {
	for name := range evil {
		if raced && name == "memory" {
			continue // no limit is set there
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			path := filepath.Join(t.TempDir(), "f")
			write(t, path, []byte("evil "+name+"\n"))
			f, err := apartWithin(path, extract.Options{Name: "a.csv", TmpDir: tmp, MaxUnzipBytes: 1 << 20}, extract.Limits{MemoryMiB: 256, Silence: 3 * time.Second})
			if err == nil {
				_, err = rowsOf(f)
				if _, again := rowsOf(f); again == nil {
					t.Error("it can be read again after it failed")
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}
			var e *extract.Error
			if !errors.As(err, &e) || e.Diagnostic.Code != diag.FileStopped || e.Diagnostic.Pos != (diag.Pos{File: "a.csv"}) {
				t.Fatalf("error = %v, want %s", err, diag.FileStopped)
			}
			if text := e.Diagnostic.String() + err.Error(); strings.Contains(text, "Maria") || strings.ContainsRune(text, '\x1b') {
				t.Errorf("the error shows what the worker sent: %q", text)
			}
			if left, _ := os.ReadDir(tmp); len(left) > 0 {
				t.Errorf("%d temporary files left", len(left))
			}
		})
	}
}

// TestHowWorkersDie: the sentence says how.
func TestHowWorkersDie(t *testing.T) {
	for name, want := range map[string]string{
		"memory": "reading it takes more memory than a file may use",
		"silent": "its reader said nothing for 1s",
		"panic":  "its reader broke off",
		"kill":   "its reader was killed",
		"text":   "what its reader sent was not rows: the file may have been made to break it",
	} {
		if raced && name == "memory" {
			continue
		}
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, []byte("evil "+name+"\n"))
		f, err := apartWithin(path, extract.Options{}, extract.Limits{MemoryMiB: 256, Silence: time.Second})
		if err == nil {
			_, err = rowsOf(f)
			f.Close()
		}
		var e *extract.Error
		if !errors.As(err, &e) || e.Diagnostic.Message != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestApartIsAsOpen: what a worker reads of a file is what this process reads of it: rows, places,
// notes and faults.
func TestApartIsAsOpen(t *testing.T) {
	files := map[string][]byte{
		"plain":      []byte("a,b\n1,2\n\n3,\n,,\n\"x\ny\",z\n"),
		"1252":       []byte("a;b\n\xe9t\xe9;2\n"),
		"utf-16":     append([]byte("\xff\xfe"), utf16Of("a,b\r\né,2\r\n", false)...),
		"long":       bytes.Repeat([]byte("word,été,,42\n"), 5000),
		"wide rows":  bytes.Repeat([]byte(strings.Repeat("cell,", 3000)+"\n"), 100),
		"stray":      []byte("a,b\n1,\"x\" y\nz\n" + strings.Repeat("1,2\n", 100)),
		"late fault": []byte(strings.Repeat("1,2\n", 3000) + "\"open"),
		"long cell":  []byte("a\n" + strings.Repeat("x", 2<<20)),
		"empty":      nil,
		"pdf":        []byte("%PDF-1.4"),
		"zip":        []byte("PK\x03\x04junk"),
		"nul":        []byte("a,b\n1\x00,2\n"),
	}
	for name, b := range files {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, b)
		o := extract.Options{Name: name + ".csv", TmpDir: t.TempDir()}
		want, wantErr := extract.Open(path, o)
		got, gotErr := apart(path, o)
		if diff := cmp.Diff(finding(wantErr), finding(gotErr)); diff != "" {
			t.Errorf("%s: open (-here +apart):\n%s", name, diff)
		}
		if wantErr != nil || gotErr != nil {
			continue
		}
		if diff := cmp.Diff(allOf(want), allOf(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-here +apart):\n%s", name, diff)
		}
		if diff := cmp.Diff(allOf(got), allOf(got), cmpopts.EquateEmpty()); diff != "" && wantErr == nil {
			t.Errorf("%s: a second pass is not as the first:\n%s", name, diff)
		}
		if err := errors.Join(want.Close(), got.Close()); err != nil {
			t.Error(err)
		}
	}
}

// finding is what a file's fault says; another error as it is.
func finding(err error) string {
	var e *extract.Error
	if errors.As(err, &e) {
		return e.Diagnostic.String()
	}
	return fmt.Sprint(err)
}

// allOf is everything that a file says, until its fault.
func allOf(f *extract.File) []string {
	out := []string{f.Format()}
	for _, s := range f.Sheets() {
		out = append(out, fmt.Sprint(s.No, s.Name, s.Hidden))
		for r, err := range s.Rows(context.Background()) {
			if err != nil {
				out = append(out, finding(err))
				break
			}
			out = append(out, fmt.Sprintf("%d %q", r.Num, r.Cells))
		}
	}
	for _, d := range f.Notes() {
		out = append(out, d.String())
	}
	return out
}

// TestApartStopsEarly: a pass that is broken off leaves the file ready for the next.
func TestApartStopsEarly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, bytes.Repeat([]byte("some words,in a row,42\n"), 200_000))
	f, err := apart(path, extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, most := range []int{1, 31, 32, 33, 5000, 0} {
		n := 0
		for r, err := range f.Sheets()[0].Rows(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; r.Num != n || len(r.Cells) != 3 || n == most {
				break
			}
		}
		if want := max(most, 1); n != want && most != 0 || most == 0 && n != 200_000 {
			t.Errorf("%d rows, want %d", n, most)
		}
	}
	for range f.Sheets()[0].Rows(context.Background()) {
		for _, err := range f.Sheets()[0].Rows(context.Background()) {
			if err == nil {
				t.Error("two passes at once")
			}
		}
		break
	}
}

// TestApartIsCancelled: the worker ends with the context.
func TestApartIsCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, []byte("evil silent\n"))
	h, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f, err := extract.OpenApart(ctx, h, extract.Options{}, extract.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := rowsOf(f); !errors.Is(err, context.Canceled) {
		t.Errorf("rows: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkOpenApart(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	if err := os.WriteFile(path, []byte("a,b\n1,2\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := apart(path, extract.Options{})
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
