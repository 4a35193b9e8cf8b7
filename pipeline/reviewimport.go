package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"palermo/diag"
	"palermo/extract"
)

// verdictWords is what reviewers may write, in the languages of the region and of those who work
// there. A word that is not here is no verdict.
var verdictWords = map[string]string{
	"same": VerdictSame, "different": VerdictDifferent, "unsure": VerdictUnsure, // English
	"même": VerdictSame, "différent": VerdictDifferent, "incertain": VerdictUnsure, // French
	"aceeași": VerdictSame, "diferit": VerdictDifferent, "nesigur": VerdictUnsure, // Romanian
	"isto": VerdictSame, "različito": VerdictDifferent, "nesigurno": VerdictUnsure, // Bosnian, Croatian, Montenegrin, Serbian
	"исто": VerdictSame, "различито": VerdictDifferent, "несигурно": VerdictUnsure, // Serbian; Macedonian, but for:
	"различно": VerdictDifferent,                                                    // Macedonian, Bulgarian
	"същото":   VerdictSame,                                                         // Bulgarian
	"njëjtë":   VerdictSame, "ndryshe": VerdictDifferent, "pasigurt": VerdictUnsure, // Albanian
	"то же": VerdictSame, "разные": VerdictDifferent, "неясно": VerdictUnsure, // Russian
}

// ReviewImport says what was read from a review workbook.
type ReviewImport struct {
	Rows      int               `json:"rows"`      // below the header
	Answered  int               `json:"answered"`  // with a verdict that was read
	Blank     int               `json:"blank"`     // without a verdict
	Refused   int               `json:"refused"`   // that were not read; findings say why
	Decisions int               `json:"decisions"` // that are new
	Unchanged int               `json:"unchanged"` // that the reviewer had made already
	Agreement Agreement         `json:"agreement"` // over all pairs that reviewers were asked twice
	Findings  []diag.Diagnostic `json:"findings"`
}

// answer is what a reviewer wrote about one row.
type answer struct {
	Number   string    `json:"number"`
	A        string    `json:"a"` // private ids, in the row's orientation
	B        string    `json:"b"`
	Verdict  string    `json:"verdict"`
	Reviewer string    `json:"reviewer"`
	At       time.Time `json:"at"`

	asked  askedPair
	reason string
	pos    diag.Pos
}

func (a *answer) pair() [2]string { return [2]string{min(a.A, a.B), max(a.A, a.B)} }

// answersFile is the answers about pairs that are asked twice.
func (h *Home) answersFile() string { return h.path(stateDir, "reviews", "answers.jsonl") }

// ImportReview reads a workbook that was given out, and adds what its reviewer decided. What cannot
// be read is a finding, and nothing is guessed. Reading the same workbook again adds nothing.
func (h *Home) ImportReview(ctx context.Context, file, reviewer string, now time.Time) (*ReviewImport, error) {
	reviewer = strings.TrimSpace(reviewer)
	if reviewer == "" {
		return nil, errors.New("a decision says who made it")
	}
	lock, err := h.takeLock(now)
	if err != nil {
		return nil, err
	}
	defer lock.release()
	known, err := readReviews[askedPair](h.askedFile())
	if err != nil {
		return nil, err
	}
	r := &reviewReader{out: &ReviewImport{Findings: []diag.Diagnostic{}}, asked: map[string][]askedPair{}}
	for _, a := range known {
		r.asked[a.Number] = append(r.asked[a.Number], a)
	}
	if err := r.read(ctx, file, h.path(stateDir, "tmp"), h.Config.limits()); err != nil {
		return nil, err
	}
	return r.out, h.decide(r, reviewer, now.UTC().Truncate(time.Microsecond))
}

// reviewReader reads the rows of a workbook.
type reviewReader struct {
	out     *ReviewImport
	asked   map[string][]askedPair // by number
	answers []*answer
	header  []string
	at      [3]int // columns of the pair number, the verdict and the reason
}

func (r *reviewReader) find(code diag.Code, pos diag.Pos, field, message string) {
	r.out.Findings = append(r.out.Findings, diag.Diagnostic{Code: code, Severity: diag.Codes[code].Severity, Pos: pos, Field: field, Message: message})
}

// read fills the reader from the first sheet that has the three columns. Its error is the machine's.
func (r *reviewReader) read(ctx context.Context, file, tmp string, l extract.Limits) error {
	name := filepath.Base(file)
	f, err := openApart(ctx, file, extract.Options{Name: name, TmpDir: tmp, MaxBytes: 256 << 20}, l)
	var bad *extract.Error
	if errors.As(err, &bad) {
		r.out.Findings = append(r.out.Findings, bad.Diagnostic)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for _, s := range f.Sheets() {
		found := false
		for row, err := range s.Rows(ctx) {
			if errors.As(err, &bad) {
				r.out.Findings = append(r.out.Findings, bad.Diagnostic)
				break
			}
			if err != nil {
				return err
			}
			if !found {
				if found = r.takeHeader(row.Cells); !found {
					break
				}
				continue
			}
			r.row(diag.Pos{File: name, Sheet: s.Name, Row: row.Num}, row.Cells)
		}
		if found {
			r.dropRepeated()
			return nil
		}
	}
	r.find(diag.ReviewSheet, diag.Pos{File: name}, "", "no sheet has the columns Pair, Verdict and Reason in its first row")
	return nil
}

func (r *reviewReader) takeHeader(cells []string) bool {
	for i, title := range [3]string{reviewPair, reviewVerdict, reviewReason} {
		r.at[i] = slices.IndexFunc(cells, func(c string) bool { return strings.EqualFold(strings.TrimSpace(c), title) })
		if r.at[i] < 0 {
			return false
		}
	}
	r.header = slices.Clone(cells)
	return true
}

// row reads one row. A row without a verdict is not looked at further.
func (r *reviewReader) row(pos diag.Pos, cells []string) {
	cell := func(i int) string {
		if i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	number, word := strings.ToUpper(cell(r.at[0])), cell(r.at[1])
	if number == "" && word == "" {
		return
	}
	r.out.Rows++
	if word == "" {
		r.out.Blank++
		return
	}
	refuse := func(code diag.Code, column int, field, message string) {
		pos.Col = column + 1
		r.out.Refused++
		r.find(code, pos, field, message)
	}
	verdict, isVerdict := verdictWords[strings.ToLower(norm.NFC.String(word))]
	of, isAsked := r.asked[number]
	switch {
	case !isAsked:
		refuse(diag.ReviewPair, r.at[0], reviewPair, "nobody was asked about a pair of this number")
		return
	case !isVerdict:
		refuse(diag.ReviewVerdict, r.at[1], reviewVerdict, "the word is no verdict")
		return
	}
	var shown []string
	for i := range max(len(r.header), len(cells)) {
		if !slices.Contains(r.at[:], i) {
			shown = append(shown, cell(i))
		}
	}
	digest := bookDigest(shown)
	k := slices.IndexFunc(of, func(a askedPair) bool { return a.Cells == digest })
	if k < 0 {
		refuse(diag.ReviewChanged, r.at[0], reviewPair, "the row's cells are not those of its pair number")
		return
	}
	pos.Col = r.at[1] + 1
	r.answers = append(r.answers, &answer{Number: number, A: of[k].A, B: of[k].B, Verdict: verdict, asked: of[k], reason: cell(r.at[2]), pos: pos})
}

// dropRepeated leaves one answer a number, and none where two differ.
func (r *reviewReader) dropRepeated() {
	first, differ := map[string]*answer{}, map[string]bool{}
	for _, a := range r.answers {
		switch f := first[a.Number]; {
		case f == nil:
			first[a.Number] = a
		case f.Verdict != a.Verdict:
			differ[a.Number] = true
			r.find(diag.ReviewRepeated, a.pos, reviewVerdict, "the pair number stands on an earlier row with another verdict")
		}
	}
	all := r.answers
	r.answers = nil
	for _, a := range all {
		switch {
		case differ[a.Number]:
			r.out.Refused++
		case first[a.Number] == a:
			r.answers = append(r.answers, a)
		}
	}
	r.out.Answered = len(r.answers)
}

// decide makes decisions of the answers and adds those that the reviewer has not made already.
func (h *Home) decide(r *reviewReader, reviewer string, now time.Time) error {
	log, err := readReviews[answer](h.answersFile())
	if err != nil {
		return err
	}
	before, err := h.ReadDecisions()
	if err != nil {
		return err
	}
	own := map[[2]string]Decision{}
	for _, d := range before {
		if d.Reviewer == reviewer {
			own[d.pair()] = d
		}
	}
	last := lastAnswers(log)
	var fresh []any
	for _, a := range r.answers {
		a.Reviewer, a.At = reviewer, now
		if b, known := last[answerKey{reviewer, a.A, a.B}]; a.asked.Twice && (!known || b.Verdict != a.Verdict) {
			fresh, log = append(fresh, a), append(log, *a)
		}
	}
	if len(fresh) > 0 {
		if err := h.appendReviews(h.answersFile(), fresh); err != nil {
			return err
		}
	}
	last = lastAnswers(log)
	for _, d := range decisionsOf(r.answers, last) {
		if o, made := own[d.pair()]; made && o.Verdict == d.Verdict && o.Reason == d.Reason {
			r.out.Unchanged++
			continue
		}
		if err := h.AppendDecision(d); err != nil {
			return err
		}
		r.out.Decisions++
	}
	r.out.Agreement = agreement(last)
	return nil
}

// decisionsOf is a decision for each pair, in the order of the rows. Two different answers about one
// pair are none: it cannot be decided.
func decisionsOf(answers []*answer, last map[answerKey]answer) []Decision {
	var out []Decision
	at := map[[2]string]int{}
	for _, a := range answers {
		pair := a.pair()
		i, known := at[pair]
		if !known {
			i = len(out)
			at[pair] = i
			out = append(out, Decision{A: pair[0], B: pair[1], Verdict: a.Verdict, Reviewer: a.Reviewer, At: a.At, Model: a.asked.Model})
		}
		d := &out[i]
		if a.reason != "" && !strings.Contains(d.Reason, a.reason) {
			d.Reason = strings.TrimPrefix(d.Reason+"; "+a.reason, "; ")
		}
		if other, too := last[answerKey{a.Reviewer, a.B, a.A}]; a.asked.Twice && too && other.Verdict != a.Verdict {
			d.Verdict = VerdictUnsure
		}
	}
	return out
}
