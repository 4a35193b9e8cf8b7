package pipeline

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/fsnotify/fsnotify"

	"palermo/diag"
	"palermo/extract/intake"
)

// WatchOptions is how Watch works. Open and Tell are needed.
type WatchOptions struct {
	Open   func() (*Home, error) // the home, opened anew before each run, so that its settings and mappings are those of now
	Tell   func(WatchEvent)      // is told what happens, one thing at a time
	Run    Options               // of each run
	Settle time.Duration         // a file is taken when it has not changed for so long; that of the config where it is 0
	Poll   time.Duration         // how often the folder is looked at even where nothing was reported; likewise

	retry time.Duration // first pause after a run that failed; for tests
}

// What Watch tells.
const (
	WatchStarted = "started"
	WatchRan     = "run"     // a run ended; Summary says how
	WatchWaits   = "waits"   // another run is at work in the home
	WatchFailed  = "failed"  // a run could not finish; Err says why. It is tried again
	WatchStopped = "stopped" // as it was asked to
)

// WatchEvent is one thing that happened.
type WatchEvent struct {
	Event   string
	Summary *Summary
	Err     error
	Retry   time.Duration // when it is tried again
}

const (
	settle      = 5 * time.Second
	poll        = 10 * time.Second
	shortest    = 200 * time.Millisecond // between two looks, however much is reported
	maxWatched  = 4096                   // folders; what is below others is found by looking
	firstRetry  = 2 * time.Second
	longestWait = 5 * time.Minute
	daily       = 24 * time.Hour // deadlines and old receipts are looked at where nothing else happens
)

// watcher is the state of Watch.
type watcher struct {
	o       WatchOptions
	dir     string
	seen    map[string]*sighting // by path below the drop folder
	watched map[string]bool      // folders
	notify  *fsnotify.Watcher    // nil where the system reports no changes
	wake    chan struct{}
	asked   stamps    // the files that others may change, after the last run
	failed  int       // runs in a row that did not finish
	told    bool      // that another run is at work
	ran     time.Time // when the last run ended
}

// sighting is one file as it was last seen.
type sighting struct {
	mark  intake.Mark
	since time.Time // when it was first seen so
	tried bool      // a run has left it
	held  int       // how often a run found it open to be written to: each time it is left for twice as long
	there bool      // it was there at the last look
}

// stamps is the length and age of files.
type stamps [3]struct {
	size int64
	time time.Time
}

// Watch runs the home in dir whenever a file in its drop folder has settled, or has its marker, or
// somebody decided something or changed the config; once at the beginning in any case, and once a day. A run that
// cannot finish is tried again, after a pause that grows; while another is at work, this one waits. It
// ends when ctx does, and then gives up the run in hand, which the next one finishes: what is
// published is whole. The error is of the home itself.
func Watch(ctx context.Context, dir string, o WatchOptions) error {
	h, err := o.Open()
	if err != nil {
		return err
	}
	w := &watcher{o: o, dir: h.Dir, seen: map[string]*sighting{}, watched: map[string]bool{}, wake: make(chan struct{}, 1)}
	w.o.Settle = cmp.Or(o.Settle, time.Duration(h.Config.Watch.SettleSeconds)*time.Second, settle)
	w.o.Poll = cmp.Or(o.Poll, time.Duration(h.Config.Watch.PollSeconds)*time.Second, poll)
	w.o.retry = cmp.Or(o.retry, firstRetry)
	if w.notify, err = fsnotify.NewWatcher(); err == nil {
		defer w.notify.Close()
		go w.listen()
	} else {
		w.notify = nil
	}
	o.Tell(WatchEvent{Event: WatchStarted})
	defer o.Tell(WatchEvent{Event: WatchStopped})
	for first := true; ctx.Err() == nil; first = false {
		pause := w.turn(ctx, first)
		if ctx.Err() != nil {
			break
		}
		w.sleep(ctx, pause)
	}
	return nil
}

// listen wakes the watcher when something changes.
func (w *watcher) listen() {
	for {
		select {
		case _, ok := <-w.notify.Events:
			if !ok {
				return
			}
		case _, ok := <-w.notify.Errors: // as when more was reported than can be kept
			if !ok {
				return
			}
		}
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// sleep waits for the pause to end, or, after the shortest, for something to change.
func (w *watcher) sleep(ctx context.Context, pause time.Duration) {
	least := min(shortest, pause)
	select {
	case <-ctx.Done():
		return
	case <-time.After(least):
	}
	wake := w.wake
	if w.failed > 0 || w.told { // a file more makes neither end sooner
		wake = nil
	}
	for end := time.Now().Add(pause - least); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			return
		case <-time.After(min(time.Until(end), w.o.Poll)):
		}
		if w.failed > 0 && w.stamps() != w.asked { // somebody may have mended what was wrong
			return
		}
	}
}

// turn looks once, runs the home where there is a reason to, and says when to look again.
func (w *watcher) turn(ctx context.Context, first bool) time.Duration {
	settled, next := w.look(ctx, time.Now())
	if len(settled) == 0 && !first && w.failed == 0 && !w.told && w.stamps() == w.asked && time.Since(w.ran) < daily {
		return min(next, w.o.Poll)
	}
	s, err := w.run(ctx, settled)
	var locked *LockedError
	switch {
	case ctx.Err() != nil:
		return 0
	case errors.As(err, &locked):
		if !w.told {
			w.o.Tell(WatchEvent{Event: WatchWaits, Err: err, Retry: w.o.retry})
		}
		w.told = true
		return w.o.retry
	case err != nil:
		w.told = false
		pause := min(w.o.retry<<min(w.failed, 16), longestWait)
		w.failed++
		w.asked = w.stamps()
		w.o.Tell(WatchEvent{Event: WatchFailed, Err: err, Retry: pause})
		return pause
	}
	w.failed, w.told, w.asked, w.ran = 0, false, w.stamps(), time.Now()
	w.left(s, settled)
	w.o.Tell(WatchEvent{Event: WatchRan, Summary: s})
	debug.FreeOSMemory() // a watcher does nothing most of the time, and should hold nothing then
	return 0
}

// look goes through the drop folder. It gives the files that can be taken now, and how long it is
// until the next may be.
func (w *watcher) look(ctx context.Context, now time.Time) (settled map[string]intake.Mark, next time.Duration) {
	next = w.o.Poll
	files, folders, err := intake.List(ctx, filepath.Join(w.dir, dropDir))
	if err != nil { // a share that is away for a while
		return nil, next
	}
	w.follow(folders)
	for _, s := range w.seen {
		s.there = false
	}
	settled = map[string]intake.Mark{}
	for _, f := range files {
		s := w.seen[f.Path]
		if s == nil || s.mark != f.Mark {
			s = &sighting{mark: f.Mark, since: now}
			w.seen[f.Path] = s
		}
		s.there = true
		age, long := now.Sub(s.since), min(w.o.Settle<<min(s.held, 16), max(longestWait, w.o.Settle))
		switch {
		case s.tried:
		case age >= long, f.Ready && s.held == 0:
			settled[f.Path] = f.Mark
		default:
			next = min(next, long-age)
		}
	}
	for path, s := range w.seen {
		if !s.there {
			delete(w.seen, path)
		}
	}
	return settled, next
}

// follow asks the system to report changes of the folders.
func (w *watcher) follow(folders []string) {
	if w.notify == nil {
		return
	}
	there := make(map[string]bool, len(folders))
	for _, f := range folders {
		there[f] = true
		if !w.watched[f] && len(w.watched) < maxWatched && w.notify.Add(filepath.Join(w.dir, dropDir, filepath.FromSlash(f))) == nil {
			w.watched[f] = true
		}
	}
	for f := range w.watched {
		if !there[f] {
			_ = w.notify.Remove(filepath.Join(w.dir, dropDir, filepath.FromSlash(f))) // it may be gone
			delete(w.watched, f)
		}
	}
}

// run runs the home, and takes only what has settled.
func (w *watcher) run(ctx context.Context, settled map[string]intake.Mark) (*Summary, error) {
	h, err := w.o.Open()
	if err != nil {
		return nil, err
	}
	o := w.o.Run
	o.Wants = func(path string, m intake.Mark) bool {
		mark, ok := settled[path]
		return ok && mark == m
	}
	return h.Run(ctx, o)
}

// left remembers the files that the run did not take: they are not tried again until they change. One
// that changed, or that a program had open to write to, has to settle again.
func (w *watcher) left(s *Summary, settled map[string]intake.Mark) {
	changing := map[string]bool{}
	for _, d := range s.Waiting {
		if d.Code == diag.FileChanging {
			changing[d.Pos.File] = true
		}
	}
	for path := range settled {
		if s := w.seen[path]; s != nil && changing[intake.Showable(path)] {
			s.since = time.Now()
			s.held++
		} else if s != nil {
			s.tried = true
		}
	}
}

// stamps is the length and age of the files in which people say what is to be done.
func (w *watcher) stamps() (out stamps) {
	for i, f := range []string{filepath.Join(stateDir, "ledger.jsonl"), filepath.Join(stateDir, "reviews", "decisions.jsonl"), "palermo.yaml"} {
		if fi, err := os.Stat(filepath.Join(w.dir, f)); err == nil {
			out[i].size, out[i].time = fi.Size(), fi.ModTime()
		}
	}
	return out
}
