package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"palermo/diag"
	"palermo/transform/link"
)

// LinkOptions is what LinkFiles is to do.
type LinkOptions struct {
	Files     []string // one is deduplicated, two are linked
	ID        string   // the column that names a record
	Out       string   // the folder that the results are written to; it is made
	Config    string   // a link.yaml; what it leaves out is inferred
	Model     string   // a model.json that was kept: it is used, and its spec, in place of fitting
	Truth     string   // a column, or a CSV file, to hold the result against
	DedupeToo bool     // of two files: also pairs of one file
	OneToOne  bool     // of two files: a cluster has at most one record of each
	FitOnly   bool     // write the model and link.yaml, and link nothing
	CSV       bool     // write the results as CSV too
	Brief     bool     // of a pair write no evidence, only how probable it is
}

// FileLinkage is what LinkFiles found: counts and models, no word of any record.
type FileLinkage struct {
	Records   int              `json:"records"`
	Files     []LinkedFile     `json:"files"`
	Columns   []link.Inferred  `json:"columns,omitempty"` // what was made of each; none where a config says all
	Blocks    link.BlockReport `json:"blocks"`
	Model     *link.Model      `json:"model"`
	Fitted    bool             `json:"fitted"` // else kept
	Pairs     *LinkedPairs     `json:"pairs,omitempty"`
	Clusters  *LinkedClusters  `json:"clusters,omitempty"`
	Truth     *link.Evaluation `json:"truth,omitempty"`
	Written   []string         `json:"written"` // files in the output folder
	Threshold link.Thresholds  `json:"thresholds"`
}

// LinkedFile is one of the files, by its place on the command line.
type LinkedFile struct {
	Records int `json:"records"`
	Ragged  int `json:"ragged"` // rows with more cells than the header, which were left out
	Nested  int `json:"nested"` // columns of lists or structures, which were left out
}

// LinkedPairs is the pairs that were kept, by band.
type LinkedPairs struct {
	Compared   int64   `json:"compared,omitempty"` // where the model was fitted on them
	Link       int     `json:"link"`
	Review     int     `json:"review"`
	Below      int     `json:"below"`
	FalseLinks float64 `json:"false_links"` // estimated share of the links: the mean of 1 - p

	Thresholds []LinkedAt `json:"thresholds"` // what other thresholds would link; descending
}

// LinkedAt is what a threshold would link, estimated from the probabilities alone.
type LinkedAt struct {
	Threshold  float64 `json:"threshold"`
	Links      int     `json:"links"`
	FalseLinks float64 `json:"false_links"` // share of the links: the mean of 1 - p
	Missed     float64 `json:"missed"`      // share of the pairs of one person, among those kept, that are below it
}

// tabled are the thresholds of the table.
var tabled = []float64{0.999, 0.99, 0.95, 0.9, 0.8, 0.6, 0.5}

// linkedAt is the table of thresholds of the pairs.
func linkedAt(pairs []link.Pair) []LinkedAt {
	out := make([]LinkedAt, len(tabled))
	all := 0.0
	for i, t := range tabled {
		out[i].Threshold = t
	}
	for _, x := range pairs {
		p := link.Probability(x.Bits)
		all += p
		for i := range out {
			if p >= out[i].Threshold {
				out[i].Links++
				out[i].FalseLinks += 1 - p
			} else {
				out[i].Missed += p
			}
		}
	}
	for i := range out {
		out[i].FalseLinks /= float64(max(out[i].Links, 1))
		if all > 0 {
			out[i].Missed /= all
		}
	}
	return out
}

// LinkedClusters is the clusters, by size.
type LinkedClusters struct {
	Clusters   int        `json:"clusters"`
	Sizes      []LinkedOf `json:"sizes"` // ascending
	Refused    int        `json:"refused"`
	Unlinkable int        `json:"unlinkable"` // records whose best possible evidence is under the threshold
}

// LinkedOf is how many clusters have so many records.
type LinkedOf struct {
	Records  int `json:"records"`
	Clusters int `json:"clusters"`
}

// LinkFiles links the records of one or two files and writes what it finds. A *ConfigError is of
// what it was told, a *LinkFileError of a file.
func LinkFiles(ctx context.Context, o LinkOptions) (*FileLinkage, error) {
	w := &linkWork{o: o, out: &FileLinkage{Written: []string{}}}
	for _, step := range []func(context.Context) error{w.state, w.read, w.settle, w.fit, w.keep, w.link, w.write} {
		if err := step(ctx); err != nil {
			return nil, environment(err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

// linkWork is one LinkFiles.
type linkWork struct {
	o        LinkOptions
	out      *FileLinkage
	files    []*linkFile
	table    *link.Table
	ids      []string // of the table's records, as their files have them
	truth    []int32  // by record of the table; nil for none
	spec     link.Spec
	places   *linkPlaces // of the config; nil where there is none
	inferred bool        // at least in part
	columns  []link.Inferred
	model    *link.Model
	linker   *link.Linker
	pairs    []link.Pair
	scorer   *link.Scorer
	clusters *link.Clusters
}

// wrong is a command line that cannot be followed.
func wrong(c diag.Code, format string, a ...any) error {
	return &ConfigError{[]diag.Diagnostic{{Code: c, Severity: diag.Error, Message: fmt.Sprintf(format, a...)}}}
}

// read reads the files into one table.
func (w *linkWork) read(ctx context.Context) error {
	for _, path := range w.o.Files {
		f, err := readLinkFile(ctx, path, w.wanted())
		if err != nil {
			return err
		}
		w.files = append(w.files, f)
		w.out.Files = append(w.out.Files, LinkedFile{f.rows, f.ragged, f.nested})
	}
	w.table = &link.Table{}
	if w.two() {
		w.table.Lists = []string{"1", "2"}
	}
	for i, f := range w.files {
		if err := w.takeIDs(i, f); err != nil {
			return err
		}
	}
	w.out.Records = w.table.Len()
	if w.o.Truth != "" {
		if err := w.readTruth(ctx); err != nil {
			return err
		}
	}
	w.joinColumns()
	return nil
}

func (w *linkWork) two() bool { return len(w.o.Files) == 2 }

// takeIDs takes the ids of a file's records. Where there are two files, a record's id in the table
// has its list before it: an id may stand in both.
func (w *linkWork) takeIDs(list int, f *linkFile) error {
	c := f.column(w.o.ID)
	if c == nil {
		return wrong(diag.LinkColumn, "--id: file %d has no column %q", list+1, w.o.ID)
	}
	seen := make([]bool, len(c.Words))
	for row, k := range c.At {
		switch {
		case k == link.Missing:
			return linkFileError(diag.LinkID, diag.Pos{File: f.name}, "record %d has no id", row+1)
		case seen[k]:
			return linkFileError(diag.LinkID, diag.Pos{File: f.name}, "record %d has the id of an earlier one", row+1)
		}
		seen[k] = true
	}
	w.ids = append(w.ids, c.Words...) // each stands in one row, in the order of the rows
	if !w.two() {
		w.table.IDs = w.ids
		return nil
	}
	for _, id := range c.Words {
		w.table.IDs = append(w.table.IDs, strconv.Itoa(list+1)+":"+id)
		w.table.List = append(w.table.List, int32(list))
	}
	return nil
}

// joinColumns puts the columns of the files under one another, by name. The id and the truth are
// none: nothing may be linked by them.
func (w *linkWork) joinColumns() {
	start := 0
	place := map[string]int{}
	for _, f := range w.files {
		for _, c := range f.columns {
			if c.Name == w.o.ID || c.Name == w.o.Truth {
				continue
			}
			k, known := place[c.Name]
			if !known {
				k = len(w.table.Columns)
				place[c.Name] = k
				w.table.Columns = append(w.table.Columns, link.Column{Name: c.Name})
			}
			under(&w.table.Columns[k], &c, start)
		}
		start += f.rows
	}
	for i := range w.table.Columns {
		c := &w.table.Columns[i]
		for len(c.At) < start {
			c.At = append(c.At, link.Missing)
		}
	}
}

// under puts column c of the records from start on under column to.
func under(to, c *link.Column, start int) {
	if start == 0 {
		to.Words, to.At = c.Words, c.At
		return
	}
	for len(to.At) < start {
		to.At = append(to.At, link.Missing)
	}
	known := make(map[string]int32, len(to.Words))
	for i, s := range to.Words {
		known[s] = int32(i)
	}
	now := make([]int32, len(c.Words))
	for i, s := range c.Words {
		k, ok := known[s]
		if !ok {
			k = int32(len(to.Words))
			to.Words = append(to.Words, s)
		}
		now[i] = k
	}
	for _, k := range c.At {
		if k != link.Missing {
			k = now[k]
		}
		to.At = append(to.At, k)
	}
}

// state takes the spec that is stated: the kept model's, or the config's.
func (w *linkWork) state(context.Context) (err error) {
	switch {
	case w.o.Model != "" && w.o.Config != "":
		return wrong(diag.LinkModel, "--model holds its own fields and rules: it and --config exclude each other")
	case w.o.Model != "" && w.o.FitOnly:
		return wrong(diag.LinkModel, "--model is fitted already: it and --fit-only exclude each other")
	case w.o.Model != "":
		return w.readModel()
	case w.o.Config != "":
		w.spec, w.places, err = readLinkSpec(w.o.Config)
	}
	return err
}

// whole reports whether the spec says all, so that nothing is to be inferred.
func (w *linkWork) whole() bool {
	return len(w.spec.Fields) > 0 && len(w.spec.Comparisons) > 0 && len(w.spec.Blocking) > 0
}

// wanted is the columns that are needed.
func (w *linkWork) wanted() wantedColumns {
	if !w.whole() {
		return nil
	}
	wanted := wantedColumns{w.o.ID: true, w.o.Truth: true}
	for _, f := range w.spec.Fields {
		for _, name := range sourcesOf(f) {
			wanted[name] = true
		}
	}
	return wanted
}

// sourcesOf is the columns of a field.
func sourcesOf(f link.Field) []string {
	if len(f.From) == 0 {
		return []string{f.Name}
	}
	return f.From
}

// settle completes the spec by what is inferred, and holds it against the files.
func (w *linkWork) settle(context.Context) error {
	if w.o.Model != "" {
		return w.checkSpec()
	}
	if w.places != nil {
		if err := w.places.faults(w.checkFields()); err != nil {
			return err
		}
	}
	if w.two() {
		w.spec.Across = !w.o.DedupeToo
		w.spec.OneToOne = w.spec.OneToOne || w.o.OneToOne
	}
	if w.inferred = !w.whole(); w.inferred {
		in := link.Infer(w.table, w.spec)
		w.spec, w.columns, w.out.Columns = in.Spec, in.Columns, in.Columns
	}
	if !w.whole() {
		return wrong(diag.LinkNothing, "no column says anything that records could be linked by")
	}
	return w.checkSpec()
}

// checkSpec holds the spec against the language and the columns.
func (w *linkWork) checkSpec() error {
	faults := w.spec.Check()
	if len(faults) == 0 {
		faults = w.checkFields()
	}
	switch {
	case len(faults) == 0:
		return nil
	case w.places != nil:
		return w.places.faults(faults)
	}
	return wrong(diag.LinkModel, "the model does not fit the files: %s", faults[0].Message)
}

// checkFields holds the fields, if any are stated, against the language and the columns.
func (w *linkWork) checkFields() []link.Fault {
	faults := link.CheckFields(w.spec.Fields)
	for i, f := range w.spec.Fields {
		for _, name := range sourcesOf(f) {
			if !slices.ContainsFunc(w.table.Columns, func(c link.Column) bool { return c.Name == name }) {
				faults = append(faults, link.Fault{Path: []any{"fields", i}, Message: fmt.Sprintf("no file has a column %q", name)})
			}
		}
	}
	return faults
}

func (w *linkWork) readModel() error {
	b, err := os.ReadFile(w.o.Model)
	if err != nil {
		return err
	}
	if w.model, err = link.DecodeModel(b); err != nil {
		return wrong(diag.LinkModel, "%s: %s", filepath.Base(w.o.Model), "it is no model, or was changed by hand")
	}
	w.spec = w.model.Spec
	if w.spec.Across && !w.two() {
		return wrong(diag.LinkModel, "the model is of two files")
	}
	return nil
}

// fit opens the table and fits a model, unless one was kept. A comparison that was inferred and
// turns out to tell nothing is left out, and the rest is fitted again.
func (w *linkWork) fit(ctx context.Context) error {
	for {
		l, err := link.Open(w.spec, w.table)
		if err != nil {
			return err
		}
		w.linker = l
		if err := w.reservedNames(); err != nil {
			return err
		}
		if w.model != nil {
			break
		}
		m, err := l.Fit(ctx)
		var insane *link.InsaneError
		switch {
		case errors.As(err, &insane) && w.inferred && len(w.spec.Comparisons) > 1:
			w.leaveOut(insane)
			continue
		case errors.As(err, &insane):
			return &LinkModelError{insane}
		case err != nil:
			return err
		}
		w.model, w.out.Fitted = m, true
		break
	}
	w.out.Model, w.out.Blocks, w.out.Threshold = w.model, w.linker.Blocks(), w.linker.Spec().Thresholds
	return nil
}

// LinkModelError is a model that cannot be right.
type LinkModelError struct{ Insane *link.InsaneError }

func (e *LinkModelError) Error() string {
	return fmt.Sprintf("comparison %s: %s", e.Insane.Comparison, e.Insane.Reason)
}

func (w *linkWork) leaveOut(e *link.InsaneError) {
	w.spec.Comparisons = slices.DeleteFunc(slices.Clone(w.spec.Comparisons), func(c link.Comparison) bool { return c.Name == e.Comparison })
	for i := range w.columns {
		if w.columns[i].Field == e.Comparison {
			w.columns[i].Why += "; not compared: " + e.Reason
		}
	}
}

// link weighs all pairs.
func (w *linkWork) link(ctx context.Context) (err error) {
	if w.o.FitOnly {
		return nil
	}
	w.scorer = w.linker.Scorer(w.model)
	w.pairs, err = w.scorer.Score(ctx)
	return err
}

// write writes the pairs, and meanwhile joins them and writes the clusters.
func (w *linkWork) write(ctx context.Context) error {
	if w.o.FitOnly {
		return nil
	}
	for _, name := range []string{linkClustersFile, linkPairsFile} {
		w.out.Written = append(w.out.Written, name+".parquet")
		if w.o.CSV {
			w.out.Written = append(w.out.Written, name+".csv")
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.writeRows(ctx, w.pairRows()) })
	g.Go(func() error {
		w.clusters = w.linker.Cluster(w.pairs, nil)
		return w.writeRows(ctx, w.clusterRows())
	})
	if err := g.Wait(); err != nil {
		return err
	}
	w.count()
	if w.truth != nil {
		truth := make([]int32, len(w.truth))
		for i := range truth {
			truth[i] = w.truth[w.linker.Row(int32(i))]
		}
		e := w.linker.Evaluate(truth, w.pairs, w.clusters)
		w.out.Truth = &e
	}
	return nil
}

func (w *linkWork) count() {
	t := w.linker.Spec().Thresholds
	link_, review := link.BitsOf(t.Link), link.BitsOf(t.Review)
	p := &LinkedPairs{}
	if w.out.Fitted {
		p.Compared = w.model.Pairs
	}
	for _, x := range w.pairs {
		switch {
		case x.Bits >= link_:
			p.Link++
			p.FalseLinks += 1 - link.Probability(x.Bits)
		case x.Bits >= review:
			p.Review++
		default:
			p.Below++
		}
	}
	p.FalseLinks /= float64(max(p.Link, 1))
	p.Thresholds = linkedAt(w.pairs)
	w.out.Pairs = p
	c := &LinkedClusters{Refused: len(w.clusters.Refused), Unlinkable: w.scorer.Unlinkable(link_)}
	size, of := make([]int, len(w.clusters.Of)), map[int]int{}
	for _, r := range w.clusters.Of {
		size[r]++
	}
	for _, n := range size {
		if n > 0 {
			of[n]++
			c.Clusters++
		}
	}
	for _, n := range slices.Sorted(maps.Keys(of)) {
		c.Sizes = append(c.Sizes, LinkedOf{n, of[n]})
	}
	w.out.Clusters = c
}
