package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"palermo/pipeline"
)

type decideFlags struct {
	yes, undo               bool
	reference, agency, from string
}

func (a *app) withdrawCommand() *cobra.Command {
	var f decideFlags
	c := &cobra.Command{
		Use:   "withdraw [SUBMISSION]",
		Short: "Take back a submission, or a case",
		Long: `Take back a submission, named by its receipt number or id, or with --case all that one agency sent to one
source about one case. It is written down, and takes effect with the next run: what is published from then on
has nothing of it, nor has the quarantine. A case that is withdrawn is kept out of later files, too.

Snapshots published before stay as they are, and the received file stays in the inbox: it is private, and
nothing reads it but to count its rows.

Of a case reference only a keyed id is kept, and it is never printed. --case - reads it from standard
input, so that it does not stay in the history of a shell. With --undo a withdrawal is taken back.`,
		Example: `  palermo withdraw PAL-2026-000123
  palermo withdraw --case - --agency ngo --source iom_ctm
  palermo withdraw PAL-2026-000123 --undo --yes`,
		Args: cobra.MaximumNArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.does("withdraw", func(ctx context.Context, args []string) (*result, error) {
			return a.withdraw(ctx, args, f, c.InOrStdin())
		})(c, args)
	}
	c.Flags().StringVar(&f.reference, "case", "", "withdraw the case with this `REFERENCE`; - reads it from standard input")
	c.Flags().StringVar(&f.agency, "agency", "", "whose case it is: the `FOLDER` under drop/")
	c.Flags().StringVar(&f.from, "source", "", "the `ID` of the source that the case was sent to, as iom_ctm")
	f.common(c)
	return c
}

func (a *app) confirmCommand() *cobra.Command {
	var f decideFlags
	c := &cobra.Command{
		Use:   "confirm SUBMISSION",
		Short: "Let a full replacement remove what it lacks",
		Long: `Let a full replacement that waits be taken by the next run, though it removes more than a fifth of the
records that it can replace. Files that replace the same period and came in the same night are taken
together: to confirm one is to confirm them all.`,
		Example: "  palermo confirm PAL-2026-000123",
		Args:    cobra.ExactArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.does("confirm", func(_ context.Context, args []string) (*result, error) { return a.confirm(args[0], f, c.InOrStdin()) })(c, args)
	}
	f.common(c)
	return c
}

func (f *decideFlags) common(c *cobra.Command) {
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.undo, "undo", false, "take it back")
}

// decided is what --json holds of withdraw and confirm.
type decided struct {
	*pipeline.Subject
	Act     string `json:"act"`
	Undo    bool   `json:"undo"`
	Changed bool   `json:"changed"` // false where it had been decided so before
}

func (a *app) withdraw(ctx context.Context, args []string, f decideFlags, in io.Reader) (*result, error) {
	byCase := f.reference != "" || f.agency != "" || f.from != ""
	switch {
	case byCase == (len(args) == 1):
		return nil, usagef("name a submission, or a case with --case, --agency and --source")
	case byCase && (f.reference == "" || f.agency == "" || f.from == ""):
		return nil, usagef("a case is named by --case, --agency and --source together")
	}
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReader(in)
	var s *pipeline.Subject
	if byCase {
		if h.Mappings.Source(f.from) == nil {
			return nil, usagef("--source: there is no source %q", f.from)
		}
		if s, err = subjectOfCase(ctx, h, f, lines); err != nil {
			return nil, err
		}
	} else if s, err = h.SubmissionSubject(args[0]); err != nil {
		return nil, err
	}
	return a.decide(h, pipeline.ActWithdraw, s, s.Withdrawn, f, lines)
}

func subjectOfCase(ctx context.Context, h *pipeline.Home, f decideFlags, lines *bufio.Reader) (*pipeline.Subject, error) {
	if f.reference == "-" {
		line, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		f.reference = line
	}
	if strings.TrimSpace(f.reference) == "" {
		return nil, usagef("--case: the reference is blank")
	}
	return h.CaseSubject(ctx, f.agency, f.from, f.reference)
}

func (a *app) confirm(name string, f decideFlags, in io.Reader) (*result, error) {
	h, err := a.openHome(a.homeDir())
	if err != nil {
		return nil, err
	}
	s, err := h.SubmissionSubject(name)
	if err != nil {
		return nil, err
	}
	switch {
	case !s.Replaces:
		return nil, usagef("submission %s is no full replacement", s.Submission.Receipt)
	case s.Withdrawn:
		return nil, usagef("submission %s was withdrawn", s.Submission.Receipt)
	case s.Waits == nil && !s.Confirmed:
		return nil, usagef("submission %s does not wait for confirmation", s.Submission.Receipt)
	}
	return a.decide(h, pipeline.ActConfirm, s, s.Confirmed, f, bufio.NewReader(in))
}

// decide asks, unless it is told not to, and writes the decision down.
func (a *app) decide(h *pipeline.Home, act string, s *pipeline.Subject, already bool, f decideFlags, lines *bufio.Reader) (*result, error) {
	d := &decided{Subject: s, Act: act, Undo: f.undo, Changed: already == f.undo}
	if d.Changed && !f.yes {
		if err := a.ask(d.about()+" "+d.question(), lines); err != nil {
			return nil, err
		}
	}
	if d.Changed {
		if err := h.Decide(act, s, f.undo, a.now()); err != nil {
			return nil, err
		}
	}
	next := commandFor(h.Dir, "run")
	return &result{ok: true, summary: d.headline(), value: d, text: func(p *printer) {
		p.line("%s", d.headline())
		if d.Changed {
			p.line("The next run follows it: %s", next)
		}
	}}, nil
}

// ask asks, and is an error where the answer is not yes.
func (a *app) ask(question string, lines *bufio.Reader) error {
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	answer, err := lines.ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if w := strings.ToLower(strings.TrimSpace(answer)); w != "y" && w != "yes" {
		return usagef("not confirmed: nothing was changed; --yes does not ask")
	}
	return nil
}

// about names the subject without what would name a person.
func (d *decided) about() string {
	if s := d.Submission; s != nil {
		return fmt.Sprintf("Submission %s (%s), %s from %s, %s loaded.", s.Receipt, s.ID, s.Name, s.Agency, count(d.Rows, "row"))
	}
	if d.Rows == 0 {
		return fmt.Sprintf("Case %s: no submission has rows of it now.", d.Case)
	}
	return fmt.Sprintf("Case %s: %s in %s.", d.Case, count(d.Rows, "row"), count(d.Submissions, "submission"))
}

func (d *decided) question() string {
	switch {
	case d.Act == pipeline.ActConfirm && d.Undo:
		return "Let it wait again?"
	case d.Act == pipeline.ActConfirm:
		return fmt.Sprintf("It removes %d of the %d records that it can replace. Let it?", d.Waits.Removes, d.Waits.Of)
	case d.Undo:
		return "Take the withdrawal back?"
	}
	return "Withdraw it?"
}

func (d *decided) headline() string {
	what := "Case " + d.Case
	if d.Submission != nil {
		what = "Submission " + d.Submission.Receipt
	}
	word := map[string]string{pipeline.ActWithdraw: "withdrawn", pipeline.ActConfirm: "confirmed"}[d.Act]
	switch {
	case !d.Changed && d.Undo:
		return fmt.Sprintf("%s was not %s: nothing to take back.", what, word)
	case !d.Changed:
		return fmt.Sprintf("%s was %s before: nothing changed.", what, word)
	case d.Undo:
		return fmt.Sprintf("%s is no longer %s.", what, word)
	}
	return fmt.Sprintf("%s is %s.", what, word)
}
