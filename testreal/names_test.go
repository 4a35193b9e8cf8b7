package testreal

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"palermo/transform/link/name"
)

// person is one row of a file of public office holders.
type person struct {
	id, birth, script, written string
	text                       name.Text
}

// TestNamesAcrossScripts holds how many Cyrillic and Latin spellings of one person agree, and how
// many names of different persons do.
func TestNamesAcrossScripts(t *testing.T) {
	var people []person
	for _, r := range rowsOf(t, "ep_name_variants_dev.csv") {
		people = append(people, person{r["person_id"], r["birth_date"], r["script"], r["name"], name.Parse(r["name"])})
	}
	var same, other agreement
	for i, p := range people {
		for _, q := range people[:i] {
			switch {
			case p.id == q.id && p.script != q.script:
				if q.script == "Cyrl" {
					p, q = q, p
				}
				same.add(p, q)
			case p.id != q.id && p.birth != "" && q.birth != "" && p.birth != q.birth:
				other.add(p, q)
			}
		}
	}
	same.atLeast(t, agreement{pairs: 485, keys: 324, sounds: 324, within: 373, mean: 473, least: 465, surname: 438})
	other.atMost(t, agreement{pairs: 108396, mean: 4, surname: 159})
}

// TestNamesOfTerms does so for the names of the Bulgarian parliament, in the Cyrillic and the Latin
// of one row.
func TestNamesOfTerms(t *testing.T) {
	var cyrillic, latin []person
	for _, r := range rowsOf(t, "bg_mps_terms_dev.csv") {
		if strings.ContainsAny(r["name_latin"], "АЕИОУ") {
			continue
		}
		p := person{id: r["person_id"], birth: r["birth_date"]}
		p.written, p.text = r["name_cyrillic"], name.Parse(r["name_cyrillic"])
		cyrillic = append(cyrillic, p)
		p.written, p.text = r["name_latin"], name.Parse(r["name_latin"])
		latin = append(latin, p)
	}
	var same, other agreement
	for i, p := range cyrillic {
		for j, q := range latin {
			switch {
			case i == j:
				same.add(p, q)
			case p.id != q.id && p.birth != q.birth:
				other.add(p, q)
			}
		}
	}
	same.atLeast(t, agreement{pairs: 607, keys: 581, sounds: 588, within: 590, mean: 606, least: 606, surname: 603})
	other.atMost(t, agreement{pairs: 367290, mean: 61, least: 6, surname: 4712})
}

// TestNamePairs holds one rule, every token of the shorter name at least .84 alike, to its precision
// and recall on pairs made to be hard: typing errors are one name, another patronymic is not.
func TestNamePairs(t *testing.T) {
	found, wrong, missed := 0, 0, 0
	for _, r := range rowsOf(t, "opensanctions_name_pairs_dev.csv") {
		least, _ := name.Align(name.Parse(r["name1"]), name.Parse(r["name2"]))
		one := r["is_match"] == "true"
		count(&found, one && least >= 0.84)
		count(&wrong, !one && least >= 0.84)
		count(&missed, one && least < 0.84)
	}
	t.Logf("found %d, wrong %d, missed %d", found, wrong, missed)
	if found+missed != 137 || found < 114 || wrong > 28 {
		t.Errorf("found %d of %d with %d wrong, want at least 114 of 137 with at most 28", found, found+missed, wrong)
	}
}

// TestNamesKeptApart holds how many different words of the Cyrillic lists, which are spelled by one
// norm, sound the same.
func TestNamesKeptApart(t *testing.T) {
	bySound := map[string][]string{}
	distinct := map[string]bool{}
	for _, r := range rowsOf(t, "bg_mps_terms_dev.csv") {
		for i, w := range name.Parse(r["name_cyrillic"]).Tokens {
			if !distinct[w] {
				sound := name.Parse(r["name_cyrillic"]).Skeleton[i]
				bySound[sound] = append(bySound[sound], w)
			}
			distinct[w] = true
		}
	}
	merged := 0
	for _, words := range bySound {
		merged += len(words) - 1
	}
	t.Logf("%d words, %d of them sound like another", len(distinct), merged)
	if len(distinct) < 500 || merged > 6 {
		t.Errorf("%d of %d words sound like another, want at most 6", merged, len(distinct))
	}
}

// agreement counts pairs of names.
type agreement struct {
	pairs   int
	keys    int // all tokens sound alike in one rendering: the key of the full name
	sounds  int // as many tokens, each sounding as one of the other
	within  int // the tokens of the shorter name each sound as one of the other
	mean    int // Align's mean is at least .88
	least   int // Align's least is
	surname int // the surname's consonants are among those of the other
}

func (a *agreement) add(p, q person) {
	a.pairs++
	least, mean := name.Align(p.text, q.text)
	count(&a.keys, sameSounds(p.text, q.text))
	count(&a.sounds, least == 1 && len(p.text.Tokens) == len(q.text.Tokens))
	count(&a.within, least == 1)
	count(&a.mean, mean >= 0.88)
	count(&a.least, least >= 0.88)
	count(&a.surname, sameKey(p, q))
}

// atLeast holds a to agreeing no less often than was measured. A change that finds more raises want.
func (a agreement) atLeast(t *testing.T, want agreement) {
	t.Helper()
	t.Logf("one person: %+v", a)
	if a.pairs != want.pairs || a.keys < want.keys || a.sounds < want.sounds || a.within < want.within ||
		a.mean < want.mean || a.least < want.least || a.surname < want.surname {
		t.Errorf("one person: %+v, want at least %+v", a, want)
	}
}

// atMost holds a to agreeing no more often than was measured.
func (a agreement) atMost(t *testing.T, want agreement) {
	t.Helper()
	t.Logf("different persons: %+v", a)
	if a.pairs != want.pairs || a.keys > want.keys || a.sounds > want.sounds || a.within > want.within ||
		a.mean > want.mean || a.least > want.least || a.surname > want.surname {
		t.Errorf("different persons: %+v, want at most %+v", a, want)
	}
}

func count(n *int, is bool) {
	if is {
		*n++
	}
}

// renderings is both skeletons of a name, in the order of the alphabet.
func renderings(x name.Text) [][]string {
	r := [][]string{slices.Sorted(slices.Values(x.Skeleton))}
	if x.AltSkeleton != nil {
		r = append(r, slices.Sorted(slices.Values(x.AltSkeleton)))
	}
	return r
}

func sameSounds(a, b name.Text) bool {
	for _, x := range renderings(a) {
		for _, y := range renderings(b) {
			if slices.Equal(x, y) {
				return true
			}
		}
	}
	return false
}

// sameKey is whether the surname of p, before a comma or last, has a key that a token of q has.
func sameKey(p, q person) bool {
	surname, _, found := strings.Cut(p.written, ",")
	if !found {
		words := strings.Fields(surname)
		surname = words[len(words)-1]
	}
	x, y := name.Parse(surname), q.text
	for _, a := range slices.Concat(x.Skeleton, x.AltSkeleton) {
		for _, b := range slices.Concat(y.Skeleton, y.AltSkeleton) {
			if name.Consonants(a) == name.Consonants(b) {
				return true
			}
		}
	}
	return false
}

// rowsOf is the rows of a file of data/linkage by column.
func rowsOf(t *testing.T, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(realFile("linkage", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, column := range rows[0] {
			m[column] = r[i]
		}
		out = append(out, m)
	}
	return out
}
