//go:build !race

package assist

import (
	"strings"
	"testing"

	"palermo/mappings"
	"palermo/schemas"
)

// sheet is a table of the lines, cells parted by commas.
func sheet(t *testing.T, lines string) *Table {
	t.Helper()
	var rows []mappings.PreviewRow
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		rows = append(rows, mappings.PreviewRow{Num: i + 1, Cells: strings.Split(line, ",")})
	}
	h, header := FindHeader(rows)
	if h.Row == 0 {
		t.Fatal("no header")
	}
	p := NewProfiler("", h, header)
	for _, r := range rows {
		p.Row(r.Num, r.Cells)
	}
	return p.Table()
}

// said is what a suggestion says for certain of the column.
func said(s *Suggestion, name string) string {
	for i := range s.Columns {
		if a := &s.Columns[i]; a.Column.Name == name && a.Certain {
			if a.Level {
				return "level " + a.Proposals[0].String()
			}
			return a.Proposals[0].String()
		}
	}
	return ""
}

// TestSpread holds what figures that stand across are taken for, and what is not taken for such.
func TestSpread(t *testing.T) {
	l := words(t)
	for _, tt := range []struct {
		name, lines string
		want        map[string]string
		draft       string
	}{
		{"sexes, with a total and a change", "Nationality,Women,Men,Total,Change %\nAlbania,12,30,42,5%\nKenya,3,1,4,-2%\nNepal,5,5,10,1%",
			map[string]string{"Women": "level statistic.sex_code", "Men": "level statistic.sex_code", "Total": "level statistic.sex_code", "Change %": ""},
			`unpivot: {levels: [{as: The header, is: ["Women", "Men", "Total"]}], value: The figure}`},
		{"sexes and ages in one header", "Godina,Muškarci,Žene,0-17 godina,18-30 godina\n2019,12,30,42,15\n2020,13,21,34,12\n2021,15,25,10,11",
			map[string]string{"Žene": "level statistic.sex_code", "0-17 godina": "level statistic.age_code", "Godina": "statistic.year"},
			"- {from: The header, to: age_code, codes: age}"},
		{"forms, one unknown to every list", "District,Begging,Forced labour,Zzz,Forced marriage,All\nNorth,2,3,4,5,14\nSouth,7,8,9,1,25\nEast,2,2,2,2,8",
			map[string]string{"Begging": "level statistic.purpose_code", "Zzz": "level statistic.purpose_code", "All": "level statistic.purpose_code"}, ""},
		{"years with a number and a share", "Category,2019,,2020,,2021,\n,n,%,n,%,n,%\nWomen,10,50,12,40,9,30\nMen,11,50,15,60,21,70",
			map[string]string{"2019 / n": "level statistic.year", "2021 / %": "level statistic.year"},
			`levels: [{as: The year, parse: year}, {as: The measure, is: ["n", "%"]}]`},
		{"flags of persons", "Case number,Date of birth,Begging,Forced labour\nA1,1990-02-03,1,0\nA2,1991-02-03,0,1\nA3,1992-02-03,1,1",
			map[string]string{"Begging": "record_purpose.purpose_code=begging"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := l.Suggest(sheet(t, tt.lines))
			for name, want := range tt.want {
				if got := said(s, name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			d, err := l.Draft(s, DraftOptions{Source: "x", Title: "X", Vintage: "draft"})
			if err != nil {
				t.Fatal(err)
			}
			if got := string(d.Files["mapping.yaml"]); !strings.Contains(got, tt.draft) {
				t.Errorf("the draft lacks %s:\n%s", tt.draft, got)
			}
		})
	}
}

// TestHeaderRows holds which row is the header where machine names stand above what people read.
func TestHeaderRows(t *testing.T) {
	for _, tt := range []struct {
		lines string
		row   int
		first string
	}{
		{"prs_FirstName,prs_HomePhone,cas_CaseOwner\nFirst Name,Home Phone,Case Owner\nAna,12345,X", 2, "First Name"},
		{"prs_FirstName,prs_HomePhone,cas_CaseOwner\n1,2,3\nFirst Name,Home Phone,Case Owner", 3, "First Name"},
		{"firstName,homePhone,caseOwner\nAna,12345,X\nEva,23456,X", 1, "firstName"},
	} {
		if got := sheet(t, tt.lines); got.HeaderRow != tt.row || got.Columns[0].Name != tt.first {
			t.Errorf("the header of %q is row %d, %q", tt.lines, got.HeaderRow, got.Columns[0].Name)
		}
	}
}

// TestSettled holds what other columns, and cells, say of a column.
func TestSettled(t *testing.T) {
	l := words(t)
	s := l.Suggest(sheet(t, "Zzz,Signature,Ratification\nAlbania,2000-12-12,2002-08-21\nKenya,,2005-01-05\nNepal,,2020-06-16\nPeru,2000-12-14,2002-01-23"))
	if got := said(s, "Zzz"); got != "treaty_action.country_code" {
		t.Errorf("the only column of countries is %q", got)
	}
	s = l.Suggest(sheet(t, "Case number,Education\nA1,primary\nA2,secondary\nA3,university"))
	if got := said(s, "Education"); got != "record.education_code" {
		t.Errorf("Education is %q, though it has no years in it", got)
	}
}

// TestWordsInWords holds words that stand inside others, or are spelt otherwise.
func TestWordsInWords(t *testing.T) {
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewLexicon(schemas.Builtin(), set, "sdg_16_2_2", "us_tip") // which list some of these
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ list, word, header, want string }{
		{"indicator", "Total, persons charged this year", "", "persons_charged"},
		{"unit", "Rate of cases per 100,000 population", "", "per_100000"},
		{"country", "Bermuuda", "", "BMU"},
		{"country", "Urkaine", "", "UKR"},
		{"country", "Réunion (a part of France)", "", "REU"},
		{"dimension", "Germany", "Country of destination", "by_destination"},
		{"dimension", "Germany", "Citizenship", "by_citizenship"},
		{"dimension", "Forced begging", "", "by_exploitation"},
	} {
		ps := l.CodesUnder(tt.list, tt.word, tt.header)
		if len(ps) == 0 || ps[0].Code != tt.want {
			t.Errorf("%s %q under %q is %v, want %s", tt.list, tt.word, tt.header, ps, tt.want)
		} else if ps[0].Score >= certainWord {
			t.Errorf("%s %q is taken for certain: %v", tt.list, tt.word, ps)
		}
	}
}
