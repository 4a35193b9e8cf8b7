package pipeline

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"palermo/load"
)

// RoleLook is the role of the process that asks questions of a published database.
const RoleLook = "look"

// reportQuestions is what a report asks of the analysts' database, by the views where there is one.
func reportQuestions(cases bool) []load.Question {
	all := []load.Question{
		{Name: "totals", SQL: `
SELECT (SELECT count(*) FROM record WHERE is_current), (SELECT min(persons_low) FROM person_count WHERE ` + allPersons + `),
  (SELECT max(persons_high) FROM person_count WHERE ` + allPersons + `), (SELECT count(*) FROM episode),
  (SELECT count(DISTINCT source_id) FROM submission WHERE rows_loaded > 0), (SELECT count(*) FROM statistic_current),
  (SELECT count(DISTINCT exploitation_country_code) FROM episode)`},
		{Name: "coverage", SQL: `
SELECT country_code, year, coalesce(agencies_low, 0), coalesce(agencies_high, -1), coalesce(states_low, 0), coalesce(states_high, 0), states_status
FROM coverage ORDER BY country_code, year`},
		{Name: "findings", SQL: `SELECT code, severity, submissions, n FROM diagnostic_summary ORDER BY n DESC, code LIMIT 100`},
		{Name: "words", SQL: `
SELECT source_id, field, word, is_listed, sum(rows)::BIGINT AS n, count(DISTINCT submission_id), count(*) OVER ()
FROM value_map WHERE value_status = 'unmapped' AND word IS NOT NULL GROUP BY source_id, field, word, is_listed ORDER BY n DESC, source_id, field, word LIMIT ` + strconv.Itoa(reportWords)},
	}
	if cases {
		return append(all, caseQuestions()...)
	}
	return all
}

// caseQuestions is what is asked where there are case records: planning the views alone takes a tenth of a second. Those whose names
// begin with "each" are answered by submission, for the pages of agencies: they know no person and no assessment.
func caseQuestions() []load.Question {
	return []load.Question{
		{Name: "sources", SQL: `
SELECT s.source_id, s.title, max(persons_high) FROM person_count c JOIN source s USING (source_id)
WHERE country_code_status = 'not_applicable' AND year_status = 'not_applicable' GROUP BY ALL ORDER BY 3 DESC, 1`},
		{Name: "ages", SQL: `
SELECT source_id, sex_code, age_from, age_band, n_yes_low, n_yes_high FROM victims_by_age_sex ORDER BY source_id, age_from, sex_code`},
		{Name: "purposes", SQL: `
SELECT source_id, year_basis_code, year, purpose_code, bool_or(is_partial_period), sum(n_yes_low)::BIGINT, sum(n_yes_high)::BIGINT, max(n_all)
FROM exploitation_by_year GROUP BY ALL ORDER BY ALL`},
		{Name: "flows", SQL: `
SELECT source_id, origin_country_code, destination_country_code, sum(n_yes)::BIGINT AS n
FROM trafficking_flow GROUP BY ALL ORDER BY source_id, n DESC, origin_country_code, destination_country_code`},
		{Name: "means", SQL: `
SELECT source_id, means_code, sum(n_yes)::BIGINT AS n, max(n_answered), max(n_asked)
FROM means_used WHERE NOT is_control GROUP BY ALL ORDER BY source_id, n DESC, means_code`},
		{Name: "law", SQL: `
SELECT source_id, 'act', act_state_code, sum(n_yes)::BIGINT FROM article_3_status GROUP BY ALL
UNION ALL SELECT source_id, 'means', means_state_code, sum(n_yes)::BIGINT FROM article_3_status GROUP BY ALL
UNION ALL SELECT source_id, 'purpose', purpose_state_code, sum(n_yes)::BIGINT FROM article_3_status GROUP BY ALL
UNION ALL SELECT source_id, 'status', status_code, sum(n_yes)::BIGINT FROM article_3_status GROUP BY ALL
ORDER BY ALL`},
		{Name: "sizes", SQL: `SELECT least(records, 10) AS n, count(*) FROM person GROUP BY 1 ORDER BY 1`},
		{Name: "each fields", SQL: eachFields()},
		{Name: "each ages", SQL: `
SELECT _submission, coalesce(sex_code, ''), coalesce(age_years_low, 0), coalesce(age_years_high, 999), count(*)
FROM record WHERE is_current AND (age_years_low IS NOT NULL OR age_years_high IS NOT NULL) GROUP BY ALL ORDER BY ALL`},
		{Name: "each purposes", SQL: `
SELECT r._submission, year(r.registration_from), coalesce(c.parent_code, c.code), count(DISTINCT r.record_id)
FROM record r JOIN record_purpose p USING (record_id, record_version) JOIN code c ON c.list = 'purpose' AND c.code = p.purpose_code
WHERE r.is_current AND p.answer_code = 'yes' AND year(r.registration_from) = year(coalesce(r.registration_to, r.registration_from)) GROUP BY ALL ORDER BY ALL`},
		{Name: "each years", SQL: `
SELECT _submission, year(registration_from), count(*) FROM record
WHERE is_current AND year(registration_from) = year(coalesce(registration_to, registration_from)) GROUP BY ALL ORDER BY ALL`},
	}
}

// allPersons is where a row of person_count is of all records.
const allPersons = `source_id IS NULL AND country_code_status = 'not_applicable' AND year_status = 'not_applicable'`

// reportWords is how many words without a code a report shows.
const reportWords = 25

// reportFields is the fields of a record of which a report says how often they are answered, by their key in the catalogue.
var reportFields = []struct{ key, column, status string }{
	{"sex", "sex_code", "sex_code_status"},
	{"age", "coalesce(age_years_low, age_years_high)", "age_years_status"},
	{"origin", "origin_country_code", "origin_country_code_status"},
	{"education", "education_code", "education_code_status"},
	{"registration", "registration_from", "registration_status"},
}

func eachFields() string {
	sql := "SELECT r._submission, count(*)"
	for _, f := range reportFields {
		sql += fmt.Sprintf(",\n  count(*) FILTER (%[1]s IS NOT NULL), count(*) FILTER (%[1]s IS NULL AND coalesce(%[2]s, 'not_collected') NOT IN ('not_collected', 'not_applicable'))", f.column, f.status)
	}
	return sql + "\nFROM record r WHERE r.is_current GROUP BY 1 ORDER BY 1"
}

// reportAnswer is the rows of one question, whose columns are read one after another. A number that cannot be read is a mistake
// of ours, and kept until it is asked for.
type reportAnswer struct {
	err error
}

// int is a whole number, as DuckDB writes integers or doubles; one beyond what a double counts by ones, as nobody means,
// is the largest that it does.
func (a *reportAnswer) int(row []string, i int) int64 {
	const most = 1 << 53
	if row[i] == "" {
		return 0
	}
	n, err := strconv.ParseInt(row[i], 10, 64)
	if err == nil {
		return n
	}
	x, err := strconv.ParseFloat(row[i], 64)
	if (err != nil || math.IsNaN(x)) && a.err == nil {
		a.err = errors.New("an answer is no number")
	}
	return int64(max(-most, min(most, math.Round(x))))
}
