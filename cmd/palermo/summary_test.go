package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"palermo/diag"
	"palermo/pipeline"
)

func typeName(v any) string { return fmt.Sprintf("%T", v) }

func file(status string, loaded, rejected int64) pipeline.FileSummary {
	return pipeline.FileSummary{Submission: "s1", Agency: "unodc", Name: "t.csv", Status: status,
		Rows: pipeline.Balance{Unit: "rows", Read: loaded + rejected, Loaded: loaded, Rejected: rejected}}
}

func TestHeadlineAndStatus(t *testing.T) {
	accepted := file(pipeline.StatusAccepted, 10, 0)
	part := file(pipeline.StatusAcceptedInPart, 9, 1)
	unknown := file(pipeline.StatusQuarantined, 0, 0)
	again := accepted
	again.Duplicate = true
	againPart := part
	againPart.Duplicate = true
	tests := []struct {
		name                        string
		status                      string
		files                       []pipeline.FileSummary
		want                        string
		never, rejected, quarantine int
	}{
		{"good", pipeline.RunPublished, []pipeline.FileSummary{accepted, part}, "Published: 19 rows loaded from 2 new files.", 0, 5, 5},
		{"good and bad", pipeline.RunPublished, []pipeline.FileSummary{accepted, unknown}, "Published: 10 rows loaded from 1 new file.", 0, 0, 5},
		{"only bad", pipeline.RunPublished, []pipeline.FileSummary{unknown, unknown}, "None of the 2 new files could be used; everything else stands as it was published before.", 0, 0, 5},
		{"one bad", pipeline.RunPublished, []pipeline.FileSummary{unknown}, "The only new file could not be used; everything else stands as it was published before.", 0, 0, 5},
		{"nothing", pipeline.RunNothingNew, nil, "Nothing new: the last snapshot stands.", 0, 0, 0},
		{"copies", pipeline.RunNothingNew, []pipeline.FileSummary{again, againPart}, "Nothing new: 2 files received before. The last snapshot stands.", 0, 0, 0},
		{"another mapping", pipeline.RunPublished, nil, "Published again, because a mapping or a setting changed: 3 files made anew.", 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDigest("/home", &pipeline.Summary{Status: tt.status, Files: tt.files, Made: 3})
			if got := d.headline(); got != tt.want {
				t.Errorf("headline %q, want %q", got, tt.want)
			}
			for on, want := range map[string]int{failNever: tt.never, failRejected: tt.rejected, failQuarantined: tt.quarantine} {
				if got := d.status(on); got != want {
					t.Errorf("--fail-on %s: exit %d, want %d", on, got, want)
				}
			}
		})
	}
}

// A value that was kept with a finding is never printed.
func TestSummaryNeverPrintsAValue(t *testing.T) {
	f := file(pipeline.StatusAcceptedInPart, 9, 1)
	f.Found = []pipeline.Found{{Diagnostic: diag.Diagnostic{Code: diag.CodeUnmapped, Severity: diag.Warning,
		Pos: diag.Pos{File: "t.csv", Row: 3, Col: 4}, Field: "sex_code", Message: "no code for this value", Value: "Jane Doe"}}}
	d := newDigest("/home", &pipeline.Summary{Status: pipeline.RunPublished, Files: []pipeline.FileSummary{f}})
	var text, js bytes.Buffer
	d.text(&printer{w: &text})
	if err := writeJSON(&js, d); err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{text.String(), js.String()} {
		if strings.Contains(got, "Jane") || !strings.Contains(got, "line 3:4: sex_code: no code for this value [code.unmapped]") {
			t.Errorf("got %s", got)
		}
	}
}
