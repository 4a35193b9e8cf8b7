package name

import (
	_ "embed"
	"strings"
)

//go:embed sounds.csv
var soundsCSV string

// A reading is one of the ways in which plain Latin letters are spoken.
type reading int

const (
	slavic reading = iota // also English transcription
	balkan                // Romanian, and Albanian q, x
)

// sounds is what a spelling sounds like, by its first letter, the longest first.
var sounds = readSounds(soundsCSV)

type sound struct {
	spelling string
	atStart  bool
	atEnd    bool
	before   string // the letters of which one must follow; empty is any or none
	as       string
}

type soundTable [2]['z' + 1][]sound

func readSounds(text string) *soundTable {
	t := &soundTable{}
	for _, row := range table(text) {
		s := sound{spelling: row[0], atStart: row[1] == "start", atEnd: row[1] == "end", before: row[2], as: row[4]}
		for _, r := range map[string][]reading{"*": {slavic, balkan}, "slavic": {slavic}, "balkan": {balkan}}[row[3]] {
			list := &t[r][s.spelling[0]]
			i := 0
			for i < len(*list) && !s.tighter((*list)[i]) {
				i++
			}
			*list = append((*list)[:i], append([]sound{s}, (*list)[i:]...)...)
		}
	}
	return t
}

// tighter is whether s is tried before o: the longer spelling, then the one with a condition.
func (s sound) tighter(o sound) bool {
	if len(s.spelling) != len(o.spelling) {
		return len(s.spelling) > len(o.spelling)
	}
	return s.conditions() > o.conditions()
}

func (s sound) conditions() int {
	n := 0
	for _, has := range []bool{s.atStart, s.atEnd, s.before != ""} {
		if has {
			n++
		}
	}
	return n
}

// at is whether s is spelled at token[i:].
func (s sound) at(token string, i int) bool {
	end := i + len(s.spelling)
	switch {
	case !strings.HasPrefix(token[i:], s.spelling), s.atStart && i != 0, s.atEnd && end != len(token):
		return false
	}
	return s.before == "" || end < len(token) && strings.IndexByte(s.before, token[end]) >= 0
}

func skeletons(tokens []string, r reading) []string {
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = skeleton(t, r)
	}
	return out
}

// skeleton is how an ASCII token sounds: spellings become sounds, an i before a vowel is only how
// that vowel begins, and doubles are one.
func skeleton(token string, r reading) string {
	spoken := make([]byte, 0, len(token)+4)
	for i := 0; i < len(token); {
		n := 1
		as := token[i : i+1]
		if c := token[i]; c <= 'z' {
			for _, s := range sounds[r][c] {
				if s.at(token, i) {
					n, as = len(s.spelling), s.as
					break
				}
			}
		}
		spoken = append(spoken, as...)
		i += n
	}
	return string(closed(spoken))
}

// closed takes out, in place, every i before another vowel and all but one of equal letters in a row.
func closed(b []byte) []byte {
	out := b[:0]
	for i, c := range b {
		if n := len(out); n > 0 && out[n-1] == c || c == 'i' && beginsVowel(b[i:]) {
			continue
		}
		out = append(out, c)
	}
	return out
}

// beginsVowel is whether another vowel follows the i or the row of i that b begins with.
func beginsVowel(b []byte) bool {
	for _, c := range b {
		if c != 'i' {
			return isVowel(c)
		}
	}
	return false
}

func isVowel(c byte) bool {
	switch c {
	case 'a', 'e', 'i', 'o', 'u':
		return true
	}
	return false
}

// Consonants gives a skeleton without the vowels after its first letter: the key for blocking,
// since vowels are what spellings differ in most.
func Consonants(skeleton string) string {
	b := make([]byte, 0, len(skeleton))
	for i := range len(skeleton) {
		c := skeleton[i]
		if i > 0 && (isVowel(c) || b[len(b)-1] == c) {
			continue
		}
		b = append(b, c)
	}
	return string(b)
}
