package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"palermo/pipeline"
)

// lineEvery is how often plain progress prints a line.
const lineEvery = 5 * time.Second

// shown is progress that can be put away.
type shown interface {
	pipeline.Progress
	stop() // takes what is shown off the screen; nothing may be shown after it
}

// progress is how far a run is, as standard error can show it.
func (a *app) progress() shown {
	switch {
	case a.quiet || a.noProgress:
		return noProgress{}
	case a.stderrTerminal:
		return newBars(a.stderr)
	}
	return &lines{w: a.stderr, now: a.now, last: a.now()}
}

type noProgress struct{}

func (noProgress) Start(string, int) {}
func (noProgress) Done(string)       {}
func (noProgress) stop()             {}

// bars is one bar a step, gone when the step is done.
type bars struct {
	mu    sync.Mutex
	p     *mpb.Progress
	steps map[string]*mpb.Bar
}

func newBars(w io.Writer) *bars {
	return &bars{p: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithWidth(48)), steps: map[string]*mpb.Bar{}}
}

func (b *bars) Start(step string, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.steps[step]; old != nil {
		old.Abort(true)
	}
	b.steps[step] = b.p.AddBar(int64(total), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(step, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.CountersNoUnit("%d of %d", decor.WCSyncSpace), decor.Elapsed(decor.ET_STYLE_GO, decor.WCSyncSpace)))
}

func (b *bars) Done(step string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bar := b.steps[step]; bar != nil {
		bar.Increment()
	}
}

func (b *bars) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, bar := range b.steps {
		bar.Abort(true)
	}
	b.p.Wait()
}

// lines is plain progress: a line now and then, so that a run of seconds prints none.
type lines struct {
	w    io.Writer
	now  func() time.Time
	mu   sync.Mutex
	last time.Time
	step string
	done int
	of   int
}

func (l *lines) Start(step string, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.step, l.done, l.of = step, 0, total
	l.print()
}

func (l *lines) Done(step string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if step == l.step {
		l.done++
		l.print()
	}
}

func (l *lines) print() {
	if t := l.now(); t.Sub(l.last) >= lineEvery {
		l.last = t
		fmt.Fprintf(l.w, "%s: %d of %d\n", l.step, l.done, l.of)
	}
}

func (*lines) stop() {}
