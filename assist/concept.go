package assist

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"slices"
	"strings"
	"sync"
)

//go:embed concepts.csv
var conceptWords []byte

// concepts is, by folded token, what it is another word for: an organisation is an agency or an entity, wherever
// a name of a column says so. A token may have several.
var concepts = sync.OnceValue(func() map[string][]string {
	recs, err := csv.NewReader(bytes.NewReader(conceptWords)).ReadAll()
	if err != nil {
		panic(err) // it is built in, and a test reads it
	}
	out := map[string][]string{}
	for _, r := range recs[1:] {
		for _, w := range strings.Fields(r[2]) {
			if t := fold(w); !slices.Contains(out[t], r[0]) {
				out[t] = append(out[t], r[0])
			}
		}
	}
	return out
})

// sameConcept reports whether the two tokens are words for one thing.
func sameConcept(a, b string) bool {
	of := concepts()
	return slices.ContainsFunc(of[a], func(c string) bool { return slices.Contains(of[b], c) })
}

// slight is words that say how sure something is, whose it is, or that it is asked for, and hardly what it is: a
// claimed form of exploitation is a form of exploitation, and a victim's name a name.
var slight = setOf(fold(`claimed alleged suspected presumed potential possible reported stated declared recorded specify specified please select
	indicate provide enter primary main incoming making process broad detailed level code codes victim victims survivor beneficiary client individual case person persons persona personas
	niveau nivel código уровень рівень ниво код nivo niveli kodi présumée présumé déclaré principal principale victime victimes personne personnes víctima víctimas presunta presunto
	жертва жертвы жертве жертви потерпілий потерпілого лице лица особа особи victimă victima victimei persoană persoana persoanei viktima viktimës`))

// slightWeight is what a slight word counts beside one that says what a column is.
const slightWeight = 0.35

// weightOf is what a token counts where phrases are compared.
func weightOf(t string) float64 {
	if slight[t] {
		return slightWeight
	}
	return 1
}
