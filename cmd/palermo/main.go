package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"palermo/pipeline"
	"palermo/sandbox"
)

// version is set by the linker: -X main.version=v1.2.3. Without it the build info is asked.
var version string

func main() {
	sandbox.Main(pipeline.Roles()) // a worker ends here
	os.Exit(run(os.Args[1:]))
}

// run is the program from its arguments to its exit status.
func run(args []string) int {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	a := &app{stdout: os.Stdout, stderr: os.Stderr, env: os.Getenv, now: time.Now,
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())), stderrTerminal: term.IsTerminal(int(os.Stderr.Fd()))}
	return a.execute(ctx, args)
}

// interrupted is why a context ended: a signal asked the program to stop.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string { return "stopped by " + i.name() }

func (i *interrupted) name() string {
	if i.signal == syscall.SIGINT {
		return "SIGINT"
	}
	return "SIGTERM"
}

// status is the exit status that a shell would give to a program ended by the signal.
func (i *interrupted) status() int { return 128 + int(i.signal) }

// untilSignal is a context that ends at the first SIGINT or SIGTERM, so that a run can put things
// away. The second one ends the program at once: whatever it was doing, the published snapshot is
// whole.
func untilSignal(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for s := range ch {
			i := &interrupted{s.(syscall.Signal)}
			if ctx.Err() != nil {
				fmt.Fprintln(os.Stderr, "palermo: "+i.Error()+" again: ending at once")
				os.Exit(i.status())
			}
			cancel(i)
		}
	}()
	return ctx, func() { signal.Stop(ch); cancel(nil) }
}
