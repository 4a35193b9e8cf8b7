//go:build !race

package assist

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"palermo/mappings"
	"palermo/schemas"
)

var lexicon = sync.OnceValues(func() (*Lexicon, error) {
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		return nil, err
	}
	return NewLexicon(schemas.Builtin(), set)
})

func words(t *testing.T) *Lexicon {
	t.Helper()
	l, err := lexicon()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPhrases(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Date of birth", "date birth"},
		{"typeOfExploitConcatenated", "type exploit concatenated"},
		{"Iso3_code", "iso code"},
		{"Recruiter's sex", "recruiter sex"},
		{"Pays d’origine", "pays origine"},
		{"Држављанство", "drzavljanstvo"},
		{"Državljanstvo", "drzavljanstvo"}, // one language in two scripts
		{"Assisted by", "assisted by"},     // who assisted is not whether
		{"Transit 2", "transit"},
		{"5", "5"},
		{"CTDC", "ctdc"},
	} {
		if got := strings.Join(phraseOf(tt.text).tokens, " "); got != tt.want {
			t.Errorf("phraseOf(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestSimilar(t *testing.T) {
	for _, tt := range []struct {
		a, b        string
		least, most float64
	}{
		{"Date of birth", "birth date", 0.9, 1},
		{"Birthdate", "birth date", 1, 1},
		{"Threats", "Threat", 0.9, 1},
		{"Sex", "Education", 0, 0},
		{"Assisted by", "assisted", 0, 0.8},
		{"", "sex", 0, 0},
	} {
		if got := phraseOf(tt.a).similar(phraseOf(tt.b)); got < tt.least || got > tt.most {
			t.Errorf("%q and %q are %.2f alike, want %.2f to %.2f", tt.a, tt.b, got, tt.least, tt.most)
		}
	}
}

func rowsOf(lines ...string) []mappings.PreviewRow {
	var out []mappings.PreviewRow
	for i, l := range lines {
		out = append(out, mappings.PreviewRow{Num: i + 1, Cells: strings.Split(l, "|")})
	}
	return out
}

func TestFindHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		rows       []mappings.PreviewRow
		row, lines int
		first      string
	}{
		"plain":                     {rowsOf("Sex|Year|N", "F|2019|3", "M|2020|4"), 1, 1, "Sex"},
		"below a title and a blank": {rowsOf("Ministry of the Interior", "", "Sex|Year|N", "F|2019|3"), 3, 1, "Sex"},
		"two rows, merged above":    {rowsOf("Report", "Victim|||Status", "Code|Sex|Age|Assisted", "A1|F|17|yes", "A2|M|18|no"), 3, 2, "Victim / Code"},
		"years across":              {rowsOf("Country|2019|2020|2021", "Albania|3|4|5"), 1, 1, "Country"},
		"numbers alone":             {rowsOf("1|2", "3|4"), 0, 0, ""},
	} {
		h, header := FindHeader(tt.rows)
		first := ""
		if len(header) > 0 {
			first = header[0]
		}
		if h.Row != tt.row || h.Rows != tt.lines || first != tt.first {
			t.Errorf("%s: row %d of %d, first %q; want %d, %d, %q", name, h.Row, h.Rows, first, tt.row, tt.lines, tt.first)
		}
	}
}

func column(name string, cells ...string) *Column {
	p := NewProfiler("", Header{Row: 1, Rows: 1}, []string{name})
	for i, c := range cells {
		p.Row(i+2, []string{c})
	}
	t := p.Table()
	return &t.Columns[0]
}

func TestTypes(t *testing.T) {
	for _, tt := range []struct {
		cells string
		want  Type
	}{
		{"", Blank},
		{"1 2 300", Whole},
		{"1.5 2 <5", Number},
		{"2019 2020 2019", Year},
		{"14/02/1981 1.3.2004 2020-01-02", Date},
		{"1 0 -99 1", Flag},
		{"Oui Non Oui", Flag},
		{"да не ?", Flag},
		{"F M F M F M", Words},
		{"a;b b;c a;c a b", List},
		{"q w e r t z u i o p a s d f g h", Text},
	} {
		if got := column("x", strings.Fields(tt.cells)...).Type; got != tt.want {
			t.Errorf("%q is %s, want %s", tt.cells, got, tt.want)
		}
	}
}

// The form of dates is never guessed: where days fit two, it is a question.
func TestForms(t *testing.T) {
	for _, tt := range []struct {
		cells, want string
		ok          bool
	}{
		{"13/04/2003 01/02/2003", ", form: dd/mm/yyyy", true},
		{"04/13/2003 01/02/2003", ", form: mm/dd/yyyy", true},
		{"03/04/2003 01/02/2003", "", false},
		{"2003-04-03", "", true},
		{"3.4.2003", ", form: dd.mm.yyyy", true},
		{"2003/4/3", ", form: yyyy/mm/dd", true},
		{"3.4.2003 3/4/2003", "", false},
	} {
		got, ok := formOf(column("x", strings.Fields(tt.cells)...))
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: %q, %t; want %q, %t", tt.cells, got, ok, tt.want, tt.ok)
		}
	}
}

func TestCodes(t *testing.T) {
	l := words(t)
	for _, tt := range []struct {
		list, word, want string // want is empty where nothing may be certain
	}{
		{"sex", "Femme", ""}, // near a label, and not one
		{"sex", "Féminin", "female"},
		{"sex", "ženski", "female"},
		{"sex", "Женски", "female"},
		{"purpose", "Exploatare sexuală", "sexual_exploitation"},
		{"purpose", "mendicité", "begging"},
		{"answer", "Да", "yes"},
		{"assistance", "accommodation", ""}, // part of a label: likely
		{"country", "roumaine", "ROU"},
		{"country", "MDA", "MDA"},
		{"country", "Congolese", ""},
		{"country", "nigériens", ""},
		{"country", "Ruritania", ""},
		{"marital_status", "n/d", "*not_collected"},
		{"nonsense", "x", ""},
	} {
		if got := l.Certain(tt.list, tt.word); got != tt.want {
			t.Errorf("%s %q is certainly %q, want %q: %v", tt.list, tt.word, got, tt.want, l.Codes(tt.list, tt.word))
		}
	}
	if ps := l.Codes("country", "Congolese"); len(ps) != 2 || !strings.Contains(ps[0].Reason, "either Congo") {
		t.Errorf("Congolese: %v", ps)
	}
	for _, word := range []string{"Algérienne", "Shelter", "zzzzqqq"} {
		if ps := l.Codes("country", word); len(ps) > 3 {
			t.Errorf("%q has %d proposals", word, len(ps))
		}
	}
}

func TestSuggestAcrossLanguages(t *testing.T) {
	l := words(t)
	for _, header := range []string{
		"Case number|Sex|Date of birth|Citizenship|Type of exploitation|Notes",
		"Numéro de dossier|Sexe|Date de naissance|Nationalité|Type d’exploitation|Remarques",
		"Número de caso|Sexo|Fecha de nacimiento|Nacionalidad|Tipo de explotación|Observaciones",
		"Номер дела|Пол|Дата рождения|Гражданство|Вид эксплуатации|Примечания",
		"Номер справи|Стать|Дата народження|Громадянство|Вид експлуатації|Примітки",
		"Номер на случая|Пол|Дата на раждане|Гражданство|Вид експлоатация|Забележки",
		"Број на случај|Пол|Датум на раѓање|Државјанство|Вид на експлоатација|Забелешки",
		"Број случаја|Пол|Датум рођења|Држављанство|Врста експлоатације|Напомене",
		"Broj slučaja|Pol|Datum rođenja|Državljanstvo|Vrsta eksploatacije|Napomene",
		"Numărul cazului|Sex|Data nașterii|Cetățenie|Tip de exploatare|Observații",
		"Numri i rastit|Gjinia|Data e lindjes|Shtetësia|Lloji i shfrytëzimit|Shënime",
	} {
		names := strings.Split(header, "|")
		p := NewProfiler("", Header{Row: 1, Rows: 1}, names)
		for i, row := range []string{"A1|F|13/04/1990|Romania|Sexual exploitation|x", "A2|M|14/05/1991|Moldova|Begging|y", "A3|F|01/01/1980|Albania|Sexual exploitation|z"} {
			p.Row(i+2, strings.Split(row, "|"))
		}
		s := l.Suggest(p.Table())
		want := []string{"record.case_reference", "record.sex_code", "record.birth", "record_citizenship.citizenship_code", "record_purpose.purpose_code", "record.notes"}
		for i, a := range s.Columns {
			if got := fmt.Sprint(a.Proposals); len(a.Proposals) == 0 || !a.Certain || a.Proposals[0].String() != want[i] {
				t.Errorf("%s is %s, want %s for certain", names[i], got, want[i])
			}
		}
	}
}

// Drift names columns that are new, gone, renamed or moved, and new words.
func TestDrift(t *testing.T) {
	l := words(t)
	set, _, err := mappings.Load(mappings.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	header := []string{"Country", "Iso3_code", "Indicator", "Dimension", "Category", "Sex", "Age", "Année", "Unit of measurement", "txtVALUE", "Source", "Extra"}
	p := NewProfiler("", Header{Row: 1, Rows: 1}, header)
	p.Row(2, strings.Split("Albania|ALB|Detected trafficking victims|Total|Total|Sexless|Total|2020|Counts|7|GLOTIP|x", "|"))
	table := p.Table()
	near := l.Nearest(table, set)
	if len(near) == 0 || near[0].Mapping.Source.ID != "unodc_glotip" {
		t.Fatalf("nearest: %v", near)
	}
	var got []string
	for _, c := range l.Drift(table, &near[0]) {
		got = append(got, strings.TrimSpace(fmt.Sprint(c.Kind, " ", c.Column, " ", c.Was)))
	}
	for _, want := range []string{"column_renamed Année Year", "column_added Extra", "column_moved Country", "word_added Sex"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// The target follows from what a table holds: names that cases, counts and flows share say nothing of which it is.
func TestTargets(t *testing.T) {
	l := words(t)
	for name, tt := range map[string]struct {
		header, row string
		want        string // empty where it must be doubted
	}{
		"cases":      {"Case number|Sex|Country of origin|Notes", "A1|F|Romania|x", "record"},
		"flows":      {"Origin country|Transit country|Destination country|Notes", "Romania|Albania|Italy|x", "reported_flow"},
		"counts":     {"Country of origin|Sex|Form of exploitation|Number of victims", "Romania|Total|Begging|12", "statistic"},
		"ratings":    {"Country|Year|Tier", "Romania|2010|Tier 2", "rating"},
		"nobody":     {"Sex|Country of origin|Notes", "F|Romania|x", ""},
		"estimates":  {"Country|Estimated number of people|Year", "Romania|34000|2021", "estimate"},
		"flags":      {"gender|citizenship|isForcedLabour|isBegging|isForcedMarriage|meansThreats|meansFalsePromises", "F|Romania|1|0|0|1|0", "released_case"},
		"flags of a": {"Case number|gender|isForcedLabour|isBegging|isForcedMarriage|meansThreats|meansFalsePromises", "A1|F|1|0|0|1|0", "record"},
	} {
		p := NewProfiler("", Header{Row: 1, Rows: 1}, strings.Split(tt.header, "|"))
		p.Row(2, strings.Split(tt.row, "|"))
		last := strings.NewReplacer("12", "13", "34000", "35000", "A1", "A2").Replace(tt.row)
		p.Row(3, strings.Split(last, "|"))
		s := l.Suggest(p.Table())
		if got := s.Target; !s.Doubtful && got != tt.want || s.Doubtful && tt.want != "" {
			t.Errorf("%s: %s, in doubt %t; want %q", name, got, s.Doubtful, tt.want)
		}
		for _, a := range s.Columns {
			if a.Certain && s.Doubtful {
				t.Errorf("%s: %s is certain in a table that is in doubt", name, a.Column.Name)
			}
		}
	}
}

func TestAges(t *testing.T) {
	l := words(t)
	for word, want := range map[string]string{"0 - 17": "child", "17 years and under": "child", "18+": "adult", "aged 18-35 years": "band", "aged over 35 years": "band", "35 to 44": "band",
		"under 18": "child", "rate per 100000": "", "Article 18": ""} {
		if got := l.Certain("age_dimension", word); got != want {
			t.Errorf("%q is %q, want %q", word, got, want)
		}
	}
}
