package pipeline

import (
	"context"
	"strconv"

	"palermo/load"
)

// Agreement is how well verdicts could be repeated, over pairs that a reviewer was asked twice
// without being told.
type Agreement struct {
	Pairs  int      `json:"pairs"`
	Agreed int      `json:"agreed"`
	Share  *float64 `json:"share"` // null without any pair
	Kappa  *float64 `json:"kappa"` // Cohen's; null where chance alone would agree always, or without any pair
}

// answerKey is a reviewer, and the two records in the order in which they were shown.
type answerKey struct{ reviewer, a, b string }

// lastAnswers is the last answer of each reviewer to each question.
func lastAnswers(log []answer) map[answerKey]answer {
	out := map[answerKey]answer{}
	for _, a := range log {
		out[answerKey{a.Reviewer, a.A, a.B}] = a
	}
	return out
}

// agreement compares the two answers of each reviewer about each pair. The smaller id stands first
// in the first of the two.
func agreement(last map[answerKey]answer) Agreement {
	var out Agreement
	first, second := map[string]int{}, map[string]int{}
	for k, one := range last {
		if k.a > k.b {
			continue
		}
		two, both := last[answerKey{k.reviewer, k.b, k.a}]
		if !both {
			continue
		}
		out.Pairs++
		first[one.Verdict]++
		second[two.Verdict]++
		if one.Verdict == two.Verdict {
			out.Agreed++
		}
	}
	if out.Pairs == 0 {
		return out
	}
	n := float64(out.Pairs)
	share := float64(out.Agreed) / n
	out.Share = &share
	byChance := 0
	for _, v := range []string{VerdictSame, VerdictDifferent, VerdictUnsure} {
		byChance += first[v] * second[v]
	}
	if expected := float64(byChance) / (n * n); expected < 1 {
		kappa := (share - expected) / (1 - expected)
		out.Kappa = &kappa
	}
	return out
}

// ReviewStatus is how far the review of pairs has come.
type ReviewStatus struct {
	Open      int       `json:"open"`  // pairs of the published snapshot that nobody has decided
	Asked     int       `json:"asked"` // pairs that stood in a workbook
	Same      int       `json:"same"`  // pairs by their last decision
	Different int       `json:"different"`
	Unsure    int       `json:"unsure"`
	Reviewers int       `json:"reviewers"`
	Pending   int       `json:"pending"` // decisions made since the published snapshot: the next run applies them
	Agreement Agreement `json:"agreement"`
}

// ReviewState tells how far the review has come.
func (h *Home) ReviewState(ctx context.Context) (*ReviewStatus, error) {
	f, err := h.linkFacts()
	if err != nil {
		return nil, err
	}
	decisions, err := h.ReadDecisions()
	if err != nil {
		return nil, err
	}
	decided := lastDecisions(decisions)
	open, err := f.openPairs(ctx, decided)
	if err != nil {
		return nil, err
	}
	known, err := readReviews[askedPair](h.askedFile())
	if err != nil {
		return nil, err
	}
	log, err := readReviews[answer](h.answersFile())
	if err != nil {
		return nil, err
	}
	out := &ReviewStatus{Open: len(open), Agreement: agreement(lastAnswers(log))}
	pairs, reviewers := map[[2]string]bool{}, map[string]bool{}
	for _, a := range known {
		pairs[a.pair()] = true
	}
	for _, d := range decisions {
		reviewers[d.Reviewer] = true
	}
	out.Asked, out.Reviewers = len(pairs), len(reviewers)
	for _, d := range decided {
		switch d.Verdict {
		case VerdictSame:
			out.Same++
		case VerdictDifferent:
			out.Different++
		default:
			out.Unsure++
		}
	}
	out.Pending, err = f.pending(ctx, len(decisions))
	return out, err
}

// pending is how many of the decisions the published snapshot does not know.
func (f *linkFacts) pending(ctx context.Context, made int) (int, error) {
	rows, err := load.Query(ctx, f.db, `SELECT count(*) AS n FROM link_review`)
	if err != nil {
		return 0, err
	}
	known, err := strconv.Atoi(rows[0]["n"])
	return made - known, err
}
