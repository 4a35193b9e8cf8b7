package pipeline

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

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

// write writes the clusters and the pairs.
func (w *linkWork) write(ctx context.Context) error {
	if w.o.FitOnly {
		return nil
	}
	for _, r := range []*linkRows{w.clusterRows(), w.pairRows()} {
		if err := w.parquet(ctx, r); err != nil {
			return err
		}
		if w.o.CSV {
			if err := w.csv(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// linkRows is a table of results: its columns, and how many rows there are.
type linkRows struct {
	name    string
	meaning string
	columns []linkRowColumn
	rows    int
}

// linkRowColumn is one column: exactly one of the functions gives its values. A text of few distinct
// words is a code.
type linkRowColumn struct {
	name, meaning string
	text          func(row int) string
	code          func(row int) string
	whole         func(row int) int64
	real          func(row int) float64
}

func (w *linkWork) clusterRows() *linkRows {
	r := &linkRows{name: linkClustersFile, meaning: "one record, and the cluster that it is of", rows: w.linker.Len()}
	id := func(i int) string { return w.ids[w.linker.Row(int32(i))] }
	r.columns = append(r.columns, linkRowColumn{name: "id", meaning: "The record's id", text: id})
	if w.two() {
		r.columns = append(r.columns, linkRowColumn{name: "list", meaning: "The record's file, by its place: 1 or 2", code: w.list})
	}
	meaning := "The smallest id of the cluster's records, as text"
	if w.two() {
		meaning += ", with its list before it"
	}
	r.columns = append(r.columns, linkRowColumn{name: "cluster_id", meaning: meaning, text: func(i int) string { return w.linker.ID(w.clusters.Of[i]) }})
	return r
}

// list is the record's list, by name.
func (w *linkWork) list(i int) string { return w.table.Lists[w.table.List[w.linker.Row(int32(i))]] }

func (w *linkWork) pairRows() *linkRows {
	r := &linkRows{name: linkPairsFile, meaning: "one pair of records that was weighed, with its evidence in bits", rows: len(w.pairs)}
	id := func(i int32) string { return w.ids[w.linker.Row(i)] }
	add := func(c linkRowColumn) { r.columns = append(r.columns, c) }
	for _, side := range []struct {
		suffix string
		of     func(int) int32
	}{{"_l", func(i int) int32 { return w.pairs[i].A }}, {"_r", func(i int) int32 { return w.pairs[i].B }}} {
		add(linkRowColumn{name: "id" + side.suffix, meaning: "The record's id", text: func(i int) string { return id(side.of(i)) }})
		if w.two() {
			add(linkRowColumn{name: "list" + side.suffix, meaning: "The record's file, by its place: 1 or 2", code: func(i int) string { return w.list(int(side.of(i))) }})
		}
	}
	rules := map[uint32]string{}
	add(linkRowColumn{name: "rules", meaning: "The rules that brought the two together", code: func(i int) string {
		p := w.pairs[i]
		s, ok := rules[p.Rules]
		if !ok {
			s = strings.Join(w.linker.Rules(p), "; ")
			rules[p.Rules] = s
		}
		return s
	}})
	ev := &evidence{w: w, row: -1}
	add(linkRowColumn{name: "prior_bits", meaning: "What is known of any two records", real: func(i int) float64 { return ev.of(i)[0].Bits }})
	for k, c := range w.linker.Spec().Comparisons {
		at := k + 1
		add(linkRowColumn{name: c.Name + "_level", meaning: "Level of the comparison: 0 missing, 1 the best, one past the last a difference", whole: func(i int) int64 { return int64(ev.of(i)[at].Level) }})
		add(linkRowColumn{name: c.Name + "_bits", meaning: "What the level says", real: func(i int) float64 { return ev.of(i)[at].Bits }})
		add(linkRowColumn{name: c.Name + "_rarity", meaning: "What the rarity of the words in common adds", real: func(i int) float64 { return ev.of(i)[at].Rarity }})
	}
	add(linkRowColumn{name: "total_bits", meaning: "The sum of the bits, in this order", real: func(i int) float64 { return w.pairs[i].Bits }})
	add(linkRowColumn{name: "probability", meaning: "That the two are of one person", real: func(i int) float64 { return link.Probability(w.pairs[i].Bits) }})
	t := w.linker.Spec().Thresholds
	least, review := link.BitsOf(t.Link), link.BitsOf(t.Review)
	add(linkRowColumn{name: "band", meaning: "link, review or below", code: func(i int) string {
		switch bits := w.pairs[i].Bits; {
		case bits >= least:
			return bandLink
		case bits >= review:
			return bandReview
		}
		return bandBelow
	}})
	return r
}

// evidence is that of some rows at once: columns are written one after another, a chunk of rows at
// a time.
type evidence struct {
	w    *linkWork
	row  int // the first that is held; -1 for none
	held [][]link.Evidence
}

func (e *evidence) of(i int) []link.Evidence {
	if from := i - i%linkRowsChunk; from != e.row {
		e.row, e.held = from, e.held[:0]
		for k := from; k < min(from+linkRowsChunk, len(e.w.pairs)); k++ {
			e.held = append(e.held, e.w.scorer.Evidence(e.w.pairs[k]))
		}
	}
	return e.held[i-e.row]
}

// linkRowsChunk is how many rows are made at once.
const linkRowsChunk = 8192

func (w *linkWork) parquet(ctx context.Context, r *linkRows) (err error) {
	t := &schemas.Table{Name: r.name, Meaning: r.meaning}
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
	}
	meta := map[string]string{"palermo.table": r.name, "palermo.meaning": r.meaning, "palermo.model": w.model.ID}
	out, err := load.Create(filepath.Join(w.o.Out, r.name+".parquet"), t, load.ParquetOptions{Metadata: meta})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			out.Abort()
		}
	}()
	for from := 0; from < r.rows; from += linkRowsChunk {
		b := r.batch(t, from, min(from+linkRowsChunk, r.rows))
		err := out.Write(ctx, b)
		b.Release()
		if err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	w.out.Written = append(w.out.Written, r.name+".parquet")
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
		for i := from; i < to; i++ {
			b.Append(c.text(i))
		}
		return b.NewArray()
	case c.code != nil:
		b := array.NewDictionaryBuilder(mem, schemas.RawDictionary).(*array.BinaryDictionaryBuilder)
		defer b.Release()
		for i := from; i < to; i++ {
			if err := b.AppendString(c.code(i)); err != nil {
				panic(err) // a builder of texts takes any text
			}
		}
		return b.NewArray()
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
	w.out.Written = append(w.out.Written, name)
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
		return c.code(i)
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
