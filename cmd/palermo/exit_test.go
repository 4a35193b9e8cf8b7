package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/pipeline"
)

func TestClassify(t *testing.T) {
	finding := diag.Diagnostic{Code: diag.MappingCodes, Severity: diag.Error, Pos: diag.Pos{File: "m.yaml", Row: 3}, Message: "no codes"}
	tests := []struct {
		name string
		err  error
		code string
		exit int
	}{
		{"anything else", errors.New("no"), "failed", 1},
		{"not found", fmt.Errorf("row 3: %w", pipeline.ErrNotFound), "not_found", 1},
		{"usage", usagef("no"), "usage", 2},
		{"mapping", fmt.Errorf("open: %w", &pipeline.ConfigError{Diagnostics: []diag.Diagnostic{finding}}), "mapping.unknown_codes", 2},
		{"a config error that names nothing", &pipeline.ConfigError{}, "config.syntax", 2},
		{"no home", fmt.Errorf("/x: %w", pipeline.ErrNoHome), "no_home", 2},
		{"missing key", &pipeline.EnvironmentError{Code: diag.HomeKeyMissing, Path: "vault/key"}, "home.key_missing", 3},
		{"full disk of a run", fmt.Errorf("publish: %w", &pipeline.EnvironmentError{Code: diag.HomeDiskFull}), "home.disk_full", 3},
		{"full disk elsewhere", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "environment", 3},
		{"read-only", &fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, "environment", 3},
		{"permission", &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "environment", 3},
		{"locked", &pipeline.LockedError{PID: 3}, "home.locked", 11},
		{"a gate", fmt.Errorf("publish: %w", &pipeline.GateError{Results: []pipeline.CheckResult{{Check: "source_rows"}}}), "gate_refused", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := classify(t.Context(), tt.err)
			if got.Code != tt.code || got.Exit != tt.exit || got.Message == "" {
				t.Errorf("classify(%v) = %s, %d, %q; want %s, %d", tt.err, got.Code, got.Exit, got.Message, tt.code, tt.exit)
			}
		})
	}
}

// What a signal interrupts is the signal's, whatever error it became on the way.
func TestClassifyInterrupted(t *testing.T) {
	for s, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&interrupted{s})
		if got := classify(ctx, errors.New("worker killed")); got.Exit != want || got.Code != codeInterrupted {
			t.Errorf("%v: exit %d, code %s; want %d, interrupted", s, got.Exit, got.Code, want)
		}
	}
}

func TestFailureIsSaidOnce(t *testing.T) {
	tests := []struct {
		name string
		f    failure
		want string
	}{
		{"an error", failure{Message: "no such thing"}, "palermo: no such thing\n"},
		{"with a hint", failure{Message: "no", hint: "try"}, "palermo: no\nhint: try\n"},
		{"a finding without a place", classify(t.Context(), pipeline.ConfigFinding("no")), "no [config.syntax]\npalermo: nothing was done\nhint: See docs/config.md.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			tt.f.write(&printer{w: &b})
			if diff := cmp.Diff(tt.want, b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A full disk behind standard output is an error like any other.
func TestResultCannotBeWritten(t *testing.T) {
	var said bytes.Buffer
	a := testApp(fullDisk{}, &said)
	if got := a.execute(t.Context(), []string{"version"}); got != exitEnvironment {
		t.Errorf("exit %d, want %d", got, exitEnvironment)
	}
	if n := strings.Count(said.String(), "no space left"); n != 1 {
		t.Errorf("said %d times: %s", n, said.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
