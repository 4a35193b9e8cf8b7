package link

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRoleOf(t *testing.T) {
	for column, want := range map[string]role{
		"first_name":         roleGiven,
		" given_name":        roleGiven,
		"fname_c1":           roleGiven,
		"FirstName":          roleGiven,
		"Prenume":            roleGiven,
		"Име":                roleGiven,
		"surname":            roleSurname,
		"Last Name":          roleSurname,
		"lname_c2":           roleSurname,
		"Презиме":            roleSurname,
		"Mbiemri":            roleSurname,
		"full_name":          roleFull,
		"Name":               roleFull,
		"name_cyrillic":      roleFull,
		"Ime i prezime":      roleFull,
		"dob":                roleBirth,
		"date_of_birth":      roleBirth,
		"Data nașterii":      roleBirth,
		"Дата рождения":      roleBirth,
		"birth_year":         roleYear,
		"by":                 roleYear,
		"bm":                 roleMonth,
		"bd":                 roleDay,
		"age":                roleAge,
		"Gjinia":             roleCode,
		"soc_sec_id":         roleNumber,
		"JMBG":               roleNumber,
		"phone_number":       rolePhone,
		"postcode":           rolePost,
		"birth_place":        roleText, // not a birth
		"street_name":        roleText, // not a name
		"file name":          roleText,
		"transaction_date":   roleDate,
		"amount":             roleAmount,
		"created_at":         roleNone,
		"zorp":               noRole,
		"surnames_of_rivers": noRole, // words are whole
	} {
		if got := roleOf(column); got != want {
			t.Errorf("roleOf(%q) = %q, want %q", column, got, want)
		}
	}
}

// TestHeadersAreFolded: an entry that roleOf can never meet is a mistake.
func TestHeadersAreFolded(t *testing.T) {
	for _, h := range headers {
		for _, n := range strings.Split(h.names, ",") {
			if got := strings.Join(headerWords(n), " "); got != strings.TrimSpace(n) {
				t.Errorf("%q is read as %q, so that no column is ever called that", strings.TrimSpace(n), got)
			}
		}
	}
}

// repeated is n words of the list, one after another.
func repeated(n int, words ...string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = words[i%len(words)]
	}
	return out
}

// numbered is n words of a format.
func numbered(n int, format string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i*7919%100003)
	}
	return out
}

func dayWords(n int, layout string) []string {
	out := make([]string, n)
	for i := range out {
		d := time.Unix(int64(int32(3000+i*37%9000))*86400, 0).UTC()
		out[i] = d.Format(layout)
	}
	return out
}

func TestKindsAreInferred(t *testing.T) {
	const n = 400
	place := repeated(n, "Tirana", "Skopje", "Sarajevo", "Chișinău", "Pristina", "Podgorica", "Belgrade", "Sofia")
	for _, tt := range []struct {
		name, column string
		words        []string
		want         Field // no kind: left out
	}{
		{"a name", "surname", repeated(n, "Popa", "Hoxha", "Petrović", "Rusu", "Krasniqi"), Field{Name: "surname", Kind: Name}},
		{"a name in numbers is none", "surname", numbered(n, "%05d"), Field{Name: "surname", Kind: Reference}},
		{"a date of birth", "dob", dayWords(n, "2006-01-02"), Field{Name: "dob", Kind: Birth}},
		{"as a number", "date_of_birth", dayWords(n, "20060102"), Field{Name: "date_of_birth", Kind: Birth, Form: "yyyymmdd"}},
		{"with points", "born", dayWords(n, "02.01.2006"), Field{Name: "born", Kind: Birth, Form: "dd.mm.yyyy"}},
		{"day first", "dob", dayWords(n, "02/01/2006"), Field{Name: "dob", Kind: Birth, Form: "dd/mm/yyyy"}},
		{"month first", "dob", dayWords(n, "01/02/2006"), Field{Name: "dob", Kind: Birth, Form: "mm/dd/yyyy"}},
		{"either", "dob", repeated(n, "01/02/1990", "03/04/1991", "11/12/1985", "09/09/1975"), Field{Name: "dob", Kind: Code}},
		{"partial", "dob", repeated(n, "1990-02-01", "1991", "1985-07", "1975-03-09"), Field{Name: "dob", Kind: Birth}},
		{"a year", "year of birth", repeated(n, "1990", "1991", "1985", "1975"), Field{Name: "year_of_birth", From: []string{"year of birth"}, Kind: Birth}},
		{"a date of something", "seen", dayWords(n, "2006-01-02"), Field{Name: "seen", Kind: Date}},
		{"eight digits", "passport", dayWords(n, "20060102"), Field{Name: "passport", Kind: Reference}},
		{"e-mail", "contact", numbered(n, "p%d@example.org"), Field{Name: "contact", Kind: Email}},
		{"a number of a person", "JMBG", numbered(n, "%013d"), Field{Name: "JMBG", Kind: Reference}},
		{"amounts", "x", repeated(n, "12.50", "8.25", "100.75", "3.10"), Field{Name: "x", Kind: Number}},
		{"few words", "sex", repeated(n, "f", "m"), Field{Name: "sex", Kind: Code}},
		{"places", "city", append(place[:n-70], numbered(70, "Village %d")...), Field{Name: "city", Kind: Text}},
		{"one word", "country", repeated(n, "Moldova"), Field{}},
		{"empty", "country", repeated(n, ""), Field{}},
		{"a counter", "n", numbered(n, "%d"), Field{}},
		{"of the file", "created_at", dayWords(n, "2006-01-02"), Field{}},
		{"seldom filled", "note", append(repeated(n-2, ""), "a", "b"), Field{}},
		{"a point in its name", "p.city", append(place[:n-70], numbered(70, "Village %d")...), Field{Name: "p_city", From: []string{"p.city"}, Kind: Text}},
	} {
		in := Infer(&Table{IDs: numbered(n, "r%d"), Columns: []Column{NewColumn(tt.column, tt.words)}}, Spec{})
		switch {
		case tt.want.Kind == "" && len(in.Spec.Fields) > 0:
			t.Errorf("%s: %+v, want it left out", tt.name, in.Spec.Fields[0])
		case tt.want.Kind != "" && len(in.Spec.Fields) == 0:
			t.Errorf("%s: left out (%s), want %+v", tt.name, in.Columns[0].Why, tt.want)
		case tt.want.Kind != "":
			if d := cmp.Diff(tt.want, in.Spec.Fields[0]); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, d)
			}
		}
		if len(in.Columns) != 1 || in.Columns[0].Why == "" {
			t.Errorf("%s: it is not said what became of the column: %+v", tt.name, in.Columns)
		}
	}
}

// people is a table of n records, two of each person, with the usual columns.
func people(n int) *Table {
	var given, surname, full, birth, age, ids, year, month, day []string
	r := rand.New(rand.NewPCG(1, 2))
	gs, ss := []string{"Ana", "Ion", "Vera", "Goran", "Elira", "Mihai", "Dragan", "Besa"}, []string{"Popa", "Rusu", "Hoxha", "Petrovic", "Krasniqi", "Ivanov", "Stoica"}
	for i := range n {
		if i%2 == 0 {
			g, s := gs[r.IntN(len(gs))], ss[r.IntN(len(ss))]+string(rune('a'+r.IntN(26)))+string(rune('a'+r.IntN(26)))
			d := time.Unix(int64(int32(r.IntN(12000)))*86400, 0).UTC()
			given, surname, full, birth = append(given, g), append(surname, s), append(full, s+" "+g), append(birth, d.Format("2006-01-02"))
			age = append(age, fmt.Sprint(2020-d.Year()))
			year, month, day = append(year, d.Format("2006")), append(month, d.Format("1")), append(day, d.Format("2"))
		} else {
			for _, c := range []*[]string{&given, &surname, &full, &birth, &age, &year, &month, &day} {
				*c = append(*c, (*c)[len(*c)-1])
			}
			if i%6 == 1 {
				surname[i] = surname[i][:len(surname[i])-1]
			}
		}
		ids = append(ids, fmt.Sprintf("r%05d", i))
	}
	return &Table{IDs: ids, Columns: []Column{NewColumn("given", given), NewColumn("surname", surname), NewColumn("full_name", full),
		NewColumn("dob", birth), NewColumn("age", age), NewColumn("by", year), NewColumn("bm", month), NewColumn("bd", day)}}
}

func only(t *Table, names ...string) *Table {
	out := &Table{IDs: t.IDs}
	for _, n := range names {
		out.Columns = append(out.Columns, *t.column(n))
	}
	return out
}

func (s Spec) comparison(name string) *Comparison {
	for i := range s.Comparisons {
		if s.Comparisons[i].Name == name {
			return &s.Comparisons[i]
		}
	}
	return nil
}

func TestNothingCountsTwice(t *testing.T) {
	all := people(400)
	in := Infer(only(all, "given", "surname", "full_name", "dob", "age"), Spec{})
	if d := cmp.Diff([]string{"given", "surname"}, in.Spec.comparison("full_name").UnlessBoth); d != "" {
		t.Errorf("the full name beside its parts (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"dob"}, in.Spec.comparison("age").UnlessBoth); d != "" {
		t.Errorf("the age beside the date (-want +got):\n%s", d)
	}
	alone := Infer(only(all, "full_name", "age"), Spec{})
	for _, c := range alone.Spec.Comparisons {
		if len(c.UnlessBoth) > 0 {
			t.Errorf("%s is missing unless %v lack, which nothing else says", c.Name, c.UnlessBoth)
		}
	}
}

func TestThreeColumnsAreOneDate(t *testing.T) {
	in := Infer(only(people(400), "surname", "by", "bm", "bd"), Spec{})
	want := Field{Name: "birth", From: []string{"by", "bm", "bd"}, Kind: Birth, Form: "yyyy m d"}
	if i := slices.IndexFunc(in.Spec.Fields, func(f Field) bool { return f.Name == "birth" }); i < 0 {
		t.Fatalf("no date of birth: %+v", in.Spec.Fields)
	} else if d := cmp.Diff(want, in.Spec.Fields[i]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(in.Spec.Fields) != 2 {
		t.Errorf("the parts are fields of their own: %+v", in.Spec.Fields)
	}
}

func TestInferenceIsWhole(t *testing.T) {
	all := people(400)
	in := Infer(all, Spec{})
	if f := in.Spec.Check(); len(f) > 0 {
		t.Errorf("what is inferred is wrong: %v", f)
	}
	if len(in.Spec.Blocking) < 3 {
		t.Errorf("%d rules: %v", len(in.Spec.Blocking), in.Spec.Blocking)
	}
	l, err := Open(in.Spec, all)
	if err != nil {
		t.Fatal(err)
	}
	if e := l.Evaluate(halves(l), nil, Cluster(l.Len(), nil, 1, Guard{}, nil)); e.Ceiling < 0.99 {
		t.Errorf("the rules bring together %.3f of the true pairs", e.Ceiling)
	}
	if _, err := l.Fit(t.Context()); err != nil {
		t.Error(err)
	}
}

// halves is the truth of people.
func halves(l *Linker) []int32 {
	out := make([]int32, l.Len())
	for i := range out {
		out[i] = int32(l.Row(int32(i)) / 2)
	}
	return out
}

// TestOrderDecidesNothing: the same columns give the same spec, whatever the order of records and
// so of words.
func TestOrderDecidesNothing(t *testing.T) {
	all := people(20_000) // more than what rules and words are sampled from
	want := Infer(all, Spec{})
	order := rand.New(rand.NewPCG(3, 4)).Perm(all.Len())
	mixed := &Table{IDs: make([]string, all.Len())}
	for i, k := range order {
		mixed.IDs[i] = all.IDs[k]
	}
	for _, c := range all.Columns {
		words := make([]string, all.Len())
		for i, k := range order {
			words[i] = c.Words[c.At[k]]
		}
		mixed.Columns = append(mixed.Columns, NewColumn(c.Name, words))
	}
	if got := Infer(mixed, Spec{}); !reflect.DeepEqual(want, got) {
		t.Errorf("another order gives another spec (-first +mixed):\n%s", cmp.Diff(want, got))
	}
}

func TestInferKeepsWhatIsStated(t *testing.T) {
	all := people(400)
	have := Spec{
		Fields:      []Field{{Name: "who", From: []string{"surname"}, Kind: Name}, {Name: "dob", Kind: Birth}},
		Comparisons: []Comparison{{Name: "who", Levels: []Level{{Is: "equal", Of: []string{"who"}}}}},
		Thresholds:  Thresholds{Link: 0.9},
	}
	got := Infer(all, have)
	if d := cmp.Diff(have.Fields, got.Spec.Fields); d != "" {
		t.Errorf("fields (-have +got):\n%s", d)
	}
	if d := cmp.Diff(have.Comparisons, got.Spec.Comparisons); d != "" {
		t.Errorf("comparisons (-have +got):\n%s", d)
	}
	if got.Spec.Thresholds.Link != 0.9 || len(got.Spec.Blocking) == 0 {
		t.Errorf("thresholds %+v, %d rules", got.Spec.Thresholds, len(got.Spec.Blocking))
	}
	fields := Infer(all, Spec{Fields: have.Fields})
	if n := len(fields.Spec.Comparisons); n != 2 {
		t.Errorf("%d comparisons of 2 fields", n)
	}
}

// TestRulesIdentify: records that have only a place in common are not brought together, where
// there are names.
func TestRulesIdentify(t *testing.T) {
	all := people(400)
	all.Columns = append(all.Columns, NewColumn("city", numbered(400, "Village %d")[:400]), NewColumn("party", repeated(400, "a", "b", "c")))
	for i := range all.Columns[len(all.Columns)-2].At {
		all.Columns[len(all.Columns)-2].At[i] = int32(i / 8)
	}
	for _, r := range Infer(all, Spec{}).Spec.Blocking {
		if !slices.ContainsFunc(r.On, func(of string) bool { return before(of, ".") != "city" && before(of, ".") != "party" }) {
			t.Errorf("a rule is on %v alone", r.On)
		}
	}
}

// TestWideTables: a pattern has room for so many levels.
func TestWideTables(t *testing.T) {
	all := people(200)
	for k := range 40 {
		words := make([]string, 200)
		for i := range words {
			words[i] = fmt.Sprintf("word %d", (i*k)%71)
		}
		all.Columns = append(all.Columns, NewColumn(fmt.Sprintf("occupation %c%c", 'a'+k/26, 'a'+k%26), words))
	}
	in := Infer(all, Spec{})
	if f := in.Spec.Check(); len(f) > 0 {
		t.Fatal(f)
	}
	for _, must := range []string{"given", "surname", "dob"} {
		if in.Spec.comparison(must) == nil {
			t.Errorf("%s gave way to columns that say less", must)
		}
	}
}

func TestSpecFaults(t *testing.T) {
	good := Spec{
		Fields:      []Field{{Name: "n", Kind: Name}, {Name: "b", Kind: Birth}},
		Comparisons: []Comparison{{Name: "n", Levels: []Level{{Is: "equal", Of: []string{"n"}}}}},
		Blocking:    []Rule{{On: []string{"n"}}},
	}
	if f := good.Check(); len(f) > 0 {
		t.Fatal(f)
	}
	for _, tt := range []struct {
		name string
		make func(s *Spec)
		path []any
	}{
		{"kind", func(s *Spec) { s.Fields[0].Kind = "nome" }, []any{"fields", 0, "kind"}},
		{"field twice", func(s *Spec) { s.Fields[1].Name = "n" }, []any{"fields", 1, "name"}},
		{"form of a day", func(s *Spec) { s.Fields[1].Form = "dd-mm" }, []any{"fields", 1, "form"}},
		{"no field", func(s *Spec) { s.Comparisons[0].Levels[0].Of[0] = "x" }, []any{"comparisons", 0, "levels", 0, "of", 0}},
		{"no form", func(s *Spec) { s.Blocking[0].On[0] = "n.year" }, []any{"blocking", 0, "on", 0}},
		{"no test", func(s *Spec) { s.Comparisons[0].Levels[0].Is = "like" }, []any{"comparisons", 0, "levels", 0, "is"}},
		{"exchanged of one", func(s *Spec) { s.Comparisons[0].Levels[0].Is = exchanged }, []any{"comparisons", 0, "levels", 0, "of"}},
		{"threshold", func(s *Spec) { s.Thresholds.Link = 1 }, []any{"thresholds", "link"}},
		{"thresholds crossed", func(s *Spec) { s.Thresholds = Thresholds{Link: 0.5, Review: 0.9} }, []any{"thresholds"}},
		{"no rule", func(s *Spec) { s.Blocking = nil }, []any{"blocking"}},
		{"name twice", func(s *Spec) { s.Comparisons = append(s.Comparisons, s.Comparisons[0]) }, []any{"comparisons", 1, "name"}},
	} {
		s := Spec{
			Fields:      slices.Clone(good.Fields),
			Comparisons: []Comparison{{Name: "n", Levels: []Level{{Is: "equal", Of: []string{"n"}}}}},
			Blocking:    []Rule{{On: []string{"n"}}},
		}
		tt.make(&s)
		f := s.Check()
		if len(f) != 1 {
			t.Errorf("%s: %d faults: %v", tt.name, len(f), f)
			continue
		}
		if d := cmp.Diff(tt.path, f[0].Path); d != "" {
			t.Errorf("%s: place (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestLowThresholdNeedsNoOther(t *testing.T) {
	s := Spec{Thresholds: Thresholds{Link: 0.5}}.withDefaults()
	if s.Thresholds.Review != 0.5 || s.Thresholds.Keep != 0.001 {
		t.Errorf("%+v", s.Thresholds)
	}
}

func TestJaccard(t *testing.T) {
	words := append(numbered(98, "payment %d"), "rent for april", "april rent")
	f := newFeature("m.words", Field{Name: "m", Kind: Text}, findForm(Text, "words"), ptr(NewColumn("m", words)))
	for _, tt := range []struct {
		name  string
		a, b  int32
		least float64
		want  bool
	}{
		{"the same words in another order, and one more", 98, 99, 0.6, true},
		{"but not all", 98, 99, 0.9, false},
		{"a word that everybody has says next to nothing", 0, 1, 0.1, false},
		{"a record and itself", 0, 0, 1, true},
	} {
		test := jaccardTest(f, Level{Least: tt.least}, 0)
		if got := test.records(nil, tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
		if got := test.records(nil, tt.b, tt.a); got != tt.want {
			t.Errorf("%s, the other way: %t", tt.name, got)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestNearForms(t *testing.T) {
	meet := func(form, kind string, a, b string) bool {
		out := findForm(Kind(kind), form).make(Field{Kind: Kind(kind)}, []string{a, b}, []int{1, 1})
		return slices.ContainsFunc(out[0], func(s string) bool { return slices.Contains(out[1], s) })
	}
	for _, tt := range []struct {
		form, kind, a, b string
		want             bool
	}{
		{"near", "number", "100", "104", true},
		{"near", "number", "100", "96", true},
		{"near", "number", "100", "-100", false},
		{"near", "number", "100", "125", false},
		{"near", "number", "0", "0", false},
		{"near", "number", "1e999", "1e999", false},
		{"weeks", "date", "2022-03-28", "2022-04-08", true},
		{"weeks", "date", "2022-03-28", "2022-05-08", false},
		{"weeks", "date", "1969-12-31", "1970-01-02", true},
		{"weeks", "birth", "1990", "1990", false},
		{"words", "text", "Rent, APRIL", "april", true},
	} {
		if got := meet(tt.form, tt.kind, tt.a, tt.b); got != tt.want {
			t.Errorf("%s of %q and %q meet: %t", tt.form, tt.a, tt.b, got)
		}
	}
}
