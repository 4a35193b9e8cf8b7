package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

// app is what all commands share: where they print, the global flags, and what the one that was
// called came to.
type app struct {
	stdout, stderr                 io.Writer
	env                            func(string) string
	now                            func() time.Time
	stdoutTerminal, stderrTerminal bool

	home, mappings, logFile string
	json, quiet, noProgress bool

	command string // the one that was called; empty when the command line was wrong
	result  *result
}

// result is what a command came to.
type result struct {
	ok      bool   // nothing was found that a person should look at
	summary string // one line
	value   any    // what --json holds
	text    func(p *printer)
	exit    int
	told    bool // it was printed as it came
}

// action is a command's work.
type action func(ctx context.Context, args []string) (*result, error)

// execute runs the command line and returns the exit status. It prints the result or the error,
// once, and nothing else does.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil && a.result == nil { // help
		return exitOK
	}
	if err == nil {
		err = a.print()
	}
	if err == nil {
		return a.result.exit
	}
	f := a.failure(ctx, err, root, args)
	if c, _, err := root.Find(args); a.command == "" && err == nil && c != root {
		a.command = strings.TrimPrefix(c.CommandPath(), root.Name()+" ")
	}
	a.fail(f, a.json || slices.Contains(args, "--json"))
	return f.Exit
}

// failure is what the error means for the caller.
func (a *app) failure(ctx context.Context, err error, root *cobra.Command, args []string) failure {
	if a.command == "" {
		return commandLine(root, args, err)
	}
	return classify(ctx, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "palermo",
		Short: "Turn spreadsheets of counter-trafficking data into one database",
		Long: `palermo takes the spreadsheets that agencies put into the drop folder of a home, maps them onto one
schema aligned with Article 3 of the Palermo Protocol, and publishes Parquet files and one DuckDB
database. Nothing is dropped in silence, and every value leads back to its cell.

New here? Run: palermo demo`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a.command = "help"
			return c.Help()
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVar(&a.home, "home", "", "the home `DIR`; PALERMO_HOME, else the working directory, by default")
	f.StringVar(&a.mappings, "mappings", "", "a `DIR` of mappings to use beside the built-in ones and the home's")
	f.StringVar(&a.logFile, "log", "", "write the log as JSON lines to `FILE`; - is standard error, the default where that is no terminal")
	f.BoolVar(&a.json, "json", false, "print one JSON object: command, ok, summary, result, error")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no log; of a run, only what needs attention")
	f.BoolVar(&a.noProgress, "no-progress", false, "no progress")
	root.AddCommand(a.initCommand(), a.planCommand(), a.diffCommand(), a.rollbackCommand(), a.purgeCommand(), a.manCommand())
	root.AddCommand(a.runCommand(), a.watchCommand(), a.demoCommand(), a.checkCommand(), a.inspectCommand(), a.mapCommand(), a.explainCommand(), a.linkCommand(), a.reviewCommand(), a.schemaCommand(), a.sourcesCommand(), a.templateCommand(),
		a.withdrawCommand(), a.confirmCommand(), a.runsCommand(), a.doctorCommand(), a.versionCommand(), a.completionCommand())
	root.SetHelpCommand(helpCommand())
	return root
}

// helpCommand is cobra's, but a command that does not exist is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the help of a command",
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = usagef("unknown command %q for %q", rest[0], about.CommandPath())
			}
			if err != nil {
				return err
			}
			return about.Help()
		},
	}
}

// does makes an action the work of a command, called name in the envelope.
func (a *app) does(name string, do action) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		a.command = name
		a.result, err = do(c.Context(), args)
		return err
	}
}

// homeDir is the home that the command line and the environment name.
func (a *app) homeDir() string {
	switch {
	case a.home != "":
		return a.home
	case a.env("PALERMO_HOME") != "":
		return a.env("PALERMO_HOME")
	}
	return "."
}

// homeNamed reports whether somebody said which home is meant.
func (a *app) homeNamed() bool { return a.home != "" || a.env("PALERMO_HOME") != "" }

// checkMappings says so where --mappings names no folder: nobody wants it to be ignored.
func (a *app) checkMappings() error {
	if a.mappings == "" {
		return nil
	}
	if fi, err := os.Stat(a.mappings); err != nil || !fi.IsDir() {
		return usagef("--mappings %s: no such folder", a.mappings)
	}
	return nil
}

// openHome opens the home to work in it.
func (a *app) openHome(dir string) (*pipeline.Home, error) {
	if err := a.checkMappings(); err != nil {
		return nil, err
	}
	return pipeline.OpenHome(dir, a.mappings)
}

// readHome opens the home to look at it.
func (a *app) readHome() (*pipeline.Home, error) {
	if err := a.checkMappings(); err != nil {
		return nil, err
	}
	return pipeline.ReadHome(a.homeDir(), a.mappings)
}

// sources is the mappings to look at a file with: those of the home where there is one.
func (a *app) sources() (*schemas.Schema, *mappings.Set, error) {
	if err := a.checkMappings(); err != nil {
		return nil, nil, err
	}
	s := schemas.Builtin()
	if fi, err := os.Stat(filepath.Join(a.homeDir(), "drop")); a.homeNamed() || err == nil && fi.IsDir() {
		h, err := pipeline.ReadHome(a.homeDir(), a.mappings)
		if err != nil {
			return nil, nil, err
		}
		return h.Schema, h.Mappings, nil
	}
	set, err := pipeline.LoadMappings(s, a.mappings)
	return s, set, err
}

// print writes the result. An error is standard output's.
func (a *app) print() error {
	if a.result.told {
		return nil
	}
	if a.json {
		return writeEnvelope(a.stdout, envelope{Command: a.command, OK: a.result.ok, Summary: a.result.summary, Result: a.result.value})
	}
	var b bytes.Buffer
	a.result.text(a.printer(&b))
	_, err := a.stdout.Write(b.Bytes())
	return err
}

// fail writes a failure: as the envelope, or for people.
func (a *app) fail(f failure, asJSON bool) {
	if asJSON {
		e := envelope{Command: a.command, Summary: f.Message, Error: &f}
		if len(f.found) > 0 {
			e.Result = map[string]any{"findings": f.found}
		}
		if writeEnvelope(a.stdout, e) == nil {
			return
		}
	}
	var b bytes.Buffer
	f.write(&printer{w: &b, color: a.stderrTerminal && a.colorful(), unicode: a.unicode()})
	_, _ = a.stderr.Write(b.Bytes()) // there is nobody left to tell
}

// logger is where a command's log goes: JSON lines on standard error, but not among progress bars.
// The second value closes it.
func (a *app) logger() (*zap.Logger, func(), error) {
	switch {
	case a.logFile == "-", a.logFile == "" && !a.stderrTerminal && !a.quiet:
		return newLogger(a.stderr), func() {}, nil
	case a.logFile == "":
		return zap.NewNop(), func() {}, nil
	}
	f, err := os.OpenFile(a.logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usagef("--log %s: no such folder", a.logFile)
	}
	if err != nil {
		return nil, nil, err
	}
	return newLogger(f), func() { f.Close() }, nil
}

// colorful reports whether terminals are to have colours at all.
func (a *app) colorful() bool { return a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" }

// unicode reports whether the locale can show more than ASCII.
func (a *app) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(a.env(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

func (a *app) printer(w *bytes.Buffer) *printer {
	return &printer{w: w, color: a.stdoutTerminal && a.colorful(), unicode: a.unicode()}
}
