package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
)

// testApp is the tool in this process, without a terminal and with an empty environment.
func testApp(stdout, stderr io.Writer) *app {
	return &app{stdout: stdout, stderr: stderr, env: func(string) string { return "" }, now: time.Now}
}

func with(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestUnicode(t *testing.T) {
	tests := []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "en_GB.UTF-8"}, true},
		{map[string]string{"LANG": "de_DE.utf8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.UTF-8"}, true},
	}
	for _, tt := range tests {
		if got := (&app{env: with(tt.env)}).unicode(); got != tt.want {
			t.Errorf("%v: unicode %t, want %t", tt.env, got, tt.want)
		}
	}
}

func TestColor(t *testing.T) {
	tests := []struct {
		name     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"terminal", true, nil, true},
		{"file", false, nil, false},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, false},
		{"dumb terminal", true, map[string]string{"TERM": "dumb"}, false},
	}
	for _, tt := range tests {
		a := &app{env: with(tt.env), stdoutTerminal: tt.terminal}
		if got := a.printer(&bytes.Buffer{}).color; got != tt.want {
			t.Errorf("%s: color %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestLogger(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	tests := []struct {
		name           string
		app            app
		stderr, inFile bool
	}{
		{"terminal", app{stderrTerminal: true}, false, false},
		{"elsewhere", app{}, true, false},
		{"quiet", app{quiet: true}, false, false},
		{"asked for on a terminal", app{stderrTerminal: true, logFile: "-"}, true, false},
		{"file", app{logFile: file}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			tt.app.stderr = &b
			log, done, err := tt.app.logger()
			if err != nil {
				t.Fatal(err)
			}
			log.Info("said", zap.Int("n", 1))
			log.Debug("kept")
			done()
			if got := bytes.Count(b.Bytes(), []byte("\n")); (got == 1) != tt.stderr || got > 1 {
				t.Errorf("%d lines on standard error: %s", got, b.String())
			}
			if got, err := os.ReadFile(file); (err == nil) != tt.inFile {
				t.Errorf("the file has %q", got)
			}
		})
	}
}
