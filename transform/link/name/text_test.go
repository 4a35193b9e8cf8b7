package name

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		what, in, tokens, alt string // alt is empty where there is none
	}{
		{"nothing", "", "", ""},
		{"spaces", " \t\n", "", ""},
		{"a mark", "-", "", ""},
		{"question marks", "???", "", ""},
		{"a word for no name", "UNKNOWN", "", ""},
		{"with a slash", "N/A", "", ""},
		{"twice", "Unknown, unknown", "", ""},
		{"Serbian", "Непознато", "", ""},
		{"Romanian with marks", "Necunoscută", "", ""},
		{"Romanian without", "necunoscuta", "", ""},
		{"Albanian", "I panjohur", "", ""},
		{"a row of x", "XXXX", "", ""},
		{"numbers only", "12 07", "", ""},
		{"such a word within a name", "Unknown Petrova", "unknown petrova", ""},
		{"case and order stay as written", "PETROVA, Ana", "petrova ana", ""},
		{"initials and titles are tokens", "Dr. I.P. Petrov", "dr i p petrov", ""},
		{"hyphen", "Ana-Maria Popescu", "ana maria popescu", ""},
		{"dashes of print", "Ana–Maria", "ana maria", ""},
		{"Ukrainian apostrophe", "Мар’яна Петренко", "maryana petrenko", ""},
		{"ASCII apostrophe", "O'Neill", "oneill", ""},
		{"Uzbek letters with an apostrophe", "Oʻtkir Gʻaniyev", "otkir ganiyev", ""},
		{"Serbian, bare Latin as second", "Ђорђе Ћосић", "djordje chosich", "djordje cosic"},
		{"BCMS, its sounds as second", "Đorđe Ćosić", "djordje cosic", "djordje chosich"},
		{"Macedonian", "Ѓорѓи Ќосев", "gjorgji kjosev", "djordji cosev"},
		{"Bulgarian ъ is a vowel", "Вълчев", "valchev", "vulchev"},
		{"Russian ъ is none", "Подъячев", "podyachev", "podyacev"},
		{"щ of either", "Щерев", "shcherev", "shterev"},
		{"щ of Bulgarian by its ъ", "Щърбов", "shtarbov", "shturbov"},
		{"щ of Russian by its ы", "Пращый", "prashchyy", ""},
		{"й keeps its mark", "Йордан", "yordan", ""},
		{"й as two runes", "И\u0306ордан", "yordan", ""},
		{"ё keeps its mark", "Алёна", "alyona", "alena"},
		{"Ukrainian г and и", "Григорій", "hryhoriy", "grigoriy"},
		{"Ukrainian own letters", "Їжак Ґалаґан Єва", "yizhak galagan yeva", "izhak galagan yeva"},
		{"Belarusian", "Быкаў", "bykau", "bykav"},
		{"Moldovan Cyrillic", "Ӂеорӂе", "dzheordzhe", "george"},
		{"Kyrgyz", "Өмүрбек Төлөңгүт", "omurbek tolongut", "omurbek tolonggut"},
		{"Romanian cedilla", "Şevciuc Neguţa", "sevciuc neguta", "shevciuc negutsa"},
		{"Romanian comma", "Șevciuc Neguța", "sevciuc neguta", "shevciuc negutsa"},
		{"Romanian vowels", "Pîrlog Pârlog Dolină", "pirlog parlog dolina", "pirlog pirlog dolina"},
		{"Albanian", "Thaçi Berishë", "thaci berishe", "thachi berishe"},
		{"Turkish", "Işık Çağlar", "isik caglar", "ishik chaglar"},
		{"Turkish dotted capital", "İbrahim", "ibrahim", ""},
		{"Azerbaijani", "Əliyev", "aliyev", "eliyev"},
		{"German", "Groß Müller", "gross muller", "gross mueller"},
		{"Nordic", "Bjørn Æbelø Åse", "bjorn aebelo ase", "bjoern aebeloe aase"},
		{"Polish", "Wałęsa", "walesa", "walensa"},
		{"an accent of elsewhere", "José Nguyễn", "jose nguyen", ""},
		{"Greek", "Γεώργιος Παπαδόπουλος", "georgios papadopoulos", ""},
		{"Greek pairs of letters", "Μπότσαρης Ντίνος", "mpotsaris ntinos", "botsaris dinos"},
		{"Georgian", "მიხეილ სააკაშვილი", "mikheil saakashvili", ""},
		{"Armenian", "Ռոբերտ Քոչարյան", "robert kocharyan", ""},
		{"no-break space", "Ana\u00a0Petrova", "ana petrova", ""},
		{"zero-width and soft hyphen", "A\u200bna\ufeff Pet\u00adrova", "ana petrova", ""},
		{"full-width letters", "Ａｎａ", "ana", ""},
		{"a Latin capital in a Cyrillic word", "ИBАНОВ", "ivanov", ""},
		{"a Cyrillic letter in a Latin word", "Pеtrova", "petrova", ""},
		{"neither script dominates", "ABВГ", "abvg", ""},
		{"a letter without a look-alike is not mended", "Иванdв", "ivandv", ""},
		{"invalid bytes part words", "Ana\xff\xfePetrova", "ana petrova", ""},
		{"broken encoding stays", "Ä\u0087osiÄ\u0087", "a osia", "ae osiae"},
		{"a script without letters here", "李", "", ""},
	}
	for _, tt := range tests {
		got := Parse(tt.in)
		if d := cmp.Diff(tt.tokens, strings.Join(got.Tokens, " ")); d != "" {
			t.Errorf("%s: Parse(%q).Tokens (-want +got):\n%s", tt.what, tt.in, d)
		}
		alt := strings.Join(got.Alt, " ")
		if alt == strings.Join(got.Tokens, " ") {
			alt = "" // only its sound differs
		}
		if d := cmp.Diff(tt.alt, alt); d != "" {
			t.Errorf("%s: Parse(%q).Alt (-want +got):\n%s", tt.what, tt.in, d)
		}
	}
}

// TestMeet is spellings of one name that must have a rendering in common, and of others that
// must not.
func TestMeet(t *testing.T) {
	same := [][]string{
		{"Ђорђевић", "Đorđević", "Djordjevic", "Djordjević", "Dzhordzhevich", "Џорџевић"},
		{"Ђорђевић", "Джорджевич"},
		{"Юруков", "Yurukov", "Iurukov", "Jurukov", "YURUKOFF"},
		{"Христо", "Hristo", "Christo", "Khristo"},
		{"Кристина", "Kristina", "Cristina", "Christina"},
		{"Наталия", "Наталья", "Natalia", "Nataliya", "Natalija"},
		{"Коваленко", "Kovalenko", "Covalenco"},
		{"Шевчук", "Shevchuk", "Şevciuc", "Ševčuk", "Schewtschuk"},
		{"Джафери", "Xhaferi", "Džaferi", "Dzhaferi", "Djaferi"},
		{"Ћосић", "Ćosić", "Cosic"},
		{"Ћосић", "Ćosić", "Chosich"},
		{"Петровски", "Петровский", "Petrovski", "Petrovsky", "Petrovskyj", "Petrovskiy", "Petrovschi"},
		{"Иванева", "Ivaneva", "Ivanewa"},
		{"Йордан", "Yordan", "Jordan", "Iordan"},
		{"Любомир", "Љубомир", "Lyubomir", "Ljubomir", "Lubomir"},
		{"Божинов", "Bozhinov", "Bojinov"},
		{"Цветан", "Цветан", "Tsvetan", "Tzvetan"},
		{"Михаил", "Mihail", "Mikhail"},
		{"Вучић", "Vučić", "Vucic"},
		{"Олег", "Oleg"},
		{"Григорій", "Grigoriy", "Hryhoriy", "Григорий"},
	}
	for _, names := range same {
		for _, n := range names[1:] {
			if !meet(Parse(names[0]), Parse(n)) {
				t.Errorf("%s and %s do not meet: %v, %v", names[0], n, Parse(names[0]), Parse(n))
			}
		}
	}
	apart := [][2]string{
		{"Александар", "Олександр"}, {"Иван", "Йован"}, {"Петров", "Петрова"}, {"Шевчук", "Савчук"},
		{"Kovalenko", "Kovalchuk"}, {"Ana", "Anna-Maria"}, {"Hasani", "Hasanaj"}, {"Goran", "Zoran"},
	}
	for _, p := range apart {
		if meet(Parse(p[0]), Parse(p[1])) {
			t.Errorf("%s and %s meet", p[0], p[1])
		}
	}
}

// meet is whether two names of one order have a skeleton in common.
func meet(a, b Text) bool {
	for _, x := range [][]string{a.Skeleton, a.AltSkeleton} {
		for _, y := range [][]string{b.Skeleton, b.AltSkeleton} {
			if len(x) > 0 && len(x) == len(y) && same(x, y) {
				return true
			}
		}
	}
	return false
}

func TestConsonants(t *testing.T) {
	for in, want := range map[string]string{"": "", "ivanov": "ivnv", "urukov": "urkv", "a": "a", "JorJeviC": "JrJvC", "baba": "b", "aia": "a"} {
		if got := Consonants(in); got != want {
			t.Errorf("Consonants(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		" -- ":                "",
		"Chișinău, mun.":      "chisinau mun",
		"Бѣлград":             "belgrad",
		"Kam'yanets-Podilsky": "kamyanets podilsky",
		"Скопје (Центар)":     "skopje tsentar",
		"unknown":             "unknown",
		"№ 5, ул. Цар":        "no 5 ul tsar",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "Ђорђе Ћосић", "Şevciuc", "N/A", "\xff\xfe", "İı", "ИBАНОВ", "q\u0301", "ьо", "iiia", "ﬃ", "Ä\u0087", "ꙮ", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x := Parse(s)
		for _, list := range [][]string{x.Tokens, x.Skeleton, x.Alt, x.AltSkeleton} {
			if len(list) != len(x.Tokens) && list != nil {
				t.Fatalf("Parse(%q): %d entries for %d tokens", s, len(list), len(x.Tokens))
			}
			for _, w := range list {
				if strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789SZCJ") != "" {
					t.Fatalf("Parse(%q): %q is not of our letters", s, w)
				}
			}
		}
		again := Parse(strings.Join(x.Tokens, " "))
		if d := cmp.Diff([][]string{x.Tokens, x.Skeleton}, [][]string{again.Tokens, again.Skeleton}); d != "" {
			t.Fatalf("Parse(%q) again (-first +second):\n%s", s, d)
		}
		if joined := strings.Join(x.Tokens, " "); Fold(joined) != joined {
			t.Fatalf("Fold(%q) = %q", joined, Fold(joined))
		}
	})
}
