package main

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	var b bytes.Buffer
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := &lines{w: &b, now: func() time.Time { return now }, last: now}
	l.Start("reading files", 3)
	l.Done("reading files")
	now = now.Add(lineEvery)
	l.Done("reading files")
	l.Done("another step")
	now = now.Add(lineEvery)
	l.Start("writing tables", 2)
	l.Done("writing tables")
	l.stop()
	if diff := cmp.Diff("reading files: 2 of 3\nwriting tables: 0 of 2\n", b.String()); diff != "" {
		t.Error(diff)
	}
}

// Bars are used by several goroutines, and a run may end in the middle of a step.
func TestBars(t *testing.T) {
	var b bytes.Buffer
	p := newBars(&b)
	p.Start("reading files", 20)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { p.Done("reading files") })
	}
	wg.Wait()
	p.Start("writing tables", 3)
	p.Done("writing tables")
	p.Done("no such step")
	ended := make(chan struct{})
	go func() { p.stop(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the bars do not end")
	}
}

func TestProgress(t *testing.T) {
	tests := []struct {
		name string
		app  app
		want shown
	}{
		{"terminal", app{stderrTerminal: true}, &bars{}},
		{"elsewhere", app{}, &lines{}},
		{"quiet", app{stderrTerminal: true, quiet: true}, noProgress{}},
		{"--no-progress", app{noProgress: true}, noProgress{}},
	}
	for _, tt := range tests {
		tt.app.stderr, tt.app.now = &bytes.Buffer{}, time.Now
		p := tt.app.progress()
		if got, want := typeName(p), typeName(tt.want); got != want {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
		p.stop()
	}
}
