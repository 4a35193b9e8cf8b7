package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"palermo/pipeline"
)

type watchFlags struct {
	settle, poll time.Duration
	threads      int
	logs         string
}

// keptLogs is how many logs of runs are kept.
const keptLogs = 200

func (a *app) watchCommand() *cobra.Command {
	var f watchFlags
	c := &cobra.Command{
		Use:   "watch",
		Short: "Watch the drop folder, and run whenever a file has settled",
		Long: `Watch the drop folder of the home, and run as palermo run does whenever there is something to do: a file has
not changed for five seconds, or a marker of its name and ".ready" says that it is whole; somebody
decided something, or changed palermo.yaml. A file that cannot be used never holds up the others. While
another run is at work in the home, this one waits; a run that cannot finish is tried again.

It ends at SIGTERM or SIGINT, with status 0. The run in hand is given up, what is published stays whole, and
the next run does the work. With --json it prints a line for each thing that happens. The log of each run is
kept in DIR/state/logs, the latest 200 of them.`,
		Example: `  palermo watch --home /srv/palermo
  palermo watch --home /srv/palermo --settle 30s --json`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("watch", func(ctx context.Context, _ []string) (*result, error) { return a.watch(ctx, f) })
	c.Flags().DurationVar(&f.settle, "settle", 0, "take a file when it has not changed for `TIME`; watch.settle_seconds, else 5s, by default")
	c.Flags().DurationVar(&f.poll, "poll", 0, "look at the folder each `TIME`, whatever the system reports; watch.poll_seconds, else 10s, by default")
	c.Flags().IntVar(&f.threads, "threads", 0, "work on `N` files at once; one a core by default")
	c.Flags().StringVar(&f.logs, "logs", "", "keep the log of each run in `DIR`; state/logs of the home by default")
	return c
}

func (a *app) watch(ctx context.Context, f watchFlags) (*result, error) {
	if f.settle < 0 || f.poll < 0 || f.threads < 0 {
		return nil, usagef("--settle, --poll and --threads are not below zero")
	}
	log, closeLog, err := a.logger()
	if err != nil {
		return nil, err
	}
	defer closeLog()
	w := &watching{app: a, log: log, logs: f.logs}
	err = pipeline.Watch(ctx, a.homeDir(), pipeline.WatchOptions{Settle: f.settle, Poll: f.poll, Tell: w.tell,
		Open: func() (*pipeline.Home, error) {
			h, err := a.openHome(a.homeDir())
			if err != nil {
				return nil, err
			}
			if w.home = h.Dir; f.threads > 0 {
				h.Config.Threads = f.threads
			}
			return h, nil
		},
		Run: pipeline.Options{Log: log, LogFor: w.logFor, Now: a.now, Version: buildVersion(), Exit: func(_ *pipeline.Summary, err error) int {
			if err != nil {
				return classify(ctx, err).Exit
			}
			return exitOK
		}}})
	if err != nil {
		return nil, err
	}
	return &result{ok: true, told: true}, nil
}

// watching is a watch at work: it prints what happens, as it happens.
type watching struct {
	*app
	log  *zap.Logger
	logs string // the folder of the runs' logs; empty for the home's own
	home string
}

// happened is what --json prints of one thing that happened.
type happened struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"`
	Run   *digest   `json:"run,omitempty"`
	Error *failure  `json:"error,omitempty"`
	Retry float64   `json:"retry_seconds,omitempty"`
}

func (w *watching) tell(e pipeline.WatchEvent) {
	h := happened{Time: w.now().UTC(), Event: e.Event, Retry: e.Retry.Seconds()}
	if e.Summary != nil {
		h.Run = newDigest(w.home, e.Summary)
		h.Run.log(w.log)
	}
	if e.Err != nil {
		f := classify(context.Background(), e.Err)
		h.Error = &f
	}
	switch e.Event {
	case pipeline.WatchFailed:
		w.log.Error("run failed", zap.String("code", h.Error.Code), zap.Float64("retry_seconds", h.Retry))
	case pipeline.WatchStarted, pipeline.WatchStopped, pipeline.WatchWaits:
		w.log.Info("watch", zap.String("event", e.Event))
	}
	if w.json {
		if b, err := json.Marshal(h); err == nil {
			_, _ = w.stdout.Write(append(b, '\n'))
		}
		return
	}
	var b bytes.Buffer
	h.text(w.printer(&b), w.quiet)
	_, _ = w.stdout.Write(b.Bytes()) // there is nobody left to tell
}

// text prints what happened for people. Of runs without anything new it says nothing when it is to be
// quiet.
func (h *happened) text(p *printer, quiet bool) {
	at := h.Time.Local().Format(time.TimeOnly)
	switch h.Event {
	case pipeline.WatchStarted, pipeline.WatchStopped:
		if !quiet {
			p.line("%s %s", at, h.Event)
		}
	case pipeline.WatchWaits:
		p.line("%s %s: %s", at, p.warn("waiting"), h.Error.Message)
	case pipeline.WatchFailed:
		p.line("%s %s %s", at, p.bad("could not finish:"), h.Error.Message)
		if h.Error.hint != "" {
			p.line("         %s %s", p.dim("hint:"), h.Error.hint)
		}
		p.line("         tried again in %s", seconds(h.Retry))
	case pipeline.WatchRan:
		if quiet && len(h.Run.Attention) == 0 {
			return
		}
		p.line("%s %s", at, h.Run.headline())
		for _, x := range h.Run.Attention {
			p.line("         %s: %s", x.File, x.Message)
			p.line("           %s %s", p.arrow(), x.Next)
		}
	}
}

// logFor is the log of one run: a file of its own, and the log of the whole.
func (w *watching) logFor(run string) (*zap.Logger, func()) {
	dir := w.logs
	if dir == "" {
		dir = filepath.Join(w.home, "state", "logs")
	}
	err := os.MkdirAll(dir, 0o700)
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(filepath.Join(dir, run+".jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	}
	if err == nil {
		err = dropOldLogs(dir)
	}
	if err != nil {
		w.log.Warn("no log of its own for this run", zap.String("run", run))
	}
	if f == nil {
		return w.log, func() {}
	}
	own := newLogger(f)
	both := w.log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return zapcore.NewTee(c, own.Core()) }))
	return both, func() { f.Close() }
}

// dropOldLogs keeps the latest logs. Their names are in the order of time.
func dropOldLogs(dir string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "*Z-*.jsonl"))
	slices.Sort(logs)
	for len(logs) > keptLogs {
		err = errors.Join(err, os.Remove(logs[0]))
		logs = logs[1:]
	}
	if err != nil {
		return fmt.Errorf("remove old logs: %w", err)
	}
	return nil
}
