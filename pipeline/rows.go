package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/load"
	"palermo/schemas"
	"palermo/transform"
)

// writeRows writes a small table as one Parquet file: fill is given add, and calls it a row.
func writeRows(ctx context.Context, s *schemas.Schema, path, name string, t *schemas.Table, fill func(add func(map[string]any) error) error) error {
	rows := schemas.NewRows(memory.DefaultAllocator, t)
	if err := fill(rows.Add); err != nil {
		return fmt.Errorf("write table %s: %w", name, err)
	}
	b := rows.Batch()
	defer b.Release()
	return writeBatch(ctx, s, path, t, b)
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

// row is the rejected row as a row of the table quarantine.
func (q *quarantined) row(e *Entry) map[string]any {
	sheet := e.sheet(q.sheet)
	header := make([]string, len(sheet.Header))
	for i, h := range sheet.Header {
		header[i] = h.Name
	}
	return map[string]any{
		"submission_id": e.Submission, "sheet": int64(sheet.No), "row": int64(q.reject.Row), "col": int64(q.reject.Col),
		"target": sheet.Target, "reason_code": string(q.reject.Code), "field": text(q.reject.Field),
		"header": jsonText(header), "cells": jsonText(q.reject.Cells),
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

// valueRow is one word's line of the table value_map; shown says how the word is shown.
func valueRow(submission string, e *SheetEntry, u *transform.Use, shown string) map[string]any {
	return map[string]any{
		"source_id": e.Source, "vintage_form": e.Vintage, "mapping_digest": e.Mapping, "submission_id": submission,
		"sheet": int64(e.No), "column_name": u.Column, "column_no": int64(u.ColNo), "field": u.Field,
		"word": shown, "is_listed": u.Listed, "code": text(u.Code), "value_status": text(u.Status), "rule": text(u.Rule),
		"rows": int64(u.Rows), "first_row": int64(u.FirstRow), "first_col": int64(u.ColNo),
	}
}

// balanceRow is one sheet's line of the table row_balance.
func balanceRow(submission string, e *SheetEntry) map[string]any {
	b := &e.Balance
	skipped := func(reason string) int64 { return int64(b.Skipped[reason]) }
	return map[string]any{
		"submission_id": submission, "sheet": int64(e.No), "table_no": int64(1), "target": text(e.Target), "unit": b.Unit,
		"read": b.Read, "loaded": b.Loaded, "rejected": b.Rejected, "skipped": b.SkippedAll(),
		"skipped_blank": skipped("blank_row"), "skipped_total": skipped("total_row"), "skipped_note": skipped("footnote"),
		"skipped_repeated_header": skipped("repeated_header"), "skipped_no_consent": skipped("no_consent"),
		"skipped_unmapped_sheet": skipped("unmapped_sheet"),
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
