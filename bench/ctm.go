package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"palermo/fixtures"
	"palermo/mappings"
	"palermo/pipeline"
	"palermo/schemas"
)

// makeCTM writes case records, with the rows of those who refuse. It counts the rows of the file, which a
// quoted line break would make fewer than its lines.
func makeCTM(ctx context.Context, o options) (int64, error) {
	if err := fixtures.CTMFile(o.to, fixtures.CasesOptions{CTM: o.ctmRecords, Seed: seed}); err != nil {
		return 0, err
	}
	return csvRows(o.to)
}

// palermoCTM takes the records the whole way, by the mapping and the schema that are built in.
func palermoCTM(ctx context.Context, o options) (int64, error) {
	set, ds, err := mappings.Load(mappings.Builtin())
	if err != nil || len(ds) > 0 {
		return 0, fmt.Errorf("the mappings that are built in: %d findings, %w", len(ds), err)
	}
	secret := sha256.Sum256([]byte("bench"))
	at := func(folder string) func(string) string {
		return func(table string) string { return filepath.Join(o.to, folder, table+".parquet") }
	}
	h := pipeline.Harmoniser{Schema: schemas.Builtin(), Mappings: set, IDs: pipeline.IDs(secret[:]),
		File: at("lake"), Vault: at("vault"), Quarantine: filepath.Join(o.to, "quarantine.parquet")}
	e, err := h.Harmonise(ctx, o.in, &pipeline.Submission{ID: "bench", Agency: "bench", Name: "ctm.csv"})
	if err != nil {
		return 0, err
	}
	rows := e.Rows()
	if refused := int64(rows.Skipped["no_consent"]); e.Status != pipeline.StatusAccepted || rows.Rejected > 0 || rows.Loaded+refused != rows.Read {
		return 0, fmt.Errorf("the file is %s, with %d of %d rows loaded and %d refused", e.Status, rows.Loaded, rows.Read, refused)
	}
	return rows.Read, nil
}
