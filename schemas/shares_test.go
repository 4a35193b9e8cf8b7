package schemas_test

import (
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"palermo/schemas"
)

// someCases is six persons of two sources: p1 has two records in a, of two forms, and one in b; f is no victim; old is not
// current. Form 1 of a asks for threat and force, and lists abduction only where it happened; form 2 asks for threat alone.
const someCases = `
INSERT INTO source (source_id, title, mapping_digest) VALUES ('a', 'A', 'd'), ('b', 'B', 'd');
INSERT INTO record BY NAME SELECT id AS record_id, v AS record_version, id AS case_id, c AS is_current, s AS source_id, f AS form, sex AS sex_code,
  lo AS age_years_low, hi AS age_years_high, CASE WHEN lo IS NULL THEN 'unknown' END AS age_years_status, ed AS education_code,
  CASE WHEN ed IS NULL THEN es END AS education_code_status, d::DATE AS registration_from, e::DATE AS registration_to, o AS origin_country_code,
  t AS trafficking_status_code, 's' AS _submission, 1 AS _sheet, row_number() OVER () AS _row
  FROM (VALUES
    ('r1', 1, false, 'a', '1', 'male',   40, 40, 'none', NULL, '2003-02-01', '2003-02-28', 'MDA', NULL),
    ('r1', 2, true,  'a', '1', 'female', 14, 17, 'primary', NULL, '2003-02-01', '2003-02-28', 'MDA', NULL),
    ('r2', 1, true,  'a', '2', 'female', 14, 17, 'none', NULL, '2003-12-01', '2004-01-31', 'MDA', NULL),
    ('r3', 1, true,  'b', '1', 'female', 14, 20, NULL, 'not_collected', '2003-01-01', '2003-12-31', 'MDA', NULL),
    ('r4', 1, true,  'a', '1', 'female', 16, 20, NULL, 'unknown', '2004-06-01', '2004-06-30', 'UKR', NULL),
    ('r5', 1, true,  'a', '1', 'male',   NULL, NULL, 'primary', NULL, '2004-11-01', '2004-11-30', NULL, NULL),
    ('r6', 1, true,  'a', '2', 'female', 30, 38, NULL, 'declined', '2003-01-01', '2003-01-31', 'ALB', NULL),
    ('rf', 1, true,  'a', '1', 'female', 30, 38, 'primary', NULL, '2003-05-01', '2003-05-31', 'MDA', 'not_a_victim')
  ) t(id, v, c, s, f, sex, lo, hi, ed, es, d, e, o, t);
INSERT INTO person_record VALUES ('r1', 'p1', 'e1'), ('r2', 'p1', 'e1'), ('r3', 'p1', 'e2'), ('r4', 'p4', 'e4'), ('r5', 'p5', 'e5'), ('rf', 'pf', 'ef');
INSERT INTO record_means BY NAME SELECT id AS record_id, v AS record_version, row_number() OVER () AS ordinal, m AS means_code, w AS answer_code, false AS is_control,
  'r' AS rule, 's' AS _submission, 1 AS _sheet, 1 AS _row
  FROM (VALUES ('r1', 1, 'force', 'yes'), ('r1', 2, 'threat', 'yes'), ('r1', 2, 'force', 'no'), ('r1', 2, 'abduction', 'yes'), ('r2', 1, 'threat', 'no'),
    ('r3', 1, 'threat', 'yes'), ('r4', 1, 'threat', 'no'), ('r4', 1, 'force', 'yes'), ('r5', 1, 'threat', 'unknown'), ('r5', 1, 'force', 'not_collected'),
    ('r6', 1, 'threat', 'yes'), ('rf', 1, 'force', 'yes')) t(id, v, m, w);
INSERT INTO record_act BY NAME SELECT id AS record_id, 1 AS ordinal, v AS record_version, 'recruitment' AS act_code, 'yes' AS answer_code, w AS way_code,
  'r' AS rule, 's' AS _submission, 1 AS _sheet, 1 AS _row
  FROM (VALUES ('r1', 2, NULL), ('r4', 1, 'personal_contact')) t(id, v, w);
INSERT INTO record_purpose BY NAME SELECT id AS record_id, v AS record_version, row_number() OVER () AS ordinal, m AS purpose_code, w AS answer_code,
  'r' AS rule, 's' AS _submission, 1 AS _sheet, 1 AS _row
  FROM (VALUES ('r1', 2, 'prostitution', 'yes'), ('r1', 2, 'domestic_work', 'yes'), ('r2', 1, 'pornography', 'yes'), ('r4', 1, 'forced_labour', 'yes'),
    ('r4', 1, 'sexual_exploitation', 'no'), ('r5', 1, 'forced_labour', 'unknown'), ('r6', 1, 'begging', 'yes')) t(id, v, m, w);
INSERT INTO record_route BY NAME SELECT id AS record_id, v AS record_version, o AS ordinal, k AS leg_kind_code, c AS country_code, 's' AS _submission, 1 AS _sheet, 1 AS _row
  FROM (VALUES ('r1', 2, 2, 'transit', 'SRB'), ('r1', 2, 1, 'transit', 'ROU'), ('r1', 2, 3, 'destination', 'ITA'), ('r2', 1, 1, 'destination', 'ITA'),
    ('r4', 1, 1, 'destination', 'UKR'), ('r5', 1, 1, 'destination', 'ITA')) t(id, v, o, k, c);
`

func cases(t *testing.T) *sql.DB {
	t.Helper()
	db := open(t)
	create(t, db, schemas.ZoneAnalyst)
	fillCodes(t, db, "means", "purpose", "country", "recruitment_way")
	exec(t, db, someCases)
	return db
}

// fillCodes puts the codes of the lists into the database.
func fillCodes(t *testing.T, db *sql.DB, lists ...string) {
	t.Helper()
	var values []string
	for _, list := range lists {
		for i, c := range schemas.Builtin().List(list).Codes {
			values = append(values, strings.Join([]string{"('" + list + "', '" + c.Code + "', ", strconv.Itoa(i + 1), ", nullif('" + c.Parent + "', ''))"}, ""))
		}
	}
	exec(t, db, `INSERT INTO code BY NAME SELECT list, code, n AS ordinal, parent AS parent_code, 'l' AS label_en, 'm' AS list_meaning FROM (VALUES `+
		strings.Join(values, ", ")+`) t(list, code, n, parent)`)
}

func TestViewsOfShares(t *testing.T) {
	db := cases(t)
	for _, tt := range []struct {
		name, query string
		want        []string
	}{
		// p1 says two things; r4 was asked and did not know, r6 declined; b does not ask
		{"one answer", `SELECT source_id, education_code, n_yes, n_answered, n_asked, n_all, round(share_answered, 3) FROM victims_by_education ORDER BY ALL`,
			[]string{"a|none|1|2|4|4|0.5", "a|primary|2|2|4|4|1"}},
		// abduction is only ever listed, by form 1: whoever tells of a way of recruitment has answered, and everybody of the form was asked
		{"several answers", `SELECT source_id, means_code, n_yes, n_answered, n_asked, n_all, combination::VARCHAR FROM means_used ORDER BY ALL`,
			[]string{"a|abduction|1|2|3|4|{abduction; threat=1}", "a|force|1|2|2|4|{force=1}", "a|threat|2|3|4|4|{abduction; threat=1, threat=1}",
				"b|threat|1|1|1|1|{threat=1}"}},
		// p1's two records give one age; r4's age straddles two bands and the border of 18; sex and age of r5 are not both known
		{"ages", `SELECT source_id, sex_code, age_band, n_yes_low, n_yes_high, n_answered, n_asked, n_all FROM victims_by_age_sex ORDER BY source_id, age_from`,
			[]string{"a|female|14-17|1|2|3|4|4", "a|female|18-20|0|1|3|4|4", "a|female|30-38|1|1|3|4|4", "b|female|14-17|0|1|1|1|1", "b|female|18-20|0|1|1|1|1"}},
		{"flows", `SELECT source_id, origin_country_code, transit_country_codes, destination_country_code, is_internal, n_yes, n_answered, n_asked, n_all FROM trafficking_flow ORDER BY ALL`,
			[]string{"a|MDA||ITA|false|1|2|4|4", "a|MDA|ROU; SRB|ITA|false|1|2|4|4", "a|UKR||UKR|true|1|2|4|4"}},
		// r2 may be of either year, and its form only lists, so that it answers for all that form 2 ever states; cases of a end in November 2004
		{"years", `SELECT year, is_partial_period, purpose_code, n_yes, n_yes_high, n_answered, n_asked, n_all, combination::VARCHAR FROM exploitation_by_year
			WHERE source_id = 'a' AND year_basis_code = 'registration' ORDER BY ALL`,
			[]string{"2003|false|forced_labour|1|1|1|1|2|{forced_labour; sexual_exploitation=1}", "2003|false|other|1|1|2|2|2|{other=1}",
				"2003|false|sexual_exploitation|1|1|2|2|2|{forced_labour; sexual_exploitation=1}", "2004|true|forced_labour|1|1|1|2|3|{forced_labour=1}",
				"2004|true|sexual_exploitation|0|1|2|2|3|{sexual_exploitation=1}"}},
		{"trend", `SELECT source_id, year, is_partial_period, persons_low, persons_high, records, change FROM victims_by_year ORDER BY ALL`,
			[]string{"a|2003|false|2|2|3|<nil>", "a|2004|true|2|3|3|<nil>", "b|2003|false|1|1|1|<nil>"}},
		{"overlap", `SELECT combination, sources, persons, records, persons_all FROM agency_overlap ORDER BY ALL`,
			[]string{"a|1|4|4|5", "a; b|2|1|3|5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, rows(t, db, tt.query)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMacros(t *testing.T) {
	db := cases(t)
	got := rows(t, db, `SELECT age_band(18, 20), age_band(17, 18), age_band(50, NULL), is_child(16, 20), is_child(9, 17), is_child(18, NULL), share(1, 4), share(1, 0),
		was_asked(NULL::INT, 'unknown'), was_asked(NULL::INT, NULL), interval_text(1, 4), interval_text(5, NULL)`)
	want := []string{"18-20|<nil>|48+|possible|yes|no|0.25|<nil>|true|false|1-4|>=5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("macros (-want +got):\n%s", diff)
	}
	got = rows(t, db, `SELECT sum_low(l), sum_high(l, h) FROM (VALUES (1, 4), (NULL, NULL)) t(l, h) UNION ALL SELECT sum_low(l), sum_high(l, h) FROM (VALUES (1, 4), (7, 7)) t(l, h)`)
	if diff := cmp.Diff([]string{"1|<nil>", "8|11"}, got); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}
