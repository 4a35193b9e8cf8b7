package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) manCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long: `Print the manual page, of all commands, in the form that man reads.

  palermo man > /usr/local/share/man/man1/palermo.1`,
		Args: cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.does("man", func(context.Context, []string) (*result, error) {
			page := manPage(c.Root())
			return &result{ok: true, summary: "manual page", value: map[string]string{"page": page}, text: func(p *printer) { p.w.WriteString(page) }}, nil
		})(c, args)
	}
	return c
}

// statuses is the exit statuses as the manual page has them.
var statuses = []struct{ status, means string }{
	{"0", "Done, or nothing new. A run that met only bad files is done, and says so."},
	{"1", "Could not finish. Running again is safe."},
	{"2", "The command line, palermo.yaml or a mapping is wrong; nothing was run."},
	{"3", "The environment: disk, permissions, a missing key."},
	{"4", "A check refused publication; the last snapshot stays."},
	{"5", "Rows were rejected, and --fail-on said that this matters."},
	{"11", "Another run is at work in the home."},
	{"130, 143", "Interrupted, terminated; the last snapshot stays."},
}

// manPage is the page of the program, with a section for each command.
func manPage(root *cobra.Command) string {
	r := &roff{}
	fmt.Fprintf(r, ".TH PALERMO 1 \"\" \"palermo %s\" \"palermo\"\n", roffText(buildVersion()))
	r.section("NAME")
	r.text("palermo - " + strings.ToLower(root.Short[:1]) + root.Short[1:])
	r.section("SYNOPSIS")
	r.text("palermo COMMAND [FLAGS]")
	r.section("DESCRIPTION")
	r.paragraphs(root.Long)
	r.section("OPTIONS")
	r.flags(root.PersistentFlags())
	r.section("COMMANDS")
	for _, c := range root.Commands() {
		r.command(c)
	}
	r.section("EXIT STATUS")
	for _, s := range statuses {
		r.item(s.status, s.means)
	}
	r.section("ENVIRONMENT")
	r.item("PALERMO_HOME", "The home, where --home is not given.")
	r.item("PALERMO_KEY_FILE", "The file that holds the home's key, in place of vault/key.")
	r.item("PALERMO_AGE_IDENTITY", "The file that holds the age identity that opens sealed files, in place of seal.identity_file.")
	r.item("NO_COLOR", "When set, no colours.")
	r.section("FILES")
	r.item("palermo.yaml", "The settings, in the home.")
	r.item("current", "A link to the published snapshot, in the home.")
	r.section("SEE ALSO")
	r.text("systemd.timer(5), crontab(5), duckdb(1)")
	return r.String()
}

// roff writes the language of manual pages.
type roff struct{ bytes.Buffer }

// roffText is text that says the same to man.
func roffText(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "’", `\(cq`, "→", "->").Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

func (r *roff) section(name string) { fmt.Fprintf(r, ".SH %s\n", name) }

func (r *roff) text(s string) { fmt.Fprintln(r, roffText(s)) }

func (r *roff) item(name, means string) {
	fmt.Fprintf(r, ".TP\n.B %s\n%s\n", roffText(name), roffText(means))
}

// indented is a line that is to stand as it is.
var indented = regexp.MustCompile(`^ {2}`)

// paragraphs writes text that blank lines part; what is indented stays as it is.
func (r *roff) paragraphs(s string) {
	verbatim := false
	for i, l := range strings.Split(strings.Trim(s, "\n"), "\n") {
		if now := indented.MatchString(l); now != verbatim {
			verbatim = now
			fmt.Fprintln(r, map[bool]string{true: ".RS\n.nf", false: ".fi\n.RE"}[now])
		}
		switch {
		case strings.TrimSpace(l) == "" && i > 0:
			fmt.Fprintln(r, ".PP")
		default:
			r.text(strings.TrimSpace(l))
		}
	}
	if verbatim {
		fmt.Fprintln(r, ".fi\n.RE")
	}
}

func (r *roff) flags(fs *pflag.FlagSet) {
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		head := "--" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", " + head
		}
		r.item(strings.TrimSpace(head+" "+name), usage)
	})
}

// command writes what a command does, and those below it.
func (r *roff) command(c *cobra.Command) {
	if c.Hidden || c.Name() == "help" {
		return
	}
	fmt.Fprintf(r, ".SS %s\n", roffText(strings.TrimSuffix(c.UseLine(), " [flags]")))
	if c.Long == "" {
		r.text(c.Short + ".")
	} else {
		r.paragraphs(c.Long)
	}
	r.flags(c.LocalNonPersistentFlags())
	if c.Example != "" {
		fmt.Fprintln(r, ".PP\nExamples:")
		r.paragraphs(c.Example)
	}
	for _, below := range c.Commands() {
		r.command(below)
	}
}
