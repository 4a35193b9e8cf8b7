package schemas_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// caveat is how a view of cases says what it is no measure of.
var caveat = regexp.MustCompile(`no sample|not prevalence|no rate|never added|draft|not comparable|agencies`)

// The dictionary says of everything in the database what the comment on it says, and of nothing else.
func TestDictionaryIsTheComments(t *testing.T) {
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	want := rows(t, db, `
		SELECT table_name, '', comment FROM duckdb_tables()
		UNION ALL SELECT view_name, '', comment FROM duckdb_views() WHERE NOT internal
		UNION ALL SELECT DISTINCT function_name, '', comment FROM duckdb_functions() WHERE NOT internal
		UNION ALL SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal`)
	var got []string
	for _, e := range schemas.Builtin().Dictionary() {
		got = append(got, fmt.Sprintf("%s|%s|%s", e.Object, e.Column, e.Comment))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("comments, and the dictionary (-want +got):\n%s", diff)
	}
}

// Every view says that it is not a measure of prevalence, or is not of cases at all.
func TestViewsCarryTheirCaveat(t *testing.T) {
	notOfCases := []string{"statistic_current", "diagnostic_summary", "row_balance_summary", "revision", "definition_crosswalk"}
	for _, v := range schemas.Builtin().Views {
		if slices.Contains(notOfCases, v.Name) {
			continue
		}
		if !caveat.MatchString(v.Meaning) {
			t.Errorf("view %s has no caveat: %s", v.Name, v.Meaning)
		}
	}
}

// Columns of a view are numbers of something that their name or unit_code says.
func TestViewsSayWhatTheyCount(t *testing.T) {
	for _, v := range schemas.Builtin().Views {
		has := func(name string) bool {
			return slices.ContainsFunc(v.Columns, func(c schemas.ViewColumn) bool { return c.Name == name })
		}
		if !has("n_yes") {
			continue
		}
		for _, name := range []string{"unit_code", "n_answered", "n_asked", "n_all", "share_answered", "share_all"} {
			if !has(name) {
				t.Errorf("view %s has n_yes and no %s", v.Name, name)
			}
		}
		if has("n_yes_high") != has("n_yes_low") || has("n_yes_high") != has("share_answered_low") || has("n_yes_high") != has("share_all_high") {
			t.Errorf("view %s has not all of the lows and highs", v.Name)
		}
		if has("year") && (!has("year_basis_code") || !has("is_partial_period")) {
			t.Errorf("view %s has years without their basis, or without whether they are partial", v.Name)
		}
	}
}
