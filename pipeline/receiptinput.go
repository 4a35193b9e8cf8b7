package pipeline

import (
	"context"
	"slices"

	"palermo/diag"
	"palermo/load/receipt"
)

// The most groups of rows of one case, and rows of such a group, that a receipt names.
const (
	maxDuplicates = 1000
	maxSameCase   = 100
)

// blank is the receipt of a submission that nothing more is known of.
func (d *desk) blank(s *Submission, state receipt.State) *receipt.Input {
	a := d.Config.Agencies[s.Agency]
	in := &receipt.Input{Number: s.Receipt, Agency: a.Title, Language: a.Language, Contact: d.Config.Receipts.Contact, Name: s.Name,
		Received: s.Received, Made: d.started, State: state}
	if in.Agency == "" {
		in.Agency = s.Agency
	}
	if s.Stated != nil {
		in.Kind, in.KindBy, in.From, in.To = s.Stated.Kind, s.Stated.By, s.Stated.From, s.Stated.To
	}
	return in
}

// input is all that the receipt of a submission says.
func (d *desk) input(ctx context.Context, s *Submission, e *Entry, k *keptReceipt) (*receipt.Input, error) {
	in := d.blank(s, k.State)
	in.SupersededBy, in.Made = k.Instead, k.Made
	if said := e.stated(); said.Kind != "" && !s.withdrawn && len(e.sources()) > 0 {
		in.Kind, in.KindBy, in.From, in.To = said.Kind, said.By, said.From, said.To
	}
	for i := range e.Sheets {
		in.Sheets = append(in.Sheets, receiptSheet(&e.Sheets[i], d.balance(e, &e.Sheets[i])))
	}
	if s.withdrawn {
		return in, nil
	}
	if err := addFindings(in, e, d.placesFile(s.ID)); err != nil {
		return in, err
	}
	for _, f := range d.versions.found[s.ID] {
		in.Add(f.Diagnostic, "", f.Of)
	}
	if !k.Again.IsZero() {
		in.Add(diag.Diagnostic{Code: diag.FileDuplicate, Severity: diag.Codes[diag.FileDuplicate].Severity}, "", 1)
	}
	var err error
	in.Duplicates, err = sameCase(ctx, e, d.lakeFile(recordTable, s.ID))
	return in, err
}

// state is what has become of a submission, and the number of the receipt that counts instead.
func (d *desk) state(s *Submission, e *Entry) (receipt.State, string) {
	switch {
	case s.withdrawn:
		return receipt.Withdrawn, ""
	case d.waits(e):
		return receipt.NeedsYou, ""
	}
	if by := d.chains.instead(s.ID); by != "" {
		return receipt.Superseded, by
	}
	if by, ok := d.versions.after(s.ID); ok && e.fills(recordTable) && !slices.ContainsFunc(e.Files, func(f LakeFile) bool { return f.Table == "statistic" }) {
		return receipt.Superseded, d.ledger.Submissions[by].Receipt
	}
	return stateOf(e), ""
}

// stateOf is the state of an entry by itself.
func stateOf(e *Entry) receipt.State {
	switch e.Status {
	case StatusAccepted:
		return receipt.Accepted
	case StatusAcceptedInPart:
		return receipt.AcceptedInPart
	case StatusQuarantined:
		return receipt.NeedsYou
	case StatusWithdrawn:
		return receipt.Withdrawn
	}
	return receipt.Refused
}

func receiptSheet(e *SheetEntry, b Balance) receipt.Sheet {
	s := receipt.Sheet{Name: e.Name, Unit: receipt.Rows, Read: b.Read, Loaded: b.Loaded, Rejected: b.Rejected, Skipped: map[string]int64{}}
	if b.Unit == unitCells {
		s.Unit = receipt.Cells
	}
	for reason, n := range b.Skipped {
		if !slices.Contains(receipt.SkipReasons, reason) {
			reason = "other"
		}
		s.Skipped[reason] += int64(n)
	}
	return s
}

// addFindings adds what was found in the file, in all its places.
func addFindings(in *receipt.Input, e *Entry, file string) error {
	p, err := readPlaces(file, e)
	if err != nil {
		return err
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		if !receipt.Seen(f.Code) {
			continue
		}
		out := receipt.Finding{Code: f.Code, Severity: f.Severity, Sheet: f.Sheet, Column: f.Column, Word: f.Word, Count: f.Count}
		for k := 0; k+1 < len(f.Cells); k += 2 {
			out.Cells = append(out.Cells, receipt.Cell{Row: int(f.Cells[k]), Col: int(f.Cells[k+1])})
		}
		in.Findings = append(in.Findings, out)
	}
	if len(p.Findings) > 0 {
		return nil
	}
	for _, f := range e.Found { // as where the received copy is gone
		f.Value = ""
		in.Add(f.Diagnostic, e.sheet(f.SheetNo).column(f.Pos.Col), f.Of)
	}
	return nil
}

// sameCase is the rows of the file that name one case on one form. records is the entry's file of records.
func sameCase(ctx context.Context, e *Entry, records string) ([]receipt.Duplicate, error) {
	if !e.fills(recordTable) {
		return nil, nil
	}
	first := map[string]recordRow{}
	at := map[string]int{}
	var out []receipt.Duplicate
	err := eachRecord(ctx, records, func(r recordRow) {
		if r.local == 1 {
			first[r.id] = r
			return
		}
		sheet := e.sheet(r.sheet)
		if sheet == nil {
			return
		}
		i, ok := at[r.id]
		if !ok && len(out) == maxDuplicates {
			return
		}
		if !ok {
			i, at[r.id] = len(out), len(out)
			out = append(out, receipt.Duplicate{Sheet: sheet.Name})
			if f := first[r.id]; f.sheet == r.sheet {
				out[i].Rows = append(out[i].Rows, f.row)
			}
		}
		if out[i].Sheet == sheet.Name && len(out[i].Rows) < maxSameCase {
			out[i].Rows = append(out[i].Rows, r.row)
		}
	})
	return slices.DeleteFunc(out, func(d receipt.Duplicate) bool { return len(d.Rows) < 2 }), err
}
