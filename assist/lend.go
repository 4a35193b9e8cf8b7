package assist

// lists is the code list of each text that holds codes joined by ";".
var lists = map[Meaning]string{
	{"released_case", "means", ""}: "means", {"released_case", "purposes", ""}: "purpose", {"released_case", "activities", ""}: "activity",
	{"released_case", "recruiter_relationships", ""}: "recruiter_relationship",
	{"reported_flow", "victims", ""}:                 "victim_profile", {"reported_flow", "purposes", ""}: "purpose", {"reported_flow", "means", ""}: "means",
	{"reported_flow", "traffickers", ""}: "trafficker_profile", {"reported_flow", "activities", ""}: "activity",
}

// lent is the fields of published tables that are called what a field of another is, since they say the same of more
// than one person: by name, and by code where there is a column for each.
var lent = map[Meaning]struct{ names, codes []Meaning }{
	{"record_means", "means_code", ""}:              {names: []Meaning{{"released_case", "means", ""}, {"reported_flow", "means", ""}}, codes: []Meaning{{"released_case", "means", ""}}},
	{"record_purpose", "purpose_code", ""}:          {codes: []Meaning{{"released_case", "purposes", ""}}},
	{"statistic", "purpose_code", ""}:               {names: []Meaning{{"released_case", "purposes", ""}, {"reported_flow", "purposes", ""}}},
	{"record_exploitation", "activity_code", ""}:    {names: []Meaning{{"released_case", "activities", ""}, {"reported_flow", "activities", ""}}},
	{"record_perpetrator", "relationship_code", ""}: {names: []Meaning{{"released_case", "recruiter_relationships", ""}}},
	{"record", "origin_country_code", ""}:           {names: []Meaning{{"reported_flow", "origin_code", ""}}},
	{"record", "notes", ""}:                         {names: []Meaning{{"reported_flow", "notes", ""}}},
}

// lend gives the fields of published tables the names that others have.
func (l *Lexicon) lend() {
	for i := range l.aliases {
		a := l.aliases[i]
		code := a.what.Code
		a.what.Code = ""
		to := lent[a.what].names
		if code != "" {
			to = lent[a.what].codes
		}
		for _, what := range to {
			if l.schema.Table(what.Table) == nil {
				continue
			}
			b := a
			b.what = Meaning{what.Table, what.Field, code}
			l.aliases = append(l.aliases, b)
		}
	}
}
