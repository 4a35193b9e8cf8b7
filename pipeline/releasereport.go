package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// The files of a release that tell of it.
const (
	releaseReportJSON = "report.json"
	releaseReportPage = "README.md"
)

// statedLoss is what CTDC says its k-anonymised files lost: about 40 of 100 records.
const statedLoss = 40

// writeReport writes what was released, how safe it is and what was lost: in full for the house, into the register, and what may go
// out with the release. That has no count of what is withheld, which with what is shown would tell of it, but those of whole
// rows, and shares in whole percent.
func (r *release) writeReport() error {
	b, err := json.MarshalIndent(r.public(), "", "  ")
	if err != nil {
		return err
	}
	return environment(errors.Join(os.WriteFile(filepath.Join(r.stage, releaseReportJSON), append(b, '\n'), 0o600),
		os.WriteFile(filepath.Join(r.stage, releaseReportPage), []byte(r.page(false)), 0o600),
		os.WriteFile(filepath.Join(r.private, releaseReportPage), []byte(r.page(true)), 0o600)))
}

// publicReport is the report for programs that goes out.
type publicReport struct {
	ID       string         `json:"id"`
	Kinds    []string       `json:"kinds"`
	K        int64          `json:"k"`
	Base     int64          `json:"rounded_to,omitempty"`
	Unit     string         `json:"unit"`
	Rows     int            `json:"rows,omitempty"`
	LeftOut  int            `json:"left_out,omitempty"`
	Classes  int            `json:"classes,omitempty"`
	Smallest int64          `json:"smallest_class,omitempty"`
	Shown    map[string]int `json:"shown_percent"` // by column of the rows, or by table of its cells
}

func (r *release) public() publicReport {
	o := r.out
	p := publicReport{ID: o.ID, Kinds: o.Kinds, K: o.K, Base: o.Base, Unit: "person", Shown: map[string]int{}}
	if w := o.Rows; w != nil {
		p.Rows, p.LeftOut, p.Classes, p.Smallest = w.Shown, w.LeftOut, w.Classes, w.Smallest
		for _, c := range w.Columns {
			p.Shown[c.Name] = whole(c.Kept, c.Values)
		}
	}
	if w := o.Tables; w != nil {
		for _, t := range w.Tables {
			p.Shown[t.Name] = whole(t.Shown, t.Cells)
		}
	}
	return p
}

// whole is a share in whole percent.
func whole(n, of int64) int {
	if of == 0 {
		return 100
	}
	return int(math.Round(100 * float64(n) / float64(of)))
}

// ReleaseReport is the path of the report for the house of a release.
func (h *Home) ReleaseReport(id string) string {
	return h.path(stateDir, releasesDir, id, releaseReportPage)
}

// page is the report as a page of Markdown: in full for the house, or as it goes out.
func (r *release) page(full bool) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Release %s", r.out.ID)
	line("")
	switch {
	case r.out.Rows != nil && full:
		r.rowsPage(line)
	case r.out.Rows != nil:
		r.rowsOut(line)
	case full:
		r.tablesPage(line)
	default:
		r.tablesOut(line)
	}
	line("")
	line("A row, or a count of one, is a person as linkage found the person, not a case record: somebody whom several organisations")
	line("registered is there once. People known to these organisations are not all who were trafficked.")
	return b.String()
}

func (r *release) rowsOut(line func(string, ...any)) {
	o, w := r.out, r.out.Rows
	line("%d rows, one a person. What identifies is k-anonymous with k = %d: each combination that is shown of the columns below, blanks", w.Shown, o.K)
	line("among it, is of %d persons or more. %d persons were left out, since they could not be protected. A blank is a value that was", w.Smallest, w.LeftOut)
	line("withheld, or is not known; of some rows the year is a period of %d.", periodYears)
	line("")
	line("| column | values shown as they are |")
	line("| --- | ---: |")
	for _, c := range w.Columns {
		line("| %s | %d %% |", c.Name, whole(c.Kept, c.Values))
	}
	line("")
	line("Counts from these rows are too low where values are blanked. To know that somebody is in a combination of which all rows state")
	line("the same is to know what they state: k-anonymity does not hide that. It holds for this release alone.")
}

func (r *release) tablesOut(line func(string, ...any)) {
	o, w := r.out, r.out.Tables
	line("Counts of persons. A count of 1 to %d is withheld, and so are others beside it, so that no withheld count can be", o.K-1)
	line("worked out from all of these tables, and earlier ones, to within %d. What is shown is rounded to %d. A cell that is not", o.K, o.Base)
	line("listed is zero. `_T` is all, `_U` is not known or not stated, `_O` is all values that too few have. Where not more than")
	line("%d %% of the persons lack a sex or an age, they are not counted.", fewUnknown)
	line("")
	line("| table, with its margins | cells shown |")
	line("| --- | ---: |")
	for _, t := range w.Tables {
		line("| %s | %d %% |", t.Name, whole(t.Shown, t.Cells))
	}
}

func (r *release) rowsPage(line func(string, ...any)) {
	o, w := r.out, r.out.Rows
	persons := w.Shown + w.LeftOut
	line("For the house: with what is released, these counts tell of what is withheld.")
	line("")
	line("k = %d; the smallest combination is of %d persons.", o.K, w.Smallest)
	line("")
	line("| | |")
	line("| --- | ---: |")
	line("| persons shown | %d of %d (%s) |", w.Shown, persons, percent(w.Shown, persons))
	line("| left out, since no combination of theirs is of %d | %d (%s) |", o.K, w.LeftOut, percent(w.LeftOut, persons))
	line("| rows with nothing withheld | %d (%s) |", w.Whole, percent(w.Whole, persons))
	line("| identifying values shown as they are | %s |", percent64(w.Kept, w.Cells))
	line("| and shown as a period of %d years | %s |", periodYears, percent64(w.MadeCoarser, w.Cells))
	line("| combinations shown | %d |", w.Classes)
	line("| rows whose combination has only one set of purposes | %d (%s) |", w.Unanimous, percent(w.Unanimous, persons))
	line("")
	line("CTDC says that its k-anonymised releases lost about %d %% of the records.", statedLoss)
	line("")
	line("| column | persons with a value | shown | coarser | blanked |")
	line("| --- | ---: | ---: | ---: | ---: |")
	for _, c := range w.Columns {
		line("| %s | %d | %s | %s | %s |", c.Name, c.Values, percent64(c.Kept, c.Values), percent64(c.Coarser, c.Values), percent64(c.Blanked, c.Values))
	}
	line("")
	line("Counts from the rows by value, in percent of the true count:")
	line("")
	figuresTable(line, w.Figures)
}

func (r *release) tablesPage(line func(string, ...any)) {
	w := r.out.Tables
	line("For the house: with what is released, these counts tell of what is withheld.")
	line("")
	line("| table | cells with persons | shown | persons in shown cells |")
	line("| --- | ---: | ---: | ---: |")
	for _, t := range w.Tables {
		line("| %s | %d | %s | %s |", t.Name, t.Cells, percent64(t.Shown, t.Cells), percent64(t.PersonsShown, t.Persons))
	}
	line("")
	line("| | |")
	line("| --- | ---: |")
	line("| persons left out: their sex or age is not known | %d |", w.Uncounted)
	line("| cells withheld since they, or what changed in them, are small | %d |", w.Small)
	line("| cells withheld beside them | %d |", w.Beside)
	line("| tables that could not be protected, and are withheld whole | %d |", w.Closed)
	line("| largest and mean rounding, in percent of the count | %.1f and %.1f |", w.LargestRounding, w.MeanRounding)
}

// figuresTable is the smallest and largest deviation, and the mean of all, by column: one line a value is in the report for programs.
func figuresTable(line func(string, ...any), figures []ReleaseFigure) {
	line("| column | figures | mean deviation | largest |")
	line("| --- | ---: | ---: | ---: |")
	var names []string
	sum, most, n := map[string]float64{}, map[string]ReleaseFigure{}, map[string]int{}
	for _, f := range figures {
		name, _, _ := strings.Cut(f.Of, " ")
		if n[name] == 0 {
			names = append(names, name)
		}
		n[name]++
		sum[name] += math.Abs(f.Deviation)
		if n[name] == 1 || math.Abs(f.Deviation) > math.Abs(most[name].Deviation) {
			most[name] = f
		}
	}
	for _, name := range names {
		line("| %s | %d | %.1f %% | %.1f %% |", name, n[name], sum[name]/float64(n[name]), most[name].Deviation)
	}
}

func percent(n, of int) string { return percent64(int64(n), int64(of)) }

func percent64(n, of int64) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}
