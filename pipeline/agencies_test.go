package pipeline_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"palermo/diag"
	"palermo/fixtures"
	"palermo/pipeline"
)

// TestSourcesOfAnAgency: a file of a source that its agency does not send is set aside whole, says
// so, and is loaded once the agency may send it.
func TestSourcesOfAnAgency(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	check(t, fixtures.GlotipCSV(&b, fixtures.GlotipOptions{Seed: 1, Rows: 20}))
	home := newHome(t, map[string][]byte{"unodc/a.csv": b.Bytes(), "other/b.csv": append(b.Bytes(), b.Bytes()[bytes.LastIndexByte(b.Bytes()[:b.Len()-1], '\n')+1:]...)})
	config := filepath.Join(home, "palermo.yaml")
	write(t, config, []byte("agencies:\n  unodc: {sources: [unodc_glotip]}\n  other: {sources: [iom_ctm], deadline_days: 30, retention_days: 90}\n"))
	s := run(t, home, pipeline.Options{Now: clock(1)})
	for _, f := range s.Files {
		astray := f.Agency == "other"
		if (f.Status == pipeline.StatusQuarantined) != astray || (f.Rows.Loaded == 0) != astray {
			t.Errorf("%s: %s, %+v", f.Agency, f.Status, f.Rows)
		}
		if astray && (len(f.Found) != 1 || f.Found[0].Code != diag.FileSource || int64(f.Rows.Skipped["unmapped_sheet"]) != f.Rows.Read) {
			t.Errorf("found %v, %+v", f.Found, f.Rows)
		}
	}
	if len(s.Overdue) > 0 {
		t.Errorf("overdue %v", s.Overdue)
	}
	write(t, config, []byte("agencies:\n  other: {sources: [iom_ctm, unodc_glotip], deadline_days: 30, retention_days: 90}\n"))
	later := func() time.Time { return clock(1)().AddDate(0, 6, 0) }
	s = run(t, home, pipeline.Options{Now: later})
	if s.Made != 1 && s.Made != 2 || s.Rows.Loaded != s.Rows.Read || len(s.Overdue) != 1 || s.Overdue[0].Agency != "other" {
		t.Errorf("made %d, %+v, overdue %v", s.Made, s.Rows, s.Overdue)
	}
	for _, c := range pipeline.Doctor(home, "", later()) {
		if c.Name == "retention" && (c.Status != pipeline.Warn || !strings.Contains(c.Message, "other has 1")) {
			t.Errorf("retention: %+v", c)
		}
	}
}

func TestAgencySettings(t *testing.T) {
	t.Parallel()
	home := newHome(t, nil)
	for text, want := range map[string]string{
		"agencies: {a: {sources: [nobody]}}":                                 `agencies.a.sources: there is no source "nobody"`,
		"agencies: {a: {cumulative: [iom_ctm], sources: [unodc_glotip]}}":    `agencies.a.cumulative: "iom_ctm" is not among its sources`,
		"agencies: {a: {language: french!}}":                                 `agencies.a.language: "french!" is no tag of a language, as fr or pt-BR`,
		"agencies: {a: {rank: -1}}":                                          "a number below zero",
		"agencies: {a: {deadline: 3}}":                                       `there is no setting "deadline" here`,
		"intake: {worker_mib: 64}":                                           "no file can be read in less than 192 MiB",
		"intake: {worker_mib: -5}":                                           "a number in it is below zero",
		"agencies: {a: {language: pt-BR, rank: 2, sources: [unodc_glotip]}}": "",
	} {
		check(t, os.WriteFile(filepath.Join(home, "palermo.yaml"), []byte(text), 0o600))
		_, err := pipeline.OpenHome(home, "")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
