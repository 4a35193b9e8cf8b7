package pipeline

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"

	"palermo/load"
	"palermo/transform/link"
)

// builtInModel stands in where a home has too few records to estimate a model from. Its numbers
// were estimated once, from made-up cases of the two databases, and hold no word: no rarity counts.
//
//go:embed casemodel.json
var builtInModel []byte

// Below either, a model is not estimated: what is rare among a few records says little.
const (
	fewestRecords = 200
	fewestMatches = 50
)

func (h *Home) modelFile(id string) string { return h.path(stateDir, "models", id+".json") }
func (h *Home) currentModelFile() string   { return h.path(stateDir, "models", "current") }

// readModel is the home's chosen model; nil where it has none.
func (h *Home) readModel() (*link.Model, error) {
	id, err := os.ReadFile(h.currentModelFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	b, err := os.ReadFile(h.modelFile(strings.TrimSpace(string(id))))
	if err != nil {
		return nil, environment(fmt.Errorf("read the linkage model: %w", err))
	}
	return link.DecodeModel(b)
}

// keepModel writes a model, and chooses it for the runs to come.
func (h *Home) keepModel(m *link.Model) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the linkage model: %w", err)
	}
	if err := os.MkdirAll(h.path(stateDir, "models"), 0o700); err != nil {
		return environment(err)
	}
	if err := writeFile(h.modelFile(m.ID), b, 0o600); err != nil {
		return environment(err)
	}
	return environment(errors.Join(writeFile(h.currentModelFile(), []byte(m.ID+"\n"), 0o600), syncDir(h.path(stateDir, "models"))))
}

// errTooFew says that there is too little to estimate a model from.
var errTooFew = errors.New("too few records of one person to estimate a model from")

// fitModel estimates a model from the records. It is errTooFew where the estimate expects hardly
// any two records of one person, and a *link.InsaneError where it cannot be right.
func (h *Home) fitModel(ctx context.Context, records []*caseRecord) (*link.Model, *link.Linker, error) {
	if len(records) < fewestRecords {
		return nil, nil, errTooFew
	}
	spec, err := caseSpec(h.Config)
	if err != nil {
		return nil, nil, err
	}
	l, err := link.Open(spec, caseTable(records))
	if err != nil {
		return nil, nil, err
	}
	m, err := l.Fit(ctx)
	var insane *link.InsaneError
	if errors.As(err, &insane) {
		m = insane.Model
	} else if err != nil {
		return nil, nil, err
	}
	if expected(m) < fewestMatches {
		return nil, nil, errTooFew
	}
	return m, l, err
}

// expected is how many pairs of one person the sessions of the estimate expect, at most.
func expected(m *link.Model) float64 {
	most := 0.0
	for _, s := range m.Sessions {
		most = max(most, s.Matches)
	}
	return most
}

// linkageModel is the model of the run: the chosen one; else one that is estimated now and kept;
// else, where there is too little or the estimate cannot be right, the built-in one, which is not kept, so that a later run estimates one.
func (r *run) linkageModel(ctx context.Context, entries []*Entry) (*link.Model, error) {
	m, err := r.readModel()
	if m != nil || err != nil {
		return m, err
	}
	rows := int64(0)
	for _, e := range entries {
		for _, f := range e.Files {
			if f.Table == recordTable {
				rows += f.Rows
			}
		}
	}
	digest := r.inputs(entries)
	if rows < fewestRecords || r.tried() == digest {
		return r.standIn()
	}
	if err := r.mend(ctx, entries); err != nil { // what is read must be what was written
		return nil, err
	}
	records, err := r.readRecords(ctx, entries)
	if err != nil {
		return nil, err
	}
	m, linker, err := r.fitModel(ctx, records)
	var insane *link.InsaneError
	switch {
	case errors.As(err, &insane):
		if err := r.keepRefused(insane); err != nil {
			return nil, err
		}
		fallthrough
	case errors.Is(err, errTooFew):
		if err := r.remember(digest); err != nil {
			return nil, err
		}
		return r.standIn()
	case err != nil:
		return nil, err
	}
	r.estimated = &estimated{records, linker}
	r.Log.Info("linkage model estimated", zap.String("model", m.ID), zap.Int("records", m.Records))
	return m, r.keepModel(m)
}

// refusedFile is the last estimate that no run links with, as people check it, and why.
const refusedFile = "refused.txt"

// keepRefused keeps an estimate that cannot be right, and says so: the night goes on with the
// built-in model, and a person may see what was wrong.
func (r *run) keepRefused(e *link.InsaneError) error {
	r.Log.Warn("estimated linkage model cannot be right", zap.String("comparison", e.Comparison), zap.String("reason", e.Reason))
	if err := os.MkdirAll(r.path(stateDir, "models"), 0o700); err != nil {
		return environment(err)
	}
	return environment(writeFile(r.path(stateDir, "models", refusedFile), []byte(e.Error()), 0o600))
}

// tried is the inputs from which no model could be estimated, so that the same are not tried again.
func (h *Home) tried() string {
	b, _ := os.ReadFile(h.path(stateDir, "models", "tried")) // not there: nothing was
	return strings.TrimSpace(string(b))
}

func (h *Home) remember(digest string) error {
	if err := os.MkdirAll(h.path(stateDir, "models"), 0o700); err != nil {
		return environment(err)
	}
	return environment(writeFile(h.path(stateDir, "models", "tried"), []byte(digest+"\n"), 0o600))
}

func (r *run) standIn() (*link.Model, error) {
	r.Log.Info("built-in linkage model stands in")
	return link.DecodeModel(bytes.TrimSpace(builtInModel))
}

// estimated is what the run's model was estimated from, which need not be read and compared again.
type estimated struct {
	records []*caseRecord
	linker  *link.Linker
}

// readRecords reads the current case records of the entries.
func (r *run) readRecords(ctx context.Context, entries []*Entry) ([]*caseRecord, error) {
	own := *r // what asks for versions before the run has them does not decide that it has
	p := &publication{run: &own, entries: entries}
	if own.versions == nil {
		var err error
		if own.versions, err = own.readVersions(ctx, entries); err != nil {
			return nil, err
		}
	}
	return p.readCases(ctx)
}

// ModelFit is what an estimation came to.
type ModelFit struct {
	Model   string  `json:"model"`
	Before  string  `json:"before,omitempty"` // the model that it takes the place of
	Records int     `json:"records"`
	Pairs   int64   `json:"pairs"`
	Matches float64 `json:"matches"` // expected among the pairs of the best rule
	Table   string  `json:"-"`       // as people check it
}

// FitModel estimates the linkage model anew from what the lake holds, and chooses it for the runs to
// come: the next run links with it, whether anything else is new or not. What it cannot believe is a
// *link.InsaneError, and changes nothing.
func (h *Home) FitModel(ctx context.Context, log *zap.Logger) (*ModelFit, error) {
	r := &run{Home: h, Options: Options{Log: log}, summary: &Summary{}}
	l, err := h.takeLock(time.Now().UTC())
	if err != nil {
		return nil, err
	}
	defer l.release()
	if r.ledger, err = h.ReadLedger(); err != nil {
		return nil, err
	}
	var entries []*Entry
	for i := range r.ledger.Submissions {
		e, err := h.keptEntry(&r.ledger.Submissions[i])
		if errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("submission %s was not harmonised yet: run palermo run first", r.ledger.Submissions[i].ID)
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	before, err := h.readModel()
	if err != nil {
		return nil, err
	}
	records, err := r.readRecords(ctx, entries)
	if err != nil {
		return nil, err
	}
	m, _, err := h.fitModel(ctx, records)
	if err != nil {
		return nil, err
	}
	out := &ModelFit{Model: m.ID, Records: m.Records, Pairs: m.Pairs, Matches: expected(m), Table: m.Table()}
	if before != nil {
		out.Before = before.ID
	}
	return out, h.keepModel(m)
}

// registryOf reads the registry that a run starts from. Where the published snapshot cannot be read,
// the run takes its place, but persons keep their ids: the registry does not lie within it.
func (r *run) registryOf() (*registry, error) {
	_, m, err := load.Current(r.Dir)
	if err == nil || errors.Is(err, load.ErrNone) {
		return r.readRegistry(m)
	}
	run, err := load.CurrentRun(r.Dir)
	if err != nil {
		return nil, environment(err)
	}
	b, err := os.ReadFile(r.path(stateDir, runsDir, run, registryFile))
	if errors.Is(err, fs.ErrNotExist) { // that run had no case records
		return r.readRegistry(nil)
	}
	if err != nil {
		return nil, environment(err)
	}
	r.Log.Warn("registry read without its manifest", zap.String("of_run", run))
	return decodeRegistry(b)
}
