package receipt

import (
	"bytes"
	"encoding/csv"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"palermo/diag"
)

func catalogues(t testing.TB) map[string]*Catalogue {
	t.Helper()
	all, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func seenCodes() []diag.Code {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(diag.Codes)), func(c diag.Code) bool { return !Seen(c) })
}

// flat is every text of a catalogue by its path in the file.
func flat(c *Catalogue) map[string]string {
	out := map[string]string{}
	for k, s := range c.Texts {
		out["texts."+k] = s
	}
	for k, forms := range c.Counts {
		for form, s := range forms {
			out["counts."+k+"."+form] = s
		}
	}
	for k, s := range c.States {
		out["states."+string(k)+".word"], out["states."+string(k)+".meaning"] = s.Word, s.Meaning
	}
	for k, s := range c.Steps {
		out["steps."+string(k)] = s
	}
	for name, list := range map[string]map[string]string{"kinds": c.Kinds, "said_by": c.SaidBy, "skipped": c.Skipped} {
		for k, s := range list {
			out[name+"."+k] = s
		}
	}
	for k, s := range c.Findings {
		out["findings."+string(k)+".wrong"], out["findings."+string(k)+".right"] = s.Wrong, s.Right
	}
	return out
}

func TestEveryCodeIsSaidOrUnseen(t *testing.T) {
	for lang, c := range catalogues(t) {
		for _, code := range seenCodes() {
			if c.Findings[code] == (Sentence{}) {
				t.Errorf("%s: nothing is said of %s: add it to the catalogues, or to unseen if no agency meets it", lang, code)
			}
		}
		for code := range c.Findings {
			if _, known := diag.Codes[code]; !known || !Seen(code) {
				t.Errorf("%s: %s is no code that an agency is told of", lang, code)
			}
		}
	}
	for _, list := range []map[diag.Code]bool{unseen, informs} {
		for code := range list {
			if _, known := diag.Codes[code]; !known {
				t.Errorf("%s is no code any more", code)
			}
		}
	}
}

func TestEverythingIsSaidInEveryLanguage(t *testing.T) {
	all := catalogues(t)
	if d := cmp.Diff(slices.Sorted(slices.Values(Languages)), slices.Sorted(maps.Keys(all))); d != "" {
		t.Errorf("the languages:\n%s", d)
	}
	english := flat(all[English])
	for lang, c := range all {
		got := flat(c)
		for key := range english {
			if form := strings.HasPrefix(key, "counts."); !form && strings.TrimSpace(got[key]) == "" && !(lang == English && key == "texts.draft") {
				t.Errorf("%s: %s is missing", lang, key)
			}
		}
		for key := range got {
			if _, known := english[key]; !known && !strings.HasPrefix(key, "counts.") {
				t.Errorf("%s: %s is no text of a receipt", lang, key)
			}
		}
		for name, keys := range map[string][2][]string{
			"states":  {names(States), names(slices.Collect(maps.Keys(c.States)))},
			"steps":   {names(Steps), names(slices.Collect(maps.Keys(c.Steps)))},
			"kinds":   {codesOf(t, "submission_kind"), names(slices.Collect(maps.Keys(c.Kinds)))},
			"said_by": {codesOf(t, "kind_basis"), names(slices.Collect(maps.Keys(c.SaidBy)))},
			"skipped": {names(SkipReasons), names(slices.Collect(maps.Keys(c.Skipped)))},
		} {
			if d := cmp.Diff(keys[0], keys[1]); d != "" {
				t.Errorf("%s: %s:\n%s", lang, name, d)
			}
		}
	}
}

func names[T ~string](in []T) []string {
	var out []string
	for _, s := range in {
		out = append(out, string(s))
	}
	slices.Sort(out)
	return out
}

// codesOf is the codes of a list of the schema.
func codesOf(t testing.TB, list string) []string {
	t.Helper()
	b, err := os.ReadFile("../../schemas/codes/" + list + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows[1:] {
		out = append(out, r[0])
	}
	slices.Sort(out)
	return out
}

// TestSkipReasons holds the list of reasons to what the code counts rows as.
func TestSkipReasons(t *testing.T) {
	words := regexp.MustCompile(`(?:skip\(|Skipped\[|reason\w+\s*=\s*)"([a-z_]+)"`)
	for _, name := range []string{"../../pipeline", "../../transform"} {
		files, err := os.ReadDir(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			b, err := os.ReadFile(name + "/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range words.FindAllSubmatch(b, -1) {
				if !slices.Contains(SkipReasons, string(m[1])) {
					t.Errorf("%s counts rows as %q, which no receipt has a word for", f.Name(), m[1])
				}
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func TestPlaceholdersAreKept(t *testing.T) {
	all := catalogues(t)
	english := flat(all[English])
	for lang, c := range all {
		for key, text := range flat(c) {
			want := english[key]
			if strings.HasPrefix(key, "counts.") {
				want = "{n}"
			}
			a, b := placeholder.FindAllString(want, -1), placeholder.FindAllString(text, -1)
			slices.Sort(a)
			slices.Sort(b)
			if d := cmp.Diff(a, b); d != "" {
				t.Errorf("%s: %s:\n%s", lang, key, d)
			}
		}
	}
}

// latin is the words in Latin letters that stand in texts of another script.
var latin = map[string]bool{"palermo": true, "utf": true, "csv": true, "xlsx": true, "ods": true, "č": true, "ć": true, "ž": true, "š": true}

// english is words that no other of the languages has.
var english = regexp.MustCompile(`(?i)\b(the|of|this|and|file|files|row|rows|cell|sheet|column|please|your|nothing|read|with|which|was|not)\b`)

func TestNoEnglishIsLeft(t *testing.T) {
	all := catalogues(t)
	source := flat(all[English])
	words := regexp.MustCompile(`\p{L}+`)
	cyrillic := []string{"ru", "sr-Cyrl", "bg", "mk", "uk"}
	for lang, c := range all {
		if lang == English {
			continue
		}
		for key, text := range flat(c) {
			text = placeholder.ReplaceAllString(text, "")
			if text == placeholder.ReplaceAllString(source[key], "") {
				t.Errorf("%s: %s is English", lang, key)
			}
			if w := english.FindString(text); w != "" {
				t.Errorf("%s: %s has the English word %q", lang, key, w)
			}
			for _, w := range words.FindAllString(text, -1) {
				isLatin := strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
				isCyrillic := strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
				switch {
				case isLatin && isCyrillic:
					t.Errorf("%s: %s: the word %q is of two scripts", lang, key, w)
				case slices.Contains(cyrillic, lang) && isLatin && !latin[strings.ToLower(w)]:
					t.Errorf("%s: %s has the word %q", lang, key, w)
				case !slices.Contains(cyrillic, lang) && isCyrillic:
					t.Errorf("%s: %s has the word %q", lang, key, w)
				}
			}
		}
	}
}

// letters that one of the languages in Cyrillic has and another has not.
var foreign = map[string]string{
	"ru": "јљњћђџѓќѕіїєґ", "uk": "ыэёъјљњћђџѓќѕ", "bg": "ыэёіїєґјљњћђџѓќѕ", "mk": "ыэёъщйьюяіїєґћђ", "sr-Cyrl": "ыэёъщйьюяіїєґѓќѕ",
}

func TestLettersAreOfTheLanguage(t *testing.T) {
	for lang, letters := range foreign {
		for key, text := range flat(catalogues(t)[lang]) {
			if strings.ContainsAny(strings.ToLower(text), letters) {
				t.Errorf("%s: %s has a letter of another language: %q", lang, key, text)
			}
		}
	}
}

// TestSerbianIsOneText holds the two scripts together: a translation is approved in one, and is the same in the other.
func TestSerbianIsOneText(t *testing.T) {
	latinOf := strings.NewReplacer(pairs("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", "љ", "lj", "њ", "nj", "џ", "dž", "Љ", "Lj", "Њ", "Nj", "Џ", "Dž")...)
	all := catalogues(t)
	got := flat(all["sr-Latn"])
	for key, text := range flat(all["sr-Cyrl"]) {
		if want := latinOf.Replace(text); got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}

// pairs is the letters of two alphabets one after another, small and large.
func pairs(from, to string, more ...string) []string {
	a, b := []rune(from), []rune(to)
	for i := range a {
		more = append(more, string(a[i]), string(b[i]), string(unicode.ToUpper(a[i])), string(unicode.ToUpper(b[i])))
	}
	return more
}

func TestEachPluralOfTheLanguageIsThere(t *testing.T) {
	for lang, c := range catalogues(t) {
		for key, forms := range c.Counts {
			for n := range int64(1200) {
				if _, there := forms[c.category(n)]; !there {
					t.Fatalf("%s: %s has no form %q, as for %d", lang, key, c.category(n), n)
				}
			}
			if forms["other"] == "" {
				t.Errorf("%s: %s has no form other", lang, key)
			}
			for form := range forms {
				if !slices.Contains([]string{"one", "few", "many", "other"}, form) {
					t.Errorf("%s: %s: %s is no form", lang, key, form)
				}
			}
		}
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		lang string
		n    int64
		want string
	}{
		{"en", 0, "0 rows"}, {"en", 1, "1 row"}, {"en", 12345, "12\u202f345 rows"},
		{"fr", 0, "0 ligne"}, {"fr", 1, "1 ligne"}, {"fr", 2, "2 lignes"}, {"fr", 2_000_000, "2\u202f000\u202f000 de lignes"},
		{"es", 1, "1 fila"}, {"es", 4000, "4000 filas"},
		{"ru", 1, "1 строка"}, {"ru", 2, "2 строки"}, {"ru", 5, "5 строк"}, {"ru", 11, "11 строк"}, {"ru", 21, "21 строка"}, {"ru", 112, "112 строк"},
		{"uk", 1, "1 рядок"}, {"uk", 3, "3 рядки"}, {"uk", 14, "14 рядків"}, {"uk", 101, "101 рядок"},
		{"ro", 1, "1 rând"}, {"ro", 0, "0 rânduri"}, {"ro", 19, "19 rânduri"}, {"ro", 20, "20 de rânduri"}, {"ro", 101, "101 rânduri"}, {"ro", 120, "120 de rânduri"},
		{"sr-Cyrl", 1, "1 ред"}, {"sr-Cyrl", 2, "2 реда"}, {"sr-Cyrl", 5, "5 редова"}, {"sr-Cyrl", 21, "21 ред"},
		{"sr-Latn", 2, "2 reda"}, {"sr-Latn", 11, "11 redova"},
		{"bg", 1, "1 ред"}, {"bg", 21, "21 реда"},
		{"mk", 1, "1 ред"}, {"mk", 21, "21 ред"}, {"mk", 11, "11 реда"}, {"mk", 5, "5 реда"},
		{"sq", 1, "1 rresht"}, {"sq", 2, "2 rreshta"},
	} {
		if got := catalogues(t)[c.lang].Count("rows", c.n); got != c.want {
			t.Errorf("%s: %d is %q, want %q", c.lang, c.n, got, c.want)
		}
	}
}

func TestATranslationIsADraftUntilSomebodyApproves(t *testing.T) {
	for lang, c := range catalogues(t) {
		switch {
		case (lang == English) != (c.Status == StatusSource):
			t.Errorf("%s: the status is %q", lang, c.Status)
		case (c.Status == StatusApproved) != (c.ApprovedBy != ""):
			t.Errorf("%s: the status is %q, and approved by %q", lang, c.Status, c.ApprovedBy)
		case !slices.Contains([]string{StatusSource, StatusDraft, StatusApproved}, c.Status):
			t.Errorf("%s: the status is %q", lang, c.Status)
		case c.Direction != "ltr" && c.Direction != "rtl":
			t.Errorf("%s: the direction is %q", lang, c.Direction)
		}
		if n := c.Texts["sheet"]; len([]rune(n)) > 28 || strings.ContainsAny(n, `[]:*?/\'`) {
			t.Errorf("%s: a sheet cannot be called %q", lang, n)
		}
	}
}

// unkind is words that no receipt says to people about people.
var unkind = regexp.MustCompile(`(?i)\b(reject\w*|invalid|victim\w*|illegal|fail\w*|error\w*|record\w*)\b`)

func TestWordsAreForPeople(t *testing.T) {
	for key, text := range flat(catalogues(t)[English]) {
		if w := unkind.FindString(text); w != "" {
			t.Errorf("%s has the word %q", key, w)
		}
	}
}

func TestCatalogueOf(t *testing.T) {
	for lang, want := range map[string]string{
		"": "en", "xx": "en", "de": "en", "not a tag": "en", "mk": "mk", "mk-MK": "mk", "ro-MD": "ro", "sr": "sr-Cyrl", "sr-Latn-RS": "sr-Latn", "en-GB": "en", "es-419": "es", "uk": "uk",
	} {
		if c, err := CatalogueOf(lang); err != nil || c.Language != want {
			t.Errorf("%q is said in %v, want %s, %v", lang, c, want, err)
		}
	}
}
