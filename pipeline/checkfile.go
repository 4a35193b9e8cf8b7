package pipeline

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"time"

	"palermo/extract"
	"palermo/load/receipt"
	"palermo/mappings"
	"palermo/schemas"
)

// CheckOptions is how CheckFile works.
type CheckOptions struct {
	Language string // of the receipt; English by default
	Out      string // the folder it is written to; beside the file by default
	Now      time.Time
}

// Checked is the receipt that a file would get.
type Checked struct {
	*receipt.Document
	Files []string `json:"files"` // what was written
}

// checkNumber stands where a receipt has its number: nothing was sent, and so nothing has one.
const checkNumber = "CHECK"

// CheckFile reads a file as a run would, and writes the receipt that its agency would get: beside the file, or into a folder. Nothing
// is sent or kept, and no home is needed.
func CheckFile(ctx context.Context, path string, s *schemas.Schema, set *mappings.Set, o CheckOptions) (*Checked, error) {
	tmp, err := os.MkdirTemp("", "palermo-check-")
	if err != nil {
		return nil, environment(err)
	}
	defer os.RemoveAll(tmp)
	key := make([]byte, 32) // of ids that nobody sees
	if _, err := rand.Read(key); err != nil {
		return nil, environment(err)
	}
	at := func(folder string) func(string) string {
		return func(table string) string { return filepath.Join(tmp, folder, table+".parquet") }
	}
	h := &Harmoniser{Schema: s, Mappings: set, TmpDir: tmp, Quarantine: filepath.Join(tmp, "quarantine"), Places: filepath.Join(tmp, "places.json"),
		IDs: IDs(key), File: at("lake"), Vault: at("vault")}
	name := filepath.Base(path)
	e, err := h.Harmonise(ctx, path, &Submission{ID: "check", Name: name})
	if err != nil {
		return nil, environment(err)
	}
	in := &receipt.Input{Number: checkNumber, Language: o.Language, Name: name, Made: o.Now, State: stateOf(e), Check: true}
	for i := range e.Sheets {
		in.Sheets = append(in.Sheets, receiptSheet(&e.Sheets[i], e.Sheets[i].Balance))
	}
	if err := addFindings(in, e, h.Places); err != nil {
		return nil, err
	}
	if in.Duplicates, err = sameCase(ctx, e, h.File(recordTable)); err != nil {
		return nil, err
	}
	return writeChecked(ctx, path, tmp, e, in, o)
}

func writeChecked(ctx context.Context, path, tmp string, e *Entry, in *receipt.Input, o CheckOptions) (*Checked, error) {
	dir := o.Out
	if dir == "" {
		dir = filepath.Dir(path)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, environment(err)
	}
	base := strings.TrimSuffix(in.Name, filepath.Ext(in.Name)) + ".receipt"
	file := func(ext string) string { return filepath.Join(dir, base+ext) }
	out := &Checked{}
	names, err := writePage(file, in)
	if err != nil {
		return nil, environment(err)
	}
	if e.Format == "csv" || e.Format == "xlsx" {
		to := file(bookExtension(in.Name, e))
		ok, err := writeBookApart(ctx, openAsIs, path, to, e.Format == "csv", in, tmp, extract.Limits{})
		if err != nil {
			return nil, environment(err)
		}
		if ok {
			names = append(names, filepath.Base(to))
		}
	}
	for _, n := range names {
		out.Files = append(out.Files, filepath.Join(dir, n))
	}
	out.Document, err = receipt.NewDocument(in)
	return out, err
}
