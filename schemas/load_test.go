package schemas

import (
	"errors"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestBuiltinLoads(t *testing.T) {
	s, err := Load(embedded)
	if err != nil {
		t.Fatal(err)
	}
	if s.Version == "" || len(s.Digest()) != 64 {
		t.Errorf("version %q, digest %q", s.Version, s.Digest())
	}
	if Builtin().Digest() != s.Digest() {
		t.Error("Builtin and Load differ")
	}
}

// TestStatisticColumns holds the columns that mappings, transforms and queries name.
func TestStatisticColumns(t *testing.T) {
	want := strings.Fields(`statistic_id source_id vintage vintage_date
		reporter_code reporter_code_status reporter_code_as_reported reporter_scope_code
		population_code overlaps_with indicator_code dimension_code purpose_code purpose_code_status
		sex_code age_code age_years_low age_years_high age_years_status
		citizenship_code citizenship_code_status citizenship_code_as_reported citizenship_scope_code
		partner_code partner_code_status partner_code_as_reported partner_scope_code partner_role_code
		breakdown breakdown_value year period_from period_to is_partial_period unit_code
		value_text value_low value_high value_status base_text base_low base_high is_total _submission _sheet _row _col`)
	var got []string
	for _, c := range Builtin().Table("statistic").Columns() {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestEveryListIsUsed(t *testing.T) {
	used := map[string]bool{"purpose": true}
	for _, table := range Builtin().Tables {
		for _, c := range table.Columns() {
			used[c.Codes] = true
			if rest, ok := strings.CutPrefix(c.Meaning, "Codes of the list "); ok { // a text of several, joined by ;
				name, _, _ := strings.Cut(rest, " ")
				used[strings.TrimSuffix(name, ",")] = true
			}
		}
	}
	for _, l := range Builtin().Lists {
		if !used[l.Name] {
			t.Errorf("code list %s is of no field", l.Name)
		}
	}
}

func TestTables(t *testing.T) {
	for _, table := range Builtin().Tables {
		if !slices.ContainsFunc(table.Fields, func(f Field) bool { return f.Key }) {
			t.Errorf("table %s has no key", table.Name)
		}
		if f := table.Field("value_status"); f != nil && f.Codes != "value_status" {
			t.Errorf("table %s: value_status is of the list %q", table.Name, f.Codes)
		}
		for _, f := range table.Fields {
			if strings.HasSuffix(f.Name, "_code") && f.Type != Code && f.Name != "reason_code" && f.Name != "parent_code" &&
				!strings.HasSuffix(f.Name, "region_code") {
				t.Errorf("%s.%s is named a code and is %s", table.Name, f.Name, f.Type)
			}
			if (f.Type == Truth) != strings.HasPrefix(f.Name, "is_") {
				t.Errorf("%s.%s: a truth starts with is_, and nothing else does", table.Name, f.Name)
			}
		}
	}
}

// small is the least that loads, with one table.
func small() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	const header = "code,parent,label_en,definition,ref\n"
	return fstest.MapFS{
		"schema.yaml":            file("version: \"1\"\ntables: [thing]\nviews: []\n"),
		"codes/_lists.csv":       file("list,meaning\nsex,Sex\ncountry,Countries\ncountry_kind,Kinds\nname_kind,Kinds\nprecision,P\nbasis,B\nvalue_status,V\n"),
		"codes/sex.csv":          file("code,parent,label_en,definition,ref,label_fr\nfemale,,Female,,,Femme\nmale,,Male,,,\n"),
		"codes/country_kind.csv": file(header + "country,,Country,,\nformer,,Former,,\n"),
		"codes/name_kind.csv":    file(header + "short,,Short,,\n"),
		"codes/precision.csv":    file(header + "day,,Day,,\n"),
		"codes/basis.csv":        file(header + "interview,,Interview,,\n"),
		"codes/value_status.csv": file(header + "unknown,,Unknown,,\n"),
		"codes/country.csv":      file(strings.Join(countryHeader, ",") + "\nALB,AL,008,country,Albania,,,150,Europe,039,Southern Europe,,,\n"),
		"codes/country_name.csv": file("code,lang,name,kind\nALB,sq,Shqipëri,short\n"),
		"tables/thing.yaml": file(`table: thing
title: Things
meaning: One thing.
group: cases
zone: analyst
origin: false
fields:
  - {name: thing_id, type: text, key: true, class: none, meaning: "Its id"}
  - {name: sex_code, type: code, codes: sex, class: quasi, coarsen: as_is, status: true, meaning: "Its sex"}
`),
	}
}

func TestLoadSmall(t *testing.T) {
	s, err := Load(small())
	if err != nil {
		t.Fatal(err)
	}
	want := []CodeEntry{
		{Code: "female", Labels: map[string]string{"en": "Female", "fr": "Femme"}},
		{Code: "male", Labels: map[string]string{"en": "Male"}},
	}
	if diff := cmp.Diff(want, s.List("sex").Codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if got := s.List("country").Codes[0].Labels["sq"]; got != "Shqipëri" {
		t.Errorf("label in Albanian = %q", got)
	}
}

func TestLoadFaults(t *testing.T) {
	const table, statuses, countries = "tables/thing.yaml", "codes/value_status.csv", "codes/country.csv"
	for _, tt := range []struct {
		name, file, old, new, want string
	}{
		{"not YAML", table, "fields:", "fields: [", table + ":7:1: "},
		{"an unknown entry", table, "class: none", "klass: none", table + `:8:45: unknown entry "klass"`},
		{"an unknown entry of the table", table, "zone:", "sone:", table + `:5:1: unknown entry "sone"`},
		{"a wrong type", table, "origin: false", "origin: perhaps", table + ":6:1: cannot unmarshal"},
		{"no such list", table, "codes: sex", "codes: sexx", table + `:9:41: no code list "sexx"`},
		{"a list for a text", table, "type: text", "type: text, codes: sex", table + ":8:41: a code list for a field that is no code"},
		{"no such class", table, "class: none", "class: some", table + `:8:52: no class "some"`},
		{"no such zone", table, "zone: analyst", "zone: open", table + `:5:7: no zone "open"`},
		{"no such group", table, "group: cases", "group: case", table + `:4:8: no group "case"`},
		{"no such type", table, "type: text", "type: string", table + `:8:28: no type "string"`},
		{"no meaning", table, `"Its id"`, `""`, table + `:8:67: field "thing_id" without meaning`},
		{"not snake_case", table, "thing_id", "thingId", table + `:8:12: name "thingId" is not snake_case`},
		{"a column twice", table, "sex_code", "thing_id", table + `:9:12: column "thing_id" is that of field "thing_id" too`},
		{"a companion twice", table, "name: thing_id, type: text, key: true", "name: sex_code_status, type: text", table + `:9:12: column "sex_code_status"`},
		{"a quasi field as it is", table, "coarsen: as_is, ", "", table + ":9:53: a quasi field that does not say how it is coarsened"},
		{"no such coarsening", table, "coarsen: as_is", "coarsen: blur", table + `:9:69: no coarsening "blur"`},
		{"a direct field as it is", table, "class: quasi", "class: direct", "a direct field cannot leave the vault as it is"},
		{"a sensitive field made coarser", table, "class: quasi", "class: sensitive", "a coarsening of a field that is neither quasi nor direct"},
		{"a code's month", table, "coarsen: as_is", "coarsen: month", "only an interval of dates becomes its month"},
		{"a code's band", table, "coarsen: as_is", "coarsen: band", "only an interval of numbers becomes a band"},
		{"no such bands", table, "type: code, codes: sex, class: quasi, coarsen: as_is", "type: integer, interval: true, class: quasi, coarsen: band, bands: of",
			`no bands "of"`},
		{"bands of no band", table, "coarsen: as_is", "coarsen: as_is, bands: age", "bands of a field that is not coarsened to bands"},
		{"a keyed id that is no text", table, "status: true", "keyed: true", "a keyed id that is no text"},
		{"an interval of text", table, "key: true", "interval: true", table + `:8:44: an interval of type "text"`},
		{"a text companion", table, "key: true", "text: true", table + ":8:40: text companion"},
		{"no such reference", table, "key: true", "references: thing.other", table + `:8:46: no field "thing.other"`},
		{"another table's name", table, "table: thing", "table: things", table + `:1:8: table "things" in the file of "thing"`},
		{"a table that is not there", "schema.yaml", "[thing]", "[thing, other]", "schema.yaml:2:17: no file tables/other.yaml"},
		{"a table that is not listed", "schema.yaml", "[thing]", "[]", "schema.yaml:1:1: tables/thing.yaml is not listed"},
		{"no version", "schema.yaml", `"1"`, `""`, "schema.yaml:1:1: no version"},
		{"a list without meaning", "codes/_lists.csv", "sex,Sex\n", "", "codes/sex.csv:1:1: codes/_lists.csv has no meaning"},
		{"a meaning without list", "codes/_lists.csv", "sex,Sex", "sex,Sex\nsexx,S", `codes/_lists.csv:1:1: no code list "sexx"`},
		{"a wrong header", statuses, "definition", "meaning", statuses + ":1:1: the header must begin with code,parent"},
		{"an unknown column", statuses, "definition,ref", "definition,ref,x", statuses + `:1:1: unknown column "x"`},
		{"a ragged row", statuses, "unknown,,Unknown,,", "unknown,,Unknown", statuses + ":2:1: wrong number of fields"},
		{"no label", statuses, "Unknown", "", statuses + ":2:10: code without an English label"},
		{"a code twice", "codes/sex.csv", "\nmale", "\nfemale", `codes/sex.csv:3:1: code "female" twice`},
		{"no such parent", "codes/sex.csv", "male,,Male", "male,x,Male", `codes/sex.csv:3:6: no code "x" to be the parent`},
		{"a country of no form", countries, "ALB", "AL", countries + `:2:1: code "AL" is not of its form`},
		{"a year of no form", countries, "Albania,,", "Albania,91,", countries + `:2:28: valid_from "91"`},
		{"a country of no kind", countries, "008,country", "008,state", countries + `:2:12: no kind "state"`},
		{"a successor that is not there", countries, "Southern Europe,,", "Southern Europe,XXX,", countries + `:2:1: no country "XXX"`},
		{"a name of no country", "codes/country_name.csv", "ALB", "ALX", `codes/country_name.csv:2:1: no country "ALX"`},
		{"a name of no kind", "codes/country_name.csv", "i,short", "i,long", `codes/country_name.csv:2:18: no kind "long"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := maps.Clone(small())
			was := string(files[tt.file].Data)
			if !strings.Contains(was, tt.old) {
				t.Fatalf("%s does not hold %q", tt.file, tt.old)
			}
			files[tt.file] = &fstest.MapFile{Data: []byte(strings.Replace(was, tt.old, tt.new, 1))}
			_, err := Load(files)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestLoadReportsAllFaults(t *testing.T) {
	files := small()
	was := string(files["tables/thing.yaml"].Data)
	files["tables/thing.yaml"] = &fstest.MapFile{Data: []byte(strings.NewReplacer("codes: sex", "codes: x", "class: none", "class: y").Replace(was))}
	_, err := Load(files)
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("Load = %v, want two faults", err)
	}
}

func TestLoadFigures(t *testing.T) {
	lists := map[string]string{"figure_base": "stated", "figure_relation": "equals", "figure_nature": "count"}
	const good = "f.one,iom_ctm,People,records,2001,2001-01-01,2001-12-31,cases,all,stated,equals,12,12,12,cases,count,yes,,Somebody 2005\n"
	for _, tt := range []struct{ name, old, new, want string }{
		{"good", "", "", ""},
		{"an open period and no base", "2001-01-01,2001-12-31,cases,all,stated", ",2001-12-31,cases,,", ""},
		{"twice", "\n", "\n" + good, `figures.csv:3:1: figure "f.one" twice`},
		{"no measure", "cases,all", ",all", "figures.csv:2:57: figure without measure"},
		{"no such relation", "equals", "is", `list "figure_relation" has no code "is"`},
		{"no such base", "stated", "said", `list "figure_base" has no code "said"`},
		{"a day of no form", "2001-12-31", "2001-12", `figures.csv:2:46: "2001-12" is no day`},
		{"a number of no form", "12,12,12", "12,12,x", `"x" is no number`},
		{"neither yes nor no", "yes", "maybe", "comparable is yes or no"},
		{"comparable with nothing", "iom_ctm", "", "figures.csv:2:7: a figure has a source where it is comparable"},
		{"not comparable, without a reason", "f.one,iom_ctm,People,records,2001,2001-01-01,2001-12-31,cases,all,stated,equals,12,12,12,cases,count,yes",
			"f.one,,People,records,2001,,,cases,all,stated,equals,12,12,12,cases,count,no", "a reason where it is not comparable"},
		{"an end before the beginning", "12,12,12", "12,12,11", "ends before it begins"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := small()
			for list, code := range lists {
				files["codes/"+list+".csv"] = &fstest.MapFile{Data: []byte("code,parent,label_en,definition,ref\n" + code + ",,L,,\n")}
				files["codes/_lists.csv"] = &fstest.MapFile{Data: append(files["codes/_lists.csv"].Data, (list + ",L\n")...)}
			}
			files["figures.csv"] = &fstest.MapFile{Data: []byte(strings.Join(figureHeader, ",") + "\n" + strings.Replace(good, tt.old, tt.new, 1))}
			s, err := Load(files)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Load = %v\nwant %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Figures) != 1 || s.Figures[0].Low == nil || *s.Figures[0].High != 12 || s.Figures[0].To.Month() != 12 {
				t.Errorf("figures %+v", s.Figures)
			}
		})
	}
}

func TestLoadView(t *testing.T) {
	const good = `view: v
title: V
meaning: A view.
columns:
  - {name: a, from: thing.thing_id}
  - {name: b, meaning: "B"}
sql: SELECT 1
`
	for _, tt := range []struct{ name, old, new, want string }{
		{"good", "", "", ""},
		{"no such column", "thing.thing_id", "thing.nothing", `views/v.yaml:5:21: no column "thing.nothing"`},
		{"a column twice", "name: b", "name: a", `views/v.yaml:6:12: column "a" twice`},
		{"two meanings", "meaning: \"B\"", "meaning: \"B\", from: thing.thing_id", `views/v.yaml:6:35: column "b" has both`},
		{"no statement", "SELECT 1", `""`, "views/v.yaml:1:1: view without"},
		{"another name", "view: v", "view: w", `views/v.yaml:1:7: view "w" in the file of "v"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := small()
			files["schema.yaml"] = &fstest.MapFile{Data: []byte("version: \"1\"\ntables: [thing]\nviews: [v]\n")}
			files["views/v.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(good, tt.old, tt.new, 1))}
			_, err := Load(files)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Load = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	a, err := Load(small())
	if err != nil {
		t.Fatal(err)
	}
	files := small()
	files["codes/sex.csv"].Data = append(files["codes/sex.csv"].Data, "other,,Other,,,\n"...)
	b, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest() == b.Digest() {
		t.Error("the digest does not see a new code")
	}
}

var placed = regexp.MustCompile(`^[^:]+:\d+:\d+: `)

// FuzzLoad changes one table and one code list: every fault is placed, and nothing panics.
func FuzzLoad(f *testing.F) {
	files := small()
	f.Add(files["tables/thing.yaml"].Data, files["codes/sex.csv"].Data)
	f.Add([]byte("fields: [{name: a, type: code}, 3]"), []byte("code,parent\n\"a"))
	f.Fuzz(func(t *testing.T, table, list []byte) {
		files := small()
		files["tables/thing.yaml"] = &fstest.MapFile{Data: table}
		files["codes/sex.csv"] = &fstest.MapFile{Data: list}
		s, err := Load(files)
		if err == nil {
			s.Table("thing").BatchSchema()
			DDL(s.Table("thing"), ZoneAnalyst)
			return
		}
		if errors.Is(err, fs.ErrNotExist) || !placed.MatchString(err.Error()) {
			t.Errorf("a fault without a place: %v", err)
		}
	})
}
