package link

import "slices"

// ladders makes a comparison of each field.
func (in *inference) ladders() {
	given, surname := in.by(roleGiven), in.by(roleSurname)
	both := len(given) > 0 && len(surname) > 0
	for i := range in.fields {
		f := &in.fields[i]
		switch {
		case f.role == roleGiven && both:
			in.compare(f, nameLadder(f.Name, surname[0].Name), nil)
		case f.role == roleGiven || f.role == roleSurname:
			in.compare(f, nameLadder(f.Name, ""), nil)
		case f.role == roleFull && f.no:
			in.compare(f, fullLadder(f.Name), []string{given[0].Name, surname[0].Name})
		case f.role == roleFull:
			in.compare(f, fullLadder(f.Name), nil)
		case f.role == roleAge && f.no:
			in.compare(f, ageLadder(f.Name), []string{in.by(roleBirth)[0].Name})
		case f.role == roleAge:
			in.compare(f, ageLadder(f.Name), nil)
		case f.Kind == Birth:
			in.compare(f, birthLadder(f.Name, f.p.partial > 0), nil)
		case f.Kind == Date:
			in.compare(f, dateLadder(f.Name, in.spec.Across), nil)
		case f.Kind == Email:
			in.compare(f, emailLadder(f.Name), nil)
		case f.Kind == Number:
			in.compare(f, amountLadder(f.Name), nil)
		case f.Kind == Reference && f.role == rolePost:
			in.compare(f, postLadder(f.Name, f.p), nil)
		case f.Kind == Reference:
			in.compare(f, referenceLadder(f.Name), nil)
		case f.Kind == Text:
			in.compare(f, textLadder(f.Name, f.p), nil)
		case f.Kind == Code:
			in.compare(f, codeLadder(f.Name, f.p), nil)
		}
	}
}

// halves compares a name that stands alone by its first and its last word in alphabetical order:
// with one comparison nothing could tell how often persons agree in it from how many there are.
func (in *inference) halves() {
	if len(in.spec.Comparisons) != 1 || in.named(in.spec.Comparisons[0].Name).Kind != Name {
		return
	}
	f := in.spec.Comparisons[0].Name
	in.spec.Comparisons = nil
	for _, half := range []string{"first_word", "last_word"} {
		of := f + "." + half
		in.spec.Comparisons = append(in.spec.Comparisons, Comparison{Name: f + "_" + half, Levels: []Level{
			is("equal", of).rarity(), least("jaro_winkler", of, 0.92), least("jaro_winkler", of, 0.88), least("jaro_winkler", of, 0.7),
		}})
	}
}

// mostComparisons bounds how many fields are compared.
const mostComparisons = 20

// narrow leaves comparisons out until a pattern holds the rest: first those of fields that persons are
// not told apart by, the commonest agreement first.
func (in *inference) narrow() {
	for len(in.spec.Comparisons) > mostComparisons || patterns(in.spec.Comparisons) > maxPatterns {
		worst, weight := -1, -1.0
		for i, c := range in.spec.Comparisons {
			f := in.named(c.Name)
			w := f.p.equal
			if !slices.Contains(identifying, f.role) {
				w++
			}
			if w >= weight {
				worst, weight = i, w
			}
		}
		in.note(in.named(in.spec.Comparisons[worst].Name).p.column.Name, "", "there are too many columns, and others say more")
		in.spec.Comparisons = slices.Delete(in.spec.Comparisons, worst, worst+1)
	}
}

func (in *inference) named(field string) *inferredField {
	i := slices.IndexFunc(in.fields, func(f inferredField) bool { return f.Name == field })
	return &in.fields[i]
}

func (in *inference) compare(f *inferredField, levels []Level, unlessBoth []string) {
	in.spec.Comparisons = append(in.spec.Comparisons, Comparison{Name: f.Name, Levels: levels, UnlessBoth: unlessBoth})
}

// A level of one feature; with its own frequency, or that of another.
func is(test, of string) Level                { return Level{Is: test, Of: []string{of}} }
func least(test, of string, v float64) Level  { return Level{Is: test, Of: []string{of}, Least: v} }
func most(test, of string, v float64) Level   { return Level{Is: test, Of: []string{of}, Most: v} }
func (l Level) rarityOf(feature string) Level { l.Frequency = feature; return l }
func (l Level) rarity() Level                 { l.Frequency = l.Of[0]; return l }
func exchangedWith(f, g string) Level         { return Level{Is: exchanged, Of: []string{f, g}} }

// nameLadder is for one part of a name. Where the other part is known, the two may be in each
// other's place.
func nameLadder(f, other string) []Level {
	l := []Level{
		is("equal", f).rarity(),
		is("equal", f+".skeleton").rarity(),
		least("jaro_winkler", f, 0.92),
	}
	if other != "" {
		l = append(l, exchangedWith(f, other))
	}
	return append(l, least("jaro_winkler", f, 0.85), least("aligned", f, 0.88), least("jaro_winkler", f, 0.7))
}

func fullLadder(f string) []Level {
	return []Level{
		is("equal", f).rarity(),
		is("equal", f+".sorted").rarity(),
		least("but_one", f, 0.92),
		least("aligned", f, 0.95).rarityOf(f + ".rare"),
		least("aligned", f, 0.88),
		least("but_one", f, 0.7),
		least("one_token", f, 0.95),
	}
}

func birthLadder(f string, partial bool) []Level {
	l := []Level{is("equal", f).rarity()}
	if partial {
		l = append(l, most("overlap", f, 366).rarityOf(f+".year"))
	}
	l = append(l, most("digits", f, 1), is("swapped", f))
	if partial {
		return append(l, most("gap", f, 31), most("gap", f, 366), most("gap", f, 3660))
	}
	return append(l, most("digits", f, 2), most("days", f, 31), is("equal", f+".year"), is("equal", f+".monthday"), most("days", f, 3660))
}

func dateLadder(f string, across bool) []Level {
	if across { // what happened to the one may follow what happened to the other
		return []Level{
			is("equal", f), most("days_after", f, 1), most("days_after", f, 3), most("days_after", f, 7), most("days_after", f, 14), most("days_after", f, 31),
			most("days", f, 1), most("days", f, 7), most("days", f, 31), most("days", f, 366),
		}
	}
	return []Level{is("equal", f), most("days", f, 1), most("days", f, 3), most("days", f, 7), most("days", f, 14), most("days", f, 31), most("days", f, 366)}
}

func emailLadder(f string) []Level {
	return []Level{
		is("equal", f).rarity(),
		is("equal", f+".user").rarity(),
		is("one_edit", f+".user"),
		least("jaro_winkler", f+".user", 0.88),
	}
}

func amountLadder(f string) []Level {
	return []Level{is("equal", f).rarity(), most("share", f, 0.002), most("share", f, 0.01), most("share", f, 0.03), most("share", f, 0.1), most("share", f, 0.3)}
}

func ageLadder(f string) []Level {
	return []Level{is("equal", f), most("difference", f, 1), most("difference", f, 3), most("difference", f, 10)}
}

func referenceLadder(f string) []Level {
	return []Level{is("equal", f).rarity(), is("one_edit", f), most("levenshtein", f, 2)}
}

func postLadder(f string, p *profile) []Level {
	l := []Level{is("equal", f).rarity(), is("one_edit", f)}
	if p.letters > mostly {
		return append(l, is("equal", f+".first4").rarity(), is("equal", f+".first2").rarity())
	}
	return append(l, is("equal", f+".first2"))
}

func textLadder(f string, p *profile) []Level {
	l := []Level{is("equal", f).rarity(), least("jaro_winkler", f, 0.92)}
	if p.tokens > 2 {
		return append(l, least("jaccard", f+".words", 0.8), least("jaccard", f+".words", 0.6), least("aligned", f, 0.97), least("jaccard", f+".words", 0.4), least("aligned", f, 0.9), least("jaccard", f+".words", 0.2), least("aligned", f, 0.8))
	}
	if p.tokens > 1.3 {
		l = append(l, least("jaccard", f+".words", 0.5))
	}
	return append(l, least("jaro_winkler", f, 0.8))
}

func codeLadder(f string, p *profile) []Level {
	l := []Level{is("equal", f).rarity()}
	if p.distinct > fewWords && p.length >= 3 {
		l = append(l, is("one_edit", f))
	}
	return l
}
