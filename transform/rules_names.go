package transform

import (
	"maps"
	"slices"
)

// Rules is the names that a mapping may use, sorted, by the word of the mapping language that
// names them: parse, form, facts, several,
// repair and part.
func Rules() map[string][]string {
	forms := maps.Clone(layouts)
	delete(forms, "") // no form stated
	return map[string][]string{
		"parse":   slices.Sorted(maps.Keys(parsers)),
		"form":    slices.Sorted(maps.Keys(forms)),
		"facts":   slices.Sorted(maps.Keys(facts)),
		"several": slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(severals)), slices.Collect(maps.Keys(severalMakers))...))),
		"repair":  slices.Sorted(maps.Keys(repairs)),
		"part":    slices.Sorted(maps.Keys(parts)),
	}
}
