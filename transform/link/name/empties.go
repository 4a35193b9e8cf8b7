package name

import (
	_ "embed"
	"strings"
)

//go:embed empties.csv
var emptiesCSV string

// empties is the words that stand for no name, romanised.
var empties = readEmpties(emptiesCSV)

func readEmpties(text string) map[string]bool {
	m := map[string]bool{}
	for _, row := range table(text) {
		m[Fold(row[0])] = true
	}
	return m
}

// isEmpty is whether tokens, with a space between them, say that there is no name: together, each by
// itself, as a row of x, or without a letter.
func isEmpty(tokens string) bool {
	if empties[tokens] {
		return true
	}
	for t := range strings.SplitSeq(tokens, " ") {
		if !empties[t] && strings.Trim(t, "x0123456789") != "" {
			return false
		}
	}
	return true
}
