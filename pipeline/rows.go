package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/load"
	"palermo/mappings"
	"palermo/schemas"
	"palermo/transform"
)

// rowWriter writes a table row by row as one Parquet file, in bounded memory. It is for tables
// that no file's columns become.
type rowWriter struct {
	file *load.Writer
	rows *schemas.Rows
	t    *schemas.Table
	held int // bytes of text of the rows that are held
}

// flushRows and flushBytes are how much a rowWriter holds: a rejected row can be megabytes.
const (
	flushRows  = 8192
	flushBytes = 8 << 20
)

func newRowWriter(metadata map[string]string, path string, t *schemas.Table) (*rowWriter, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	w, err := load.Create(path, t, load.ParquetOptions{Metadata: metadata})
	if err != nil {
		return nil, err
	}
	return &rowWriter{file: w, rows: schemas.NewRows(memory.DefaultAllocator, t), t: t}, nil
}

func (w *rowWriter) add(ctx context.Context, row map[string]any) error {
	if err := w.rows.Add(row); err != nil {
		return fmt.Errorf("write table %s: %w", w.t.Name, err)
	}
	for _, v := range row {
		if s, ok := v.(string); ok {
			w.held += len(s)
		}
	}
	if w.rows.Len() < flushRows && w.held < flushBytes {
		return nil
	}
	return w.flush(ctx)
}

func (w *rowWriter) flush(ctx context.Context) error {
	b := w.rows.Batch()
	defer b.Release()
	w.rows, w.held = schemas.NewRows(memory.DefaultAllocator, w.t), 0
	return w.file.Write(ctx, b)
}

func (w *rowWriter) close(ctx context.Context) error {
	err := w.flush(ctx)
	w.rows.Release()
	if err != nil {
		w.file.Abort()
		return err
	}
	return w.file.Close()
}

func (w *rowWriter) abort() {
	w.rows.Release()
	w.file.Abort()
}

// writeRows writes a table: fill is given add, and calls it a row.
func writeRows(ctx context.Context, metadata map[string]string, path string, t *schemas.Table, fill func(add func(map[string]any) error) error) error {
	w, err := newRowWriter(metadata, path, t)
	if err != nil {
		return err
	}
	if err := fill(func(row map[string]any) error { return w.add(ctx, row) }); err != nil {
		w.abort()
		return err
	}
	return w.close(ctx)
}

func writeBatch(ctx context.Context, s *schemas.Schema, path string, t *schemas.Table, batches ...*schemas.Batch) error {
	w, err := load.Create(path, t, load.ParquetOptions{Metadata: s.ParquetMetadata(t)})
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := w.Write(ctx, b); err != nil {
			w.Abort()
			return err
		}
	}
	return w.Close()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// quarantineRow is a rejected row as a row of the table quarantine.
func quarantineRow(submission string, e *SheetEntry, r *transform.Reject) map[string]any {
	header := make([]string, len(e.Header))
	for i, h := range e.Header {
		header[i] = h.Name
	}
	return map[string]any{
		"submission_id": submission, "sheet": int64(e.No), "row": int64(r.Row), "col": int64(r.Col),
		"target": e.Target, "reason_code": string(r.Code), "field": r.Field,
		"header": jsonText(header), "cells": jsonText(r.Cells),
	}
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(b)
}

// optional is n, or nothing where it is zero.
func optional(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

// text is s, or nothing where it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// valueRow is line k of the sheet's value map as a row of its table; shown is the word as it is shown.
func valueRow(submission string, e *SheetEntry, k int, shown string) map[string]any {
	u := &e.Values[k]
	return map[string]any{
		"source_id": e.Source, "vintage_form": e.Vintage, "mapping_digest": e.Mapping, "submission_id": submission,
		"sheet": int64(e.No), "ordinal": int64(k + 1), "column_name": u.Column, "column_no": int64(u.ColNo), "field": u.Field,
		"word": shown, "is_listed": u.Listed, "code": text(u.Code), "value_status": text(u.Status), "rule": text(u.Rule),
		"rows": int64(u.Rows), "first_row": int64(u.FirstRow), "first_col": int64(u.ColNo),
	}
}

// balanceRow is one sheet's line of the table row_balance.
func balanceRow(submission string, e *SheetEntry, b Balance) map[string]any {
	skipped := func(reason string) int64 { return int64(b.Skipped[reason]) }
	return map[string]any{
		"submission_id": submission, "sheet": int64(e.No), "table_no": int64(1), "target": text(e.Target), "unit": b.Unit,
		"read": b.Read, "loaded": b.Loaded, "rejected": b.Rejected, "skipped": b.SkippedAll(),
		"skipped_blank": skipped("blank_row") + skipped("blank_cell"), "skipped_total": skipped("total_row"), "skipped_note": skipped("footnote") + skipped(mappings.ReasonTemplate),
		"skipped_repeated_header": skipped("repeated_header") + skipped(reasonCopied), "skipped_no_consent": skipped("no_consent"),
		"skipped_withdrawn": skipped(reasonWithdrawn) + skipped(reasonSuperseded), "skipped_waiting": skipped(reasonWaiting),
		"skipped_unmapped_sheet": skipped("unmapped_sheet"), "skipped_purged": skipped(transform.ReasonPurged),
	}
}

// findingRow is one finding's line of the table diagnostic.
func findingRow(submission string, f *Found) map[string]any {
	return map[string]any{
		"submission_id": submission, "sheet": int64(f.SheetNo), "row": optional(f.Pos.Row), "col": optional(f.Pos.Col),
		"code": string(f.Code), "severity": f.Severity.String(), "field": f.Field, "message": f.Message,
		"value": text(f.Value), "n": int64(f.N), "of": int64(f.Of),
	}
}

// sortFound orders findings as the table diagnostic has them.
func sortFound(fs []Found) {
	sort.SliceStable(fs, func(i, j int) bool {
		a, b := &fs[i], &fs[j]
		if a.SheetNo != b.SheetNo {
			return a.SheetNo < b.SheetNo
		}
		if a.Pos.Row != b.Pos.Row {
			return a.Pos.Row < b.Pos.Row
		}
		return a.Pos.Col < b.Pos.Col
	})
}

func sortEntries(es []*Entry) {
	sort.Slice(es, func(i, j int) bool { return es[i].Submission < es[j].Submission })
}

func sorted(in []string) []string {
	sort.Strings(in)
	return in
}
