package name

import "strings"

// A Text is one name as it is compared. Its slices have one entry a token, in the order written.
// The zero Text is no name: it agrees and disagrees with nothing.
type Text struct {
	Tokens      []string // romanised, ASCII lower case
	Skeleton    []string // how each token sounds; consonants in capitals are one sound each
	Alt         []string // the second romanisation; nil where there is none
	AltSkeleton []string // the second reading; nil where there is none
}

// Parse makes a name comparable. A word that stands for no name (unknown, n/a, непознато, xxx), a
// mark (-, ?) and what has no letter give an empty Text. Parsing the joined Tokens again gives the
// same Tokens and Skeleton.
func Parse(s string) Text {
	first, second, sounds := romanise(s)
	if first == "" || isEmpty(first) {
		return Text{}
	}
	tokens := strings.Fields(first)
	t := Text{Tokens: tokens, Skeleton: skeletons(tokens, slavic)}
	alt := tokens
	if second != first {
		alt = strings.Fields(second)
	}
	if len(alt) != len(tokens) { // a second reading that leaves nothing of a token
		alt = tokens
	}
	sound := skeletons(alt, sounds)
	if second == first && same(sound, t.Skeleton) {
		return t
	}
	t.Alt, t.AltSkeleton = alt, sound
	return t
}

// Standard is the Tokens of Parse with a space between them: "" where s stands for no name.
func Standard(s string) string {
	first := Fold(s)
	if first == "" || isEmpty(first) {
		return ""
	}
	return first
}

// Fold gives text other than names (places, categories) as ASCII lower case with one space between
// words. Whatever is neither letter nor digit parts words, save an apostrophe inside one.
func Fold(s string) string {
	first, _, _ := romanise(s)
	return first
}

func same(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
