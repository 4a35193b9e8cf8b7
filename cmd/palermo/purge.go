package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

type purgeFlags struct {
	subjects    []string
	file        string
	reason      string
	dryRun, yes bool
}

func (a *app) purgeCommand() *cobra.Command {
	var f purgeFlags
	c := &cobra.Command{
		Use:   "purge",
		Short: "Erase people from everything that the home keeps",
		Long: `Erase people, for good. A subject is a case, as AGENCY:REFERENCE (the folder under drop/ and the case reference), or
the id of a record, a case or a person as any database has it. The id of a person stands for all records that are linked to
be of that person; how many those are is said before anything is done.

Their rows leave the received files (an extract without them takes the place of each), the vault, the lake, the
quarantine, every snapshot that is kept and what stewards have of it, receipts, review workbooks and decisions. What
stays is a keyed mark of each case, by which its rows are kept out when they are sent again. Then the whole home is
searched for them, decompressed, and what was found is printed: nothing, or where. Releases that hold records of them
are named, since nobody can call them back.

The file of --file has a subject a line; - is standard input, so that no reference stays in the history of a shell.
What stops a purge in between, the next run or purge does. The exit status is 1 where the search found anything, and 4
where the checks refused the new snapshot: then the last one stands, without the erased.`,
		Example: `  palermo purge --subject ngo:KV-77 --reason "request 12/2026" --dry-run
  palermo purge --file - --reason "request 12/2026"
  palermo purge --subject p0123456789abcdef01234567 --reason "request 12/2026" --yes`,
		Args: cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.does("purge", func(ctx context.Context, _ []string) (*result, error) { return a.purge(ctx, f, c.InOrStdin()) })(c, args)
	}
	c.Flags().StringArrayVar(&f.subjects, "subject", nil, "who: `AGENCY:REFERENCE` or an id; may be given several times")
	c.Flags().StringVar(&f.file, "file", "", "a `LIST` of subjects, one a line; - is standard input")
	c.Flags().StringVar(&f.reason, "reason", "", "why, for the home's audit file; a `TEXT` that names nobody")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "only say what would be erased")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return c
}

func (a *app) purge(ctx context.Context, f purgeFlags, in io.Reader) (*result, error) {
	lines := bufio.NewReader(in)
	subjects, err := f.all(lines)
	switch {
	case err != nil:
		return nil, err
	case len(subjects) == 0:
		return nil, usagef("name whom to erase with --subject or --file")
	case strings.TrimSpace(f.reason) == "" && !f.dryRun:
		return nil, usagef("--reason says why: it goes to the home's audit file")
	case f.file == "-" && !f.yes && !f.dryRun:
		return nil, usagef("where the list is read from standard input nobody can be asked: look with --dry-run first, then give --yes")
	}
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	log, end, err := a.logger()
	if err != nil {
		return nil, err
	}
	defer end()
	p := a.progress()
	defer p.stop()
	o := pipeline.PurgeOptions{Subjects: subjects, Reason: f.reason, DryRun: f.dryRun, Log: log, Progress: p, Now: a.now, Version: buildVersion()}
	var d *pipeline.Purged
	if !f.yes && !f.dryRun { // nobody waits for an answer with the home locked
		look := o
		look.DryRun, look.Progress = true, nil
		if d, err = h.Purge(ctx, look); err == nil {
			err = a.askPurge(d, lines)
		}
	}
	if err == nil {
		d, err = h.Purge(ctx, o)
	}
	p.stop()
	if errors.Is(err, pipeline.ErrSubject) {
		return nil, usagef("%v", err)
	}
	if err != nil {
		return nil, err
	}
	done := purged{d}
	r := &result{ok: true, summary: done.headline(), value: d, text: done.text}
	switch {
	case d.Search != nil && len(d.Search.Hits) > 0:
		r.ok, r.exit = false, exitFailed
	case d.Refused:
		r.ok, r.exit = false, exitGate
	}
	return r, nil
}

// all is every subject that was named.
func (f *purgeFlags) all(stdin io.Reader) ([]string, error) {
	if f.file == "" {
		return f.subjects, nil
	}
	from := stdin
	if f.file != "-" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, usagef("--file: the list cannot be opened")
		}
		defer file.Close()
		from = file
	}
	out := f.subjects
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if s := strings.TrimSpace(lines.Text()); s != "" {
			out = append(out, s)
		}
	}
	return out, lines.Err()
}

func (a *app) askPurge(d *pipeline.Purged, lines *bufio.Reader) error {
	for _, s := range (purged{d}).before() {
		fmt.Fprintln(a.stderr, s)
	}
	fmt.Fprint(a.stderr, "This cannot be undone. Erase them? [y/N] ")
	answer, err := lines.ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if w := strings.ToLower(strings.TrimSpace(answer)); w != "y" && w != "yes" {
		return usagef("not confirmed: nothing was changed; --yes does not ask")
	}
	return nil
}

// purged is what the command prints.
type purged struct{ *pipeline.Purged }

func (d purged) headline() string {
	what := fmt.Sprintf("%s of %s", count(d.Records, "record"), count(d.Cases, "case"))
	switch {
	case d.DryRun:
		return "A purge would erase " + what + "."
	case len(d.Search.Hits) > 0:
		return fmt.Sprintf("Erased %s, but the search found something in %s.", what, count(len(d.Search.Hits), "place"))
	}
	return fmt.Sprintf("Erased %s; the search of %s found nothing.", what, count(d.Search.Files, "file"))
}

// before is what is said before anything is done.
func (d purged) before() []string {
	out := []string{fmt.Sprintf("To be erased: %s of %s, in %s.", count(d.Records, "record"), count(d.Cases, "case"), count(len(d.Submissions), "received file"))}
	for _, p := range d.ByPerson {
		out = append(out, fmt.Sprintf("Person %s is thought to have %s, from %s: all of them go.", p.Person, count(p.Records, "record"), count(p.Agencies, "folder")))
	}
	for _, o := range d.Others {
		out = append(out, fmt.Sprintf("Person %s is thought to have %s more, which stay unless the person is named.", o.Person, count(o.Records, "record")))
	}
	if d.Again > 0 {
		out = append(out, fmt.Sprintf("Erased before: %s.", count(d.Again, "subject")))
	}
	for _, r := range d.Releases {
		out = append(out, fmt.Sprintf("Release %s holds %s of them, and cannot be called back.", r.ID, count(r.Records, "record")))
	}
	return out
}

func (d purged) text(p *printer) {
	paint := p.good
	if d.DryRun || d.Refused || len(d.Search.Hits) > 0 {
		paint = p.warn
	}
	p.line("%s", paint(d.headline()))
	for _, s := range d.before()[1:] {
		p.line("%s", s)
	}
	if d.DryRun {
		p.line("Nothing was changed.")
		return
	}
	s := d.Search
	p.line("Searched for %s in %s, %d bytes decompressed; left out: %d that others have too, %d too short.",
		count(s.Identifiers, "identifier"), count(s.Files, "file"), s.Bytes, s.Shared, s.Short)
	if d.Resumed {
		p.line("A purge that had been stopped was done first; name its subjects again to have them searched for.")
	}
	for _, h := range s.Hits {
		p.line("  %s: %s, %d times", h.Where, h.Kind, h.N)
	}
	for _, h := range s.Waiting {
		p.line("  %s: %s, %d times: not received yet; its rows are kept out when it is", h.Where, h.Kind, h.N)
	}
	switch {
	case d.Refused:
		p.line("%s", p.warn("The checks refused the new snapshot: the last one stands, without the erased."))
	case d.Run != nil && d.Run.Status == pipeline.RunPublished:
		p.line("Published: %s", d.Run.Snapshot)
	}
}
