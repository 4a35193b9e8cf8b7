package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"palermo/pipeline"
	"palermo/schemas"
)

// What run --fail-on takes.
const (
	failNever       = "never"
	failRejected    = "rejected"
	failQuarantined = "quarantined"
)

type runFlags struct {
	full    bool
	threads int
	failOn  string
	accept  []string
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run",
		Short: "Take in what lies in the drop folder, and publish a snapshot",
		Long: `Take in what lies in the drop folder, harmonise what is new, and publish one whole snapshot. A run either
publishes a snapshot or leaves the last one as it was; running again is always safe, and with nothing new
it publishes nothing.

Files that no mapping knows, or that cannot be read, do not stop a run: they are kept, and named in its summary.
With --fail-on the exit status is 5 where a file taken in by this run was not loaded whole: "rejected" looks at
rows that could not be read, "quarantined" also at whole files that were set aside or refused.

Before a snapshot is published it is checked. Where a grave check fails the last snapshot stays, the exit status is 4,
and the run says which rows it is about; --accept publishes all the same.`,
		Example: `  palermo run --home /srv/palermo
  palermo run -q --fail-on rejected`,
		Args: cobra.NoArgs,
	}
	c.RunE = a.does("run", func(ctx context.Context, _ []string) (*result, error) { return a.run(ctx, f) })
	c.Flags().BoolVar(&f.full, "full", false, "make everything again from the received files")
	c.Flags().IntVar(&f.threads, "threads", 0, "work on `N` files at once; one a core by default")
	c.Flags().StringArrayVar(&f.accept, "accept", nil, "publish though this `CHECK`, or CHECK:SUBJECT, fails; may be given again")
	c.Flags().StringVar(&f.failOn, "fail-on", failNever, "exit with 5 `WHEN`: never, rejected or quarantined")
	_ = c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{failNever, failRejected, failQuarantined}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (a *app) run(ctx context.Context, f runFlags) (*result, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	if f.threads > 0 {
		h.Config.Threads = f.threads
	}
	d, err := a.runHome(ctx, h, f)
	if err != nil {
		return nil, err
	}
	return d.result(a.quiet), nil
}

func (f *runFlags) check() error {
	switch f.failOn {
	case failNever, failRejected, failQuarantined:
	default:
		return usagef("--fail-on is never, rejected or quarantined")
	}
	for _, a := range f.accept {
		name, _, _ := strings.Cut(a, ":")
		if !slices.ContainsFunc(schemas.Checks(), func(c schemas.Check) bool { return c.Name == name }) {
			return usagef("--accept %s: there is no such check; palermo schema --checks lists them", a)
		}
	}
	if f.threads < 0 {
		return usagef("--threads is a number of files, from 1")
	}
	return nil
}

// runHome runs the pipeline with its progress and log. The log's last line says how it ended.
func (a *app) runHome(ctx context.Context, h *pipeline.Home, f runFlags) (*digest, error) {
	log, closeLog, err := a.logger()
	if err != nil {
		return nil, err
	}
	defer closeLog()
	p := a.progress()
	began := a.now()
	s, err := h.Run(ctx, pipeline.Options{Full: f.full, Accept: f.accept, Log: log, Progress: p, Now: a.now, Version: buildVersion(),
		Exit: func(s *pipeline.Summary, err error) int {
			if err != nil {
				return classify(ctx, err).Exit
			}
			return newDigest(h.Dir, s).status(f.failOn)
		}})
	p.stop()
	if err != nil {
		fail := classify(ctx, err)
		log.Error("run failed", zap.String("code", fail.Code), zap.Int("exit", fail.Exit), zap.Float64("seconds", a.now().Sub(began).Seconds()))
		return nil, err
	}
	d := newDigest(h.Dir, s)
	d.exit = d.status(f.failOn)
	d.log(log)
	return d, nil
}

// log writes the one line that says what the run came to.
func (d *digest) log(log *zap.Logger) {
	s := d.Summary
	log.Info("run summary", zap.String("run", s.Run), zap.String("status", s.Status), zap.Int("exit", d.exit),
		zap.Int("taken_in", len(s.Files)), zap.Int("loaded_whole", d.whole), zap.Int("in_part", d.inPart), zap.Int("not_loaded", d.bad),
		zap.Int("received_before", d.before), zap.Int("waiting", len(s.Waiting)), zap.Int("submissions", s.Submissions),
		zap.Int64("read", s.Rows.Read), zap.Int64("loaded", s.Rows.Loaded), zap.Int64("rejected", s.Rows.Rejected),
		zap.Int64("skipped", s.Rows.SkippedAll()), zap.Float64("seconds", s.Seconds))
}

// seconds is a duration for people.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
