package pipeline

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/sync/errgroup"

	"palermo/diag"
	"palermo/load"
	"palermo/schemas"
	"palermo/transform/link"
)

// The files of the output folder.
const (
	linkSpecFile     = "link.yaml"
	linkModelFile    = "model.json"
	linkClustersFile = "clusters"
	linkPairsFile    = "pairs"
)

// The bands of pairs.
const (
	bandLink   = "link"
	bandReview = "review"
	bandBelow  = "below"
)

// keep writes the spec and the model that were used.
func (w *linkWork) keep(context.Context) error {
	if err := os.MkdirAll(w.o.Out, 0o700); err != nil {
		return err
	}
	b, err := linkYAML(w.linker.Spec(), w.columns)
	if err != nil {
		return err
	}
	if err := w.file(linkSpecFile, b, w.o.Config); err != nil {
		return err
	}
	if b, err = json.MarshalIndent(w.model, "", " "); err != nil {
		return err
	}
	return w.file(linkModelFile, append(b, '\n'), w.o.Model)
}

// file writes a file of the output folder, unless it is the one that was given to us.
func (w *linkWork) file(name string, b []byte, given string) error {
	path := filepath.Join(w.o.Out, name)
	if given != "" {
		in, err := os.Stat(given)
		if err != nil {
			return err
		}
		if out, err := os.Stat(path); err == nil && os.SameFile(in, out) {
			return nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	w.out.Written = append(w.out.Written, name)
	return writeFile(path, b, 0o600)
}

// writeRows writes a table of results.
func (w *linkWork) writeRows(ctx context.Context, r *linkRows) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.parquet(ctx, r) })
	if w.o.CSV {
		g.Go(func() error { return w.csv(ctx, r) })
	}
	return g.Wait()
}

// linkRows is a table of results: its columns, and how many rows there are.
type linkRows struct {
	name    string
	meaning string
	columns []linkRowColumn
	rows    int
}

// linkRowColumn is one column: exactly one of the functions gives its values. A text of few distinct
// words is a code: its place among words. The functions are pure: several goroutines call them.
type linkRowColumn struct {
	name, meaning string
	various       bool // its values seldom repeat
	text          func(row int) string
	words         []string
	code          func(row int) int32
	whole         func(row int) int64
	real          func(row int) float64
}

func (w *linkWork) clusterRows() *linkRows {
	r := &linkRows{name: linkClustersFile, meaning: "one record, and the cluster that it is of", rows: w.linker.Len()}
	id := func(i int) string { return w.ids[w.linker.Row(int32(i))] }
	r.columns = append(r.columns, linkRowColumn{name: "id", meaning: "The record's id", various: true, text: id})
	if w.two() {
		r.columns = append(r.columns, linkRowColumn{name: "list", meaning: "The record's file, by its place: 1 or 2", words: w.table.Lists, code: w.list})
	}
	meaning := "The smallest id of the cluster's records, as text"
	if w.two() {
		meaning += ", with its list before it"
	}
	r.columns = append(r.columns, linkRowColumn{name: "cluster_id", meaning: meaning, various: true, text: func(i int) string { return w.linker.ID(w.clusters.Of[i]) }})
	return r
}

// list is the record's list, by number.
func (w *linkWork) list(i int) int32 { return w.table.List[w.linker.Row(int32(i))] }

func (w *linkWork) pairRows() *linkRows {
	r := &linkRows{name: linkPairsFile, meaning: "one pair of records that was weighed, with its evidence in bits", rows: len(w.pairs)}
	id := func(i int32) string { return w.ids[w.linker.Row(i)] }
	add := func(c linkRowColumn) { r.columns = append(r.columns, c) }
	for _, side := range []struct {
		suffix string
		of     func(int) int32
	}{{"_l", func(i int) int32 { return w.pairs[i].A }}, {"_r", func(i int) int32 { return w.pairs[i].B }}} {
		add(linkRowColumn{name: "id" + side.suffix, meaning: "The record's id", various: true, text: func(i int) string { return id(side.of(i)) }})
		if w.two() {
			add(linkRowColumn{name: "list" + side.suffix, meaning: "The record's file, by its place: 1 or 2", words: w.table.Lists, code: func(i int) int32 { return w.list(int(side.of(i))) }})
		}
	}
	if !w.o.Brief {
		w.addEvidence(add)
	}
	add(linkRowColumn{name: "probability", meaning: "That the two are of one person", various: true, real: func(i int) float64 { return link.Probability(w.pairs[i].Bits) }})
	t := w.linker.Spec().Thresholds
	least, review := link.BitsOf(t.Link), link.BitsOf(t.Review)
	add(linkRowColumn{name: "band", meaning: "link, review or below", words: []string{bandLink, bandReview, bandBelow}, code: func(i int) int32 {
		switch bits := w.pairs[i].Bits; {
		case bits >= least:
			return 0
		case bits >= review:
			return 1
		}
		return 2
	}})
	return r
}

// addEvidence adds all that the weight of a pair is the sum of.
func (w *linkWork) addEvidence(add func(linkRowColumn)) {
	rules, ruleOf := w.rulesOfPairs()
	add(linkRowColumn{name: "rules", meaning: "The rules that brought the two together", words: rules, code: func(i int) int32 { return ruleOf[w.pairs[i].Rules] }})
	add(linkRowColumn{name: "prior_bits", meaning: "What is known of any two records", real: func(i int) float64 { return w.scorer.Prior(w.pairs[i]) }})
	for k, c := range w.linker.Spec().Comparisons {
		add(linkRowColumn{name: c.Name + "_level", meaning: "Level of the comparison: 0 missing, 1 the best, one past the last a difference", whole: func(i int) int64 { return int64(w.scorer.Level(w.pairs[i], k)) }})
		add(linkRowColumn{name: c.Name + "_bits", meaning: "What the level says", real: func(i int) float64 { return w.scorer.Bits(w.pairs[i], k) }})
		add(linkRowColumn{name: c.Name + "_rarity", meaning: "What the rarity of the words in common adds", real: func(i int) float64 { return w.scorer.Rarity(w.pairs[i], k) }})
	}
	add(linkRowColumn{name: "total_bits", meaning: "The sum of the bits, in this order", various: true, real: func(i int) float64 { return w.pairs[i].Bits }})
}

// rulesOfPairs is what the pairs' masks of rules say, in their order, and the place of each.
func (w *linkWork) rulesOfPairs() (says []string, of map[uint32]int32) {
	of = map[uint32]int32{}
	pair := map[uint32]link.Pair{}
	for _, p := range w.pairs {
		pair[p.Rules] = p
	}
	for _, mask := range slices.Sorted(maps.Keys(pair)) {
		of[mask] = int32(len(says))
		says = append(says, strings.Join(w.linker.Rules(pair[mask]), "; "))
	}
	return says, of
}

// linkRowsChunk is how many rows are made at once.
const linkRowsChunk = 8192

func (w *linkWork) parquet(ctx context.Context, r *linkRows) (err error) {
	t := &schemas.Table{Name: r.name, Meaning: r.meaning}
	o := load.ParquetOptions{Metadata: map[string]string{"palermo.table": r.name, "palermo.meaning": r.meaning, "palermo.model": w.model.ID}}
	for _, c := range r.columns {
		f := schemas.Field{Name: c.name, Required: true, Meaning: c.meaning, Class: schemas.ClassNone}
		switch {
		case c.text != nil:
			f.Type, f.Class = schemas.Text, schemas.ClassDirect
		case c.code != nil:
			f.Type = schemas.Code
		case c.whole != nil:
			f.Type = schemas.Integer
		default:
			f.Type = schemas.Real
		}
		t.Fields = append(t.Fields, f)
		if c.various {
			o.Various = append(o.Various, c.name)
		}
	}
	out, err := load.Create(filepath.Join(w.o.Out, r.name+".parquet"), t, o)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			out.Abort()
		}
	}()
	batches := make(chan *schemas.Batch, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		return r.batches(ctx, t, batches)
	})
	g.Go(func() error {
		for b := range batches {
			err := out.Write(ctx, b)
			b.Release()
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return out.Close()
}

// batches makes the rows, a chunk at a time. Who takes a batch releases it.
func (r *linkRows) batches(ctx context.Context, t *schemas.Table, to chan<- *schemas.Batch) error {
	for from := 0; from < r.rows; from += linkRowsChunk {
		b := r.batch(t, from, min(from+linkRowsChunk, r.rows))
		select {
		case to <- b:
		case <-ctx.Done():
			b.Release()
			return ctx.Err()
		}
	}
	return nil
}

// batch is rows [from, to). The caller releases it.
func (r *linkRows) batch(t *schemas.Table, from, to int) *schemas.Batch {
	var arrays []arrow.Array
	for _, c := range r.columns {
		arrays = append(arrays, c.array(from, to))
	}
	rec := array.NewRecordBatch(t.BatchSchema(), arrays, int64(to-from))
	for _, a := range arrays {
		a.Release()
	}
	return &schemas.Batch{Table: r.name, Record: rec}
}

func (c *linkRowColumn) array(from, to int) arrow.Array {
	mem := memory.DefaultAllocator
	switch {
	case c.text != nil:
		b := array.NewStringBuilder(mem)
		defer b.Release()
		b.Reserve(to - from)
		b.ReserveData((to - from) * (len(c.text(from)) + 1))
		for i := from; i < to; i++ {
			b.Append(c.text(i))
		}
		return b.NewArray()
	case c.code != nil:
		at, words := array.NewInt32Builder(mem), array.NewStringBuilder(mem)
		defer at.Release()
		defer words.Release()
		for i := from; i < to; i++ {
			at.Append(c.code(i))
		}
		words.AppendValues(c.words, nil)
		indices, dictionary := at.NewArray(), words.NewArray()
		defer indices.Release()
		defer dictionary.Release()
		return array.NewDictionaryArray(schemas.RawDictionary, indices, dictionary)
	case c.whole != nil:
		b := array.NewInt64Builder(mem)
		defer b.Release()
		for i := from; i < to; i++ {
			b.Append(c.whole(i))
		}
		return b.NewArray()
	}
	b := array.NewFloat64Builder(mem)
	defer b.Release()
	for i := from; i < to; i++ {
		b.Append(c.real(i))
	}
	return b.NewArray()
}

// csv writes the rows as CSV, with the same columns: under a temporary name until it is whole.
func (w *linkWork) csv(ctx context.Context, r *linkRows) (err error) {
	name := r.name + ".csv"
	path := filepath.Join(w.o.Out, name)
	f, err := os.OpenFile(filepath.Join(w.o.Out, "."+name+".tmp"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := r.writeCSV(ctx, f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (r *linkRows) writeCSV(ctx context.Context, to io.Writer) error {
	out := csv.NewWriter(to)
	row := make([]string, len(r.columns))
	for i, c := range r.columns {
		row[i] = c.name
	}
	if err := out.Write(row); err != nil {
		return err
	}
	for i := range r.rows {
		if i%linkRowsChunk == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for k := range r.columns {
			row[k] = r.columns[k].word(i)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (c *linkRowColumn) word(i int) string {
	switch {
	case c.text != nil:
		return c.text(i)
	case c.code != nil:
		return c.words[c.code(i)]
	case c.whole != nil:
		return strconv.FormatInt(c.whole(i), 10)
	}
	return strconv.FormatFloat(c.real(i), 'g', -1, 64)
}

// reservedNames are columns of pairs that no comparison may be named after.
func (w *linkWork) reservedNames() error {
	seen := map[string]bool{}
	for _, c := range w.pairRows().columns {
		if seen[c.name] {
			return wrong(diag.LinkSyntax, "a comparison has the name of a column of pairs.parquet")
		}
		seen[c.name] = true
	}
	return nil
}
