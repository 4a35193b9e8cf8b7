package pipeline

// levelWords is what a level of a comparison is called in a review workbook, by the comparison and
// what the level says. A level that is not here stands as the model has it.
var levelWords = map[[2]string]string{
	{"name", "equal given.skeleton, family.skeleton"}: "same given and family name",
	{"name", "equal name.sorted"}:                     "same names, in another order",
	{"name", "but_one name ≥ 0.92"}:                   "same names, one spelt a little otherwise",
	{"name", "aligned name ≥ 0.88"}:                   "all names alike",
	{"name", "equal family.skeleton"}:                 "same family name only",
	{"name", "equal given.skeleton"}:                  "same given name only",
	{"name", "one_token name ≥ 0.88"}:                 "one name alike",
	{"name", "else"}:                                  "different",

	{"father's name", "equal father.skeleton"}: "same",
	{"father's name", "aligned father ≥ 0.88"}: "alike",
	{"father's name", "else"}:                  "different",

	{"sex", "equal sex"}: "same",
	{"sex", "else"}:      "different",

	{"birth date", "equal birth.exact"}:       "same day",
	{"birth date", "swapped birth.exact"}:     "day and month swapped",
	{"birth date", "digits birth.exact ≤ 1"}:  "one digit off",
	{"birth date", "days birth.exact ≤ 31"}:   "within a month",
	{"birth date", "days birth.exact ≤ 366"}:  "within a year",
	{"birth date", "days birth.exact ≤ 3653"}: "within ten years",
	{"birth date", "else"}:                    "more than ten years apart",

	{"birth interval", "overlap birth ≤ 366"}:  "agree, to the year",
	{"birth interval", "overlap birth ≤ 1096"}: "agree, within three years",
	{"birth interval", "overlap birth"}:        "agree, within more than three years",
	{"birth interval", "gap birth ≤ 366"}:      "up to a year apart",
	{"birth interval", "gap birth ≤ 1096"}:     "up to three years apart",
	{"birth interval", "else"}:                 "more than three years apart",

	{"citizenship", "equal citizenship"}:       "same",
	{"citizenship", "shares citizenship.each"}: "one in common",
	{"citizenship", "else"}:                    "different",

	{"origin", "equal origin"}: "same country",
	{"origin", "else"}:         "different",

	{"place", "equal place.skeleton"}:              "same place",
	{"place", "jaro_winkler place.skeleton ≥ 0.9"}: "places spelt alike",
	{"place", "equal region"}:                      "same region",
	{"place", "else"}:                              "different",
	{"reference", "shares reference.each"}:         "one in common",
	{"reference", "else"}:                          "none in common",
}

// levelWord is the level in plain words.
func levelWord(comparison, says string) string {
	if w, known := levelWords[[2]string{comparison, says}]; known {
		return w
	}
	return says
}
