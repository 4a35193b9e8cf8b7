package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
	"golang.org/x/sys/unix"
)

// update writes what the tool prints into the scripts: read the difference line by line.
var update = flag.Bool("update", false, "write the expected outputs in testdata/script")

// TestScripts runs the tool as its users do: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(all) == 0 {
		t.Fatal("no scripts", err)
	}
	if raced {
		all = []string{"testdata/script/run.txtar", "testdata/script/signals.txtar", "testdata/script/watch.txtar", "testdata/script/link.txtar"}
	}
	if os.Getenv("PALERMO_LONG") == "" { // they are made by make test-long
		all = slices.DeleteFunc(all, func(f string) bool { return strings.HasPrefix(filepath.Base(f), "long_") })
	}
	testscript.Run(t, testscript.Params{
		Files:               all,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C")
			e.Setenv("GOMAXPROCS", "2")
			return nil
		},
		Cmds: withReceipts(map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"norm":      norm,
			"envelope":  checkEnvelope,
			"lock":      holdLock,
			"grow":      growFile,
			"bytes":     writeBytes,
			"interrupt": interrupt,
			"twice":     interruptTwice,
			"id":        findID,
			"verdict":   writeVerdict,
			"nothing":   noCases,
		}),
	})
}

// exits N PROGRAM ARG... runs a program that must exit with N.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d\n%s%s", strings.Join(args[1:], " "), got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// verdict FILE WORD writes a verdict into the first row of a review workbook.
func writeVerdict(ts *testscript.TestScript, _ bool, args []string) {
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	ts.Check(f.SetCellStr("Pairs", "B2", args[1]))
	ts.Check(f.Save())
}

// changing is what differs from run to run, and what it is written as.
var changing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{4}`), "RUN"},
	{regexp.MustCompile(`\bs[0-9a-f]{16}\b`), "SUBMISSION"},
	{regexp.MustCompile(`PAL-\d{4}-\d{6}`), "RECEIPT"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "DIGEST"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?Z?`), "TIME"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ms|s)\b`), "TOOK"},
	{regexp.MustCompile(`"seconds": ?[0-9.e-]+`), `"seconds": 0`},
	{regexp.MustCompile(`go1\.[0-9.]+`), "GO"},
	{regexp.MustCompile(`v\d+\.\d+\.\d+`), "VERSION"},
	{regexp.MustCompile(`DuckDB v?[0-9.]+`), "DUCKDB"},
	{regexp.MustCompile(`\d+ MiB free`), "N MiB free"},
	{regexp.MustCompile(`\(Landlock \d+\)`), "(Landlock N)"},
	{regexp.MustCompile(`(unodc_glotip/[a-z/_]+\.(yaml|csv)):\d+(:\d+)?`), "$1:LINE"}, // an edited mapping is no news here
}

func normal(ts *testscript.TestScript, s string) string {
	s = strings.ReplaceAll(s, ts.Getenv("WORK"), "$WORK")
	for _, c := range changing {
		s = c.what.ReplaceAllString(s, c.as)
	}
	return s
}

// norm FROM TO copies a file without what differs from run to run.
func norm(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(normal(ts, ts.ReadFile(args[0]))), 0o666))
}

// envelope TO checks that standard output is one envelope, and writes it with only the names of
// what its result holds.
func checkEnvelope(ts *testscript.TestScript, _ bool, args []string) {
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	dec.DisallowUnknownFields()
	var e struct {
		Command *string         `json:"command"`
		OK      *bool           `json:"ok"`
		Summary *string         `json:"summary"`
		Result  json.RawMessage `json:"result"`
		Error   json.RawMessage `json:"error"`
	}
	ts.Check(dec.Decode(&e))
	if dec.More() || e.Command == nil || e.OK == nil || e.Summary == nil || e.Result == nil || e.Error == nil {
		ts.Fatalf("not one whole envelope:\n%s", ts.ReadFile("stdout"))
	}
	var result map[string]any
	ts.Check(json.Unmarshal(e.Result, &result))
	var b bytes.Buffer
	fmt.Fprintf(&b, "command %s\nok %t\nsummary %s\nresult %s\nerror ", *e.Command, *e.OK, *e.Summary, strings.Join(slices.Sorted(maps.Keys(result)), " "))
	ts.Check(json.Compact(&b, e.Error))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(normal(ts, b.String())+"\n"), 0o666))
}

// lock HOME holds the home's lock until the script ends.
func holdLock(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.MkdirAll(filepath.Join(ts.MkAbs(args[0]), "state"), 0o700))
	f, err := os.OpenFile(filepath.Join(ts.MkAbs(args[0]), "state", "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	ts.Check(err)
	ts.Defer(func() { f.Close() })
	ts.Check(unix.Flock(int(f.Fd()), unix.LOCK_EX))
	_, err = f.WriteString(`{"pid":4711,"host":"night","since":"2026-01-02T03:04:05Z"}`)
	ts.Check(err)
}

// grow FILE writes to the end of a file, again and again, until the script ends.
func growFile(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_APPEND, 0)
	ts.Check(err)
	ts.Check(f.Truncate(64 << 20)) // so that the copy takes a while
	stop, stopped := make(chan struct{}), make(chan struct{})
	ts.Defer(func() { close(stop); <-stopped; f.Close() })
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				_, _ = f.WriteString("x")
			}
		}
	}()
}

// bytes FILE HEX writes a file that is no text.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	b, err := hex.DecodeString(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o666))
}

// interrupt SIGNAL HOME N ARG... runs palermo in the home, sends it the signal once it holds the
// lock, and checks that it exits with N.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	lock := filepath.Join(ts.MkAbs(args[1]), "state", "lock")
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	exe, err := exec.LookPath("palermo") // testscript puts it there
	ts.Check(err)
	cmd := exec.Command(exe, append(args[3:], "--home", args[1])...)
	if err := os.Truncate(lock, 0); err != nil && !errors.Is(err, os.ErrNotExist) { // an earlier run's
		ts.Check(err)
	}
	var said bytes.Buffer
	cmd.Dir, cmd.Stderr = ts.MkAbs("."), &said
	ts.Check(cmd.Start())
	for range 5000 {
		if fi, err := os.Stat(lock); err == nil && fi.Size() > 0 {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	signal := map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM}[args[0]]
	ts.Check(cmd.Process.Signal(signal))
	_ = cmd.Wait() // its status is looked at
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit status %d, want %d\n%s", got, want, said.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs("said"), said.Bytes(), 0o666))
}

// twice HOME N runs palermo in a home whose palermo.yaml is a pipe that never ends, so that the
// first signal cannot help, sends it two, and checks that it exits with N.
func interruptTwice(ts *testscript.TestScript, _ bool, args []string) {
	pipe := filepath.Join(ts.MkAbs(args[0]), "palermo.yaml")
	ts.Check(unix.Mkfifo(pipe, 0o600))
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	exe, err := exec.LookPath("palermo")
	ts.Check(err)
	var said bytes.Buffer
	cmd := exec.Command(exe, "run", "--home", args[0])
	cmd.Dir, cmd.Stderr = ts.MkAbs("."), &said
	ts.Check(cmd.Start())
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the reader
	ts.Check(err)
	defer w.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for sent := 0; ; sent++ {
		select {
		case <-ended:
			if got := cmd.ProcessState.ExitCode(); got != want || sent < 2 {
				ts.Fatalf("exit status %d after %d signals, want %d after two\n%s", got, sent, want, said.String())
			}
			ts.Check(os.WriteFile(ts.MkAbs("said"), said.Bytes(), 0o666))
			return
		case <-time.After(100 * time.Millisecond):
			_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended
		}
	}
}

// id HOME NAME sets the variable ID to the submission of that file name.
func findID(ts *testscript.TestScript, _ bool, args []string) {
	for l := range strings.Lines(ts.ReadFile(filepath.Join(args[0], "state", "ledger.jsonl"))) {
		var line struct {
			Submission struct{ ID, Name string }
		}
		ts.Check(json.Unmarshal([]byte(l), &line))
		if line.Submission.Name == args[1] {
			ts.Setenv("ID", line.Submission.ID)
			return
		}
	}
	ts.Fatalf("%s: received no %s", args[0], args[1])
}

// nothing FILE FROM TO answers on the first sheet of a template that there were no cases in the period.
func noCases(ts *testscript.TestScript, _ bool, args []string) {
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	first := f.GetSheetList()[0]
	for cell, text := range map[string]string{"B6": args[1], "B7": args[2], "B8": "так"} {
		ts.Check(f.SetCellStr(first, cell, text))
	}
	ts.Check(f.Save())
}
