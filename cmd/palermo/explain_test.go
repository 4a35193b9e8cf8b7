package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"palermo/diag"
	"palermo/pipeline"
	"palermo/transform"
)

func explanation() *explained {
	return &explained{Differs: []string{}, Explanation: &pipeline.Explanation{
		ID: "s1.1.4", Table: "statistic", Sheet: "Table 3", Source: "demo_police", Vintage: "2021", Row: 4,
		Published:  map[string]string{"sex_code": "female", "value_low": "12"},
		Submission: pipeline.Submission{ID: "s1", Receipt: "PAL-2026-000001", Name: "t.xlsx", Agency: "police", Received: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		Fields: []transform.Trace{
			{Field: "sex_code", Values: map[string]string{"sex_code": "female"}, Rule: "codes:sex", Note: "a judgement",
				Cells: []transform.TraceCell{{Column: "Sexe", Row: 4, Col: 2, Text: "F", Used: true}, {Column: "Autre", Row: 4, Col: 9, Text: "x"}},
				Said:  diag.Pos{File: "demo_police/mapping.yaml", Row: 10, Col: 9}, Codes: diag.Pos{File: "demo_police/codes/sex.csv", Row: 3}},
			{Field: "value", Values: map[string]string{"value_low": "12", "value_text": "12"}, Rule: "parse:count"},
			{Field: "partner_code", Values: map[string]string{}, Status: "not_collected"},
		},
	}}
}

func TestExplainText(t *testing.T) {
	tests := []struct {
		name   string
		change func(*explained)
		want   []string
	}{
		{"all fields", func(*explained) {}, []string{
			"  row         t.xlsx[Table 3]!4\n", "  sex_code  female           B4    F     codes:sex    demo_police/codes/sex.csv:3\n",
			"  value     low 12, text 12              parse:count\n", "  Empty: partner_code\n"}},
		{"one field", func(e *explained) { _ = e.narrow("sex_code") }, []string{
			"  sex_code = female\n", "  <- cell     t.xlsx[Table 3]!B4, column Sexe\n", `    text     "F"`, "!I4, column Autre (passed over)\n",
			"  <- mapping  demo_police/mapping.yaml:10:9\n", "  <- codes    demo_police/codes/sex.csv:3\n", "    note     a judgement\n"}},
		{"an empty field", func(e *explained) { _ = e.narrow("partner_code_status") }, []string{"  is empty\n", "    status   not collected\n"}},
		{"another value is published", func(e *explained) { e.Differs = []string{"value_low"}; e.Published["value_low"] = "11" }, []string{
			`  differs     column value_low is published as "11"; the cells give "12" now`}},
		{"another value is published, one field", func(e *explained) {
			e.Differs, e.Published["value_low"] = []string{"value_low"}, "11"
			_ = e.narrow("value_low")
		}, []string{`  value_low = 12 (published: "11")`}},
		{"not published", func(e *explained) { e.Published = nil }, []string{"  published   the row is not in the current snapshot\n"}},
		{"rejected", func(e *explained) { e.Rejected = &pipeline.Rejection{Code: diag.ValueMissing, Field: "year"} }, []string{
			"  rejected    year: A value that the row cannot do without is blank. [value.missing]\n", "waits in quarantine"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := explanation()
			tt.change(e)
			var b bytes.Buffer
			e.text(&printer{w: &b})
			for _, want := range tt.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %q in:\n%s", want, b.String())
				}
			}
			if e.headline() == "" {
				t.Error("no headline")
			}
		})
	}
}

func TestNarrow(t *testing.T) {
	for name, want := range map[string]string{"sex_code": "sex_code", "value": "value", "value_low": "value", "value_status": "value", "sex": "", "value_x": ""} {
		e := explanation()
		err := e.narrow(name)
		if (err == nil) != (want != "") || e.only != want {
			t.Errorf("narrow(%q) = %v, field %q; want %q", name, err, e.only, want)
		}
	}
}
