package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"palermo/diag"
	"palermo/load/receipt"
)

func names(list, code string) string { return list + " " + code }

func span(low, high int64) Span { return Span{Of(low), Of(high)} }

// sample is a report with every section, in which some counts are hidden. secret is what was hidden.
func sample() *Input {
	low, high := 0.5, 1.0
	hidden := Span{Hidden(), Hidden()}
	return &Input{
		Run: "20260102T030405Z-abcd", Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Least: 10, Base: 5,
		Totals: []Total{{"persons", 9640, 9734}, {"records", 12643, 12643}},
		Cases: []Cases{{Source: "Cases & more", Unit: "persons",
			Ages: []Age{{0, 8, hidden, span(0, 0), span(0, 0)}, {9, 17, span(115, 120), span(55, 55), hidden}, {18, 0, span(1005, 1010), span(205, 205), span(0, 0)}},
			Purposes: &Years{Basis: "registration", List: "purpose", Years: []int{2001, 2003}, Partial: []int{2003}, Of: []Count{Of(300), Hidden()},
				Lines: []Line{{"sexual_exploitation", []Span{span(250, 265), hidden}}, {"forced_labour", []Span{span(35, 35), span(0, 0)}}}},
			Flows: &Flows{Flows: []Flow{{"MDA", "BIH", Of(410)}, {"ROU", "BIH", Of(300)}, {"MDA", "MDA", Of(25)}}, Less: 7},
			Means: []Asked{{"threat", Of(260), Of(500), Of(530)}, {"fraud", Hidden(), Hidden(), Of(20)}},
			Law: &Law{Elements: []Split{{"act", Of(900), []Part{{"stated", Of(800)}, {"unknown", Of(100)}}}},
				Statuses: Split{"status", Hidden(), []Part{{"elements_met", Of(700)}, {"element_denied", Hidden()}}}}}},
		Beside:       &Beside{Years: []int{2004, 2018}, Less: 2, Countries: []BesideCountry{{"BGR", []Pair{{&Span{Of(145), Of(155)}, 0, 0, "missing"}, {nil, 90, 94, "reported"}}}}},
		Arrivals:     []Arrival{{No: 1, Files: 3, Fresh: 1, Last: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Read: 100, Loaded: 90, Rejected: 4, Skipped: 6}},
		Changes:      &Changes{From: "20260101T030405Z-ffff", Tables: []Change{{"record", "new_file", 90, 2, 1}}},
		Coverage:     &Coverage{Years: []int{2004, 2018}, Countries: []CoverageCountry{{"BGR", []string{"agencies", "both"}}, {"MDA", []string{"late", "missing"}}}},
		Completeness: &Completeness{Records: Of(12645), Fields: []FieldAnswers{{"sex", Of(12625), Of(20), Of(0)}}},
		Checks:       &Checks{Passed: 31, Others: []Check{{"share_rejected", "rcp", "warning", 0.25, &low, &high}}},
		Findings:     []Finding{{diag.ValueNotDate, "error", 2, 41}},
		Words:        &Words{All: 30, List: []Word{{"rcp", "sex_code", "5 letters, Latin", false, 12, 2}}},
		Linkage: &Linkage{Model: "b3d219b2780c", BuiltIn: true, Link: 0.99, Review: 0.6, Records: 12643, Pairs: 6603, ForReview: 272, Unlinkable: 240, PersonsLow: 9640, PersonsHigh: 9734,
			Sizes: []Part{{"1", Of(7200)}, {"10+", Hidden()}}, Wide: 2, Weights: []Bin{{-2, Of(400)}, {0, Of(530)}, {2, Of(20)}, {4, Of(0)}, {6, Of(35)}, {8, Hidden()}},
			Waterfall: &Waterfall{3349, []Step{{"prior", -12.1}, {"name", 12}, {"birth date", 8.6}}}, Levels: []Level{{"name", "equal name.sorted", 13.2}}},
	}
}

func page(t testing.TB, in *Input, lang string) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteHTML(&b, in, lang, names); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestEverySectionIsThere: a field of Input that is filled is a section, and its numbers stand in a table.
func TestEverySectionIsThere(t *testing.T) {
	got := page(t, sample(), "en")
	for _, id := range []string{"ages", "purposes", "flows", "means", "law", "beside", "arrivals", "changes", "coverage", "completeness", "checks", "findings", "words", "persons", "weights", "waterfall", "levels"} {
		if !strings.Contains(got, `<section aria-labelledby="`+id+`-t"`) {
			t.Errorf("there is no section %s", id)
		}
	}
	if n := strings.Count(got, `role="img"`); n != 12 {
		t.Errorf("%d charts", n)
	}
	cells := regexp.MustCompile(`<t[dh][^>]*>(?:<bdi>)?([^<]*)`).FindAllStringSubmatch(got, -1)
	has := map[string]bool{}
	for _, c := range cells {
		has[c[1]] = true
	}
	for _, want := range []string{"1005–1010", "250–265", "410", "52\u202f%", "260", "800", "145–155", "90–94", "12\u202f625", "9640–9734", "−12.1", "13.2", "2003\u202f*", "5 letters, Latin", "41"} {
		if !has[want] {
			t.Errorf("no cell says %q", want)
		}
	}
	empty := page(t, &Input{}, "en")
	if strings.Contains(empty, "<section") || strings.Contains(empty, "<h2") {
		t.Error("a report of nothing has sections")
	}
}

// TestHiddenCountsAreNowhere: a hidden count is neither a number nor the length of anything.
func TestHiddenCountsAreNowhere(t *testing.T) {
	got := page(t, sample(), "en")
	tips := regexp.MustCompile(`<title>([^<]*×[^<]*)</title>`).FindAllStringSubmatch(got, -1)
	rects := regexp.MustCompile(`<rect[^>]*class="hid"[^>]*height="([^"]*)"`).FindAllStringSubmatch(got, -1)
	if len(tips) == 0 || len(rects) == 0 {
		t.Fatalf("%d tips of hidden counts and %d marks", len(tips), len(rects))
	}
	for _, r := range rects {
		if r[1] != "3" {
			t.Errorf("a hidden count has a mark %s high", r[1])
		}
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "null"); n < 10 {
		t.Errorf("%d nulls", n)
	}
	back, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	want.Version = Version
	if d := cmp.Diff(want, back, cmp.Exporter(func(reflect.Type) bool { return true })); d != "" {
		t.Error(d)
	}
	if page(t, back, "en") != got {
		t.Error("what was read again gives another page")
	}
	if _, err := Read(strings.NewReader(`{"version": 99}`)); err == nil {
		t.Error("a version of tomorrow is read")
	}
}

// TestPageIsSafe parses the page as a browser does.
func TestPageIsSafe(t *testing.T) {
	in := sample()
	payload := `"><script src="https://x.example/a.js"></script><img src=x onerror=alert(1)>'`
	in.Agency, in.Contact, in.Cases[0].Source, in.Words.List[0].Word, in.Arrivals[0].Name, in.Arrivals[0].No = payload, payload, payload, payload, payload, 0
	got := page(t, in, "en")
	var b bytes.Buffer
	if err := WriteHTML(&b, in, "en", func(string, string) string { return payload }); err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{got, b.String()} {
		z, style, inStyle := html.NewTokenizer(strings.NewReader(doc)), "", false
		for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
			tok := z.Token()
			if tt == html.TextToken && inStyle {
				style += tok.Data
			}
			inStyle = tt == html.StartTagToken && tok.Data == "style"
			if slices.Contains([]string{"script", "img", "iframe", "object", "embed", "link", "form", "base", "foreignobject", "use", "image"}, tok.Data) && tt == html.StartTagToken {
				t.Errorf("the page has <%s>", tok.Data)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("<%s> has %s=%q", tok.Data, a.Key, a.Val)
				}
			}
		}
		sum := sha256.Sum256([]byte(style))
		if !strings.Contains(doc, "style-src &#39;sha256-"+strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")+"&#39;") {
			t.Error("the policy does not allow the style, or not only it")
		}
		if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
			t.Error("the style fetches something")
		}
	}
}

// catalogues is that of every file there is.
func catalogues(t *testing.T) map[string]*receipt.Catalogue {
	t.Helper()
	names, err := filepath.Glob("catalogues/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*receipt.Catalogue{}
	for _, name := range names {
		c, err := receipt.ReadCatalogue(embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		all[c.Language] = c
	}
	return all
}

func TestEveryLanguageIsSaid(t *testing.T) {
	all := catalogues(t)
	english := all[receipt.English]
	if d := cmp.Diff(slices.Sorted(slices.Values(receipt.Languages)), slices.Sorted(maps.Keys(all))); d != "" {
		t.Fatal(d)
	}
	placeholder := regexp.MustCompile(`\{\w+\}`)
	same := []string{"point", "bits", "from", "compare_reference"} // and what is one word in many languages
	for lang, c := range all {
		for key, want := range english.Texts {
			got := c.Texts[key]
			a, b := placeholder.FindAllString(want, -1), placeholder.FindAllString(got, -1)
			slices.Sort(a)
			slices.Sort(b)
			switch {
			case strings.TrimSpace(got) == "" && !(key == "draft" && lang == "en"):
				t.Errorf("%s: %s is missing", lang, key)
			case !slices.Equal(a, b):
				t.Errorf("%s: %s has the placeholders %v, want %v", lang, key, b, a)
			case lang != "en" && got == want && strings.Contains(want, " ") && !slices.Contains(same, key):
				t.Errorf("%s: %s is English", lang, key)
			}
			cyrillic := slices.Contains([]string{"ru", "sr-Cyrl", "bg", "mk", "uk"}, lang)
			for _, r := range placeholder.ReplaceAllString(got, "") {
				if cyrillic && unicode.Is(unicode.Latin, r) || !cyrillic && unicode.Is(unicode.Cyrillic, r) {
					t.Errorf("%s: %s has the letter %q", lang, key, r)
				}
			}
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(english.Texts)), slices.Sorted(maps.Keys(c.Texts))); d != "" {
			t.Errorf("%s:\n%s", lang, d)
		}
		for key := range english.Counts {
			for _, n := range []int64{0, 1, 2, 3, 5, 11, 21, 22, 100, 101, 1_000_000} {
				if s := c.Count(key, n); s == "" || placeholder.MatchString(s) {
					t.Errorf("%s: %s of %d is %q", lang, key, n, s)
				}
			}
		}
		got := page(t, sample(), lang)
		if !strings.Contains(got, `<html lang="`+lang+`"`) || placeholder.MatchString(got[strings.Index(got, "<body"):]) {
			t.Errorf("%s: the page does not say its language, or has a placeholder", lang)
		}
		if draft := c.Texts["draft"]; draft != "" && !strings.Contains(got, draft) {
			t.Errorf("%s: the page does not say that it is a draft", lang)
		}
	}
}

// TestKeysAreSaid: what the code asks the catalogue for by a name that it puts together is there.
func TestKeysAreSaid(t *testing.T) {
	texts := catalogues(t)[receipt.English].Texts
	var keys []string
	for prefix, list := range map[string][]string{
		"basis_":    {"exploitation", "registration", "identification"},
		"reason_":   {"new_file", "mapping_changed", "status_changed", "later_submission", "linkage", "schema", "account", "first_snapshot"},
		"coverage_": slices.Collect(maps.Keys(coverageMarks)), "element_": {"act", "means", "purpose"}, "unit_": {"persons", "records", "rows"},
	} {
		for _, k := range list {
			keys = append(keys, prefix+k)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`Text\("([a-z_]+[a-z])"`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllSubmatch(b, -1) {
			keys = append(keys, string(m[1]))
		}
	}
	for _, k := range keys {
		if texts[k] == "" && k != "draft" {
			t.Errorf("the catalogue does not say %s", k)
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct{ most, end, step float64 }{{0, 1, 1}, {3, 3, 1}, {7, 8, 2}, {48, 50, 10}, {99, 100, 25}, {1120, 1250, 250}, {1670, 2000, 500}, {5200, 6000, 2000}} {
		end, step := scale(c.most)
		if end < c.most || end > max(1, 2*c.most) || math.Mod(end, step) > 1e-9 || end/step > 5 {
			t.Errorf("the axis of %v ends at %v, in steps of %v", c.most, end, step)
		}
	}
}

// write writes a page that a browser looks at.
func write(t *testing.T, dir, name, doc string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pages is a report, one of an agency, and one in which all is long.
func pages(t *testing.T, dir string) {
	t.Helper()
	write(t, dir, "report-ru.html", page(t, sample(), "ru"))
	in := sample()
	in.Agency, in.Linkage, in.Coverage, in.Beside, in.Words = "Agency", nil, nil, nil, nil
	write(t, dir, "report-agency.html", page(t, in, "mk"))
	long := sample()
	for i := range 30 {
		long.Beside.Years, long.Coverage.Years = append(long.Beside.Years, 2019+i), append(long.Coverage.Years, 2019+i)
		long.Beside.Countries[0].Pairs = append(long.Beside.Countries[0].Pairs, Pair{&Span{Of(12345), Of(123456)}, 1, 2, "reported"})
		for k := range long.Coverage.Countries {
			long.Coverage.Countries[k].States = append(long.Coverage.Countries[k].States, "both")
		}
		long.Arrivals = append(long.Arrivals, Arrival{Name: fmt.Sprintf("An agency with a long name %d", i), Read: 1_000_000, Loaded: 1_000_000})
	}
	write(t, dir, "report-long.html", page(t, long, "fr"))
}
