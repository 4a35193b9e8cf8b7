package schemas

import (
	"fmt"
	"regexp"
	"strings"
)

// Shares makes a view one of shares: how many persons give an answer, of how many who answered, were asked, and are
// known at all. Its columns and its SQL follow from what it says here, so that every such view counts alike.
//
// Rows is a query with source_id, person_id, record_id, the columns of By, and either the column Category and
// is_asked, one row a record and question; or, of answers of which one may have several, record_version, form, the
// column Category and answer, one row an answer. The first has a row for every current record of a victim. The second
// may have rows without a Category: their record answers what its form only ever states.
type Shares struct {
	By       []ViewColumn `yaml:"by"`       // what else parts the shares, beside the source
	Category ViewColumn   `yaml:"category"` // the answer
	List     string       `yaml:"list"`     // of answers of which one may have several: their code list, of 63 codes at most
	Kinds    bool         `yaml:"kinds"`    // the combination names the kinds that the answers are of
	Listing  bool         `yaml:"listing"`  // rows without the answer say who answers; else whoever gives any
	Rows     string       `yaml:"rows"`
}

// Victims stands in the SQL of a view for the current records of victims, with person_id: who is not linked is a
// person of one record. Records that were decided to be of no victim are left out.
const Victims = "{victims}"

const victims = `(SELECT r.*, coalesce(m.person_id, r.record_id) AS person_id, m.episode_id
    FROM record r LEFT JOIN person_record m USING (record_id)
    WHERE r.is_current AND coalesce(r.trafficking_status_code, '') <> 'not_a_victim')`

// sharesCaveat is what holds of every view of shares.
const sharesCaveat = "Shares are from 0 to 1; of those who answered is what compares, and says nothing where few were asked. Sources overlap: " +
	"never add them. Cases that were assisted or referred are no sample: nothing here is prevalence. Small numbers are not for publication."

const severalCaveat = "A person may give several answers: shares sum to over 100 %. The column combination parts the persons by all that they give."

const oneCaveat = "A person whose records differ stands under each answer: shares may sum to a little over 100 %."

// compose fills in what follows from the view's shares, and what it takes from other views.
func (v *View) compose(views map[string]*View) {
	s := v.Shares
	if s == nil {
		v.SQL = strings.ReplaceAll(v.SQL, Victims, victims)
		v.Behind = v.behind(views)
		return
	}
	caveat := oneCaveat
	if s.List != "" {
		caveat = severalCaveat
	}
	v.Meaning = strings.TrimSpace(v.Meaning) + " " + caveat + " " + sharesCaveat
	v.Columns = s.columns()
	v.SQL, v.Behind = s.fill(oneSQL), s.fill(oneBehind)
	if s.List != "" {
		v.SQL, v.Behind = s.fill(severalStated+severalSQL), s.fill(severalStated+severalBehind)
	}
}

// behindOf is what one view takes from another: the query behind it.
var behindOf = regexp.MustCompile(`\{behind:([a-z0-9_]+)\}`)

// behind is the view's query of that name, with its own common table expressions for {with}.
func (v *View) behind(views map[string]*View) string {
	with := v.SQL[:max(strings.LastIndex(v.SQL, "\nSELECT "), 0)]
	text := strings.NewReplacer("{with}", with, Victims, victims).Replace(v.Behind)
	return behindOf.ReplaceAllStringFunc(text, func(of string) string {
		if other := views[behindOf.FindStringSubmatch(of)[1]]; other != nil {
			return other.Behind
		}
		return of
	})
}

func (s *Shares) columns() []ViewColumn {
	out := append([]ViewColumn{{Name: "source_id", Meaning: "The source (table source)"}}, s.By...)
	out = append(out, s.Category)
	for i := range out {
		out[i].Key = true
	}
	out = append(out,
		ViewColumn{Name: "unit_code", Meaning: "What is counted: persons, each once in a row, as linkage has them"},
		ViewColumn{Name: "n_yes", Meaning: "Persons of whom a record gives the answer"},
		ViewColumn{Name: "n_answered", Meaning: "Persons of whom a record answers the question, one way or the other"},
		ViewColumn{Name: "n_asked", Meaning: "Persons of whom a record was to answer it, known or not"},
		ViewColumn{Name: "n_all", Meaning: "Persons of the source, asked or not"},
		ViewColumn{Name: "share_answered", Meaning: "n_yes of n_answered"},
		ViewColumn{Name: "share_all", Meaning: "n_yes of n_all"})
	if s.List != "" {
		kinds := "answers"
		if s.Kinds {
			kinds = "kinds of answer"
		}
		out = append(out, ViewColumn{Name: "combination", Meaning: "n_yes by all " + kinds + " that these persons give, joined by ;, as a map: the twenty most frequent, then the others together"})
	}
	return out
}

// group is the columns that part the shares, with the alias.
func (s *Shares) group(alias string) string {
	out := []string{alias + "source_id"}
	for _, c := range s.By {
		out = append(out, alias+quoteName(c.Name))
	}
	return strings.Join(out, ", ")
}

// fill puts what the view says into the text.
func (s *Shares) fill(text string) string {
	kind, lists := "b.code", "s.answered <> 0"
	if s.Kinds {
		kind = "b.kind"
	}
	if s.Listing {
		lists = "s.lists"
	}
	var by, join, same, any strings.Builder
	for _, c := range s.By {
		name := quoteName(c.Name)
		fmt.Fprintf(&by, ", %s", name)
		fmt.Fprintf(&join, " AND s.%[1]s = p.%[1]s", name)
		fmt.Fprintf(&same, " AND w.%[1]s = p.%[1]s", name)
		any.WriteString(", '*'")
	}
	return strings.NewReplacer(Victims, victims, "{group}", s.group(""), "{group_p}", s.group("p."), "{by}", by.String(),
		"{shown}", shown(s.group("")+", code, n_answered, n_asked", s.group("")+", code"), "{by_join}", join.String(), "{and_by}", same.String(), "{any_by}", any.String(), "{group_text}", s.groupText(), "{category}", quoteName(s.Category.Name), "{list}", s.List, "{kind}", kind, "{lists}", lists).
		Replace(strings.ReplaceAll(text, "{rows}", strings.TrimSpace(s.Rows)))
}

// groupText is the columns that part the shares, as text.
func (s *Shares) groupText() string {
	out := []string{"p.source_id"}
	for _, c := range s.By {
		out = append(out, fmt.Sprintf("p.%[1]s::VARCHAR AS %[1]s", quoteName(c.Name)))
	}
	return strings.Join(out, ", ")
}

// shown is the common table expression of that name: the rows of counted, in the columns given, with the combinations that
// are most frequent of each, in place, and the others as one.
func shown(columns, each string) string {
	return fmt.Sprintf(`ranked AS (SELECT *, row_number() OVER (PARTITION BY %[2]s ORDER BY n DESC, combination) AS place FROM counted),
shown AS (
  SELECT %[1]s, CASE WHEN place <= 20 THEN combination ELSE 'other combinations' END AS combination, sum(n)::BIGINT AS n, min(place) AS place
  FROM ranked GROUP BY ALL
)`, columns, each)
}

// oneSQL counts answers of which a record has one.
const oneSQL = `WITH answer AS (
  {rows}
),
person AS (
  SELECT {group}, person_id, bool_or(is_asked) AS is_asked, bool_or({category} IS NOT NULL) AS is_answered FROM answer GROUP BY ALL
),
whole AS (
  SELECT {group}, count(*) FILTER (is_answered) AS n_answered, count(*) FILTER (is_asked) AS n_asked, count(*) AS n_all FROM person GROUP BY ALL
),
part AS (
  SELECT {group}, {category}, count(*) AS n_yes
  FROM (SELECT DISTINCT {group}, {category}, person_id FROM answer WHERE {category} IS NOT NULL) GROUP BY ALL
)
SELECT {group}, {category}, 'persons' AS unit_code, n_yes, n_answered, n_asked, n_all, share(n_yes, n_answered) AS share_answered, share(n_yes, n_all) AS share_all
FROM part JOIN whole USING ({group})
ORDER BY {group}, n_yes DESC, {category}`

// oneBehind is the records behind what oneSQL counts.
const oneBehind = `WITH answer AS (
  {rows}
),
counted AS (
  SELECT {group_text}, {category}, record_id, unnest([CASE WHEN {category} IS NOT NULL THEN 'n_yes' END]) AS counted FROM answer p
  UNION ALL SELECT {group_text}, '*', record_id, unnest([CASE WHEN {category} IS NOT NULL THEN 'n_answered' END, CASE WHEN is_asked THEN 'n_asked' END, 'n_all']) FROM answer p
)
SELECT * FROM counted WHERE counted IS NOT NULL`

// severalStated counts answers of which a record may have several: as bits, of which a record's and a person's are put
// together, and only the sets that occur are looked at. What a form only ever states, as a list of what was done, it
// answers for everybody of whom it states anything.
const severalStated = `WITH bit AS (
  SELECT code, coalesce(parent_code, code) AS kind, 1::BIGINT << (ordinal - 1) AS bit FROM code WHERE list = '{list}'
),
answer AS (
  {rows}
),
stated AS (
  SELECT a.record_id, a.record_version{by}, bit_or(CASE WHEN a.answer = 'yes' THEN b.bit ELSE 0 END) AS yes,
    bit_or(CASE WHEN a.answer IN ('yes', 'no') THEN b.bit ELSE 0 END) AS answered,
    bit_or(CASE WHEN a.answer IN ('yes', 'no', 'unknown', 'declined') THEN b.bit ELSE 0 END) AS asked,
    bool_or(a.{category} IS NULL) AS lists
  FROM answer a LEFT JOIN bit b ON b.code = a.{category} GROUP BY ALL
),
victim AS (SELECT source_id, form, record_id, record_version, person_id FROM {victims}),
form AS (
  SELECT v.source_id, v.form{by}, bit_or(s.yes) & ~bit_or((s.answered & ~s.yes) | (s.asked & ~s.answered)) AS listed
  FROM stated s JOIN victim v USING (record_id, record_version) GROUP BY ALL
),
`

// severalBehind is the records behind what severalSQL counts.
const severalBehind = `answered AS (
  SELECT {group_p}, v.record_id, coalesce(s.yes, 0) AS yes, coalesce(s.answered, 0) | CASE WHEN {lists} THEN p.listed ELSE 0 END AS answered,
    coalesce(s.asked, 0) | p.listed AS asked
  FROM victim v JOIN form p ON p.source_id = v.source_id AND p.form IS NOT DISTINCT FROM v.form
    LEFT JOIN stated s ON s.record_id = v.record_id AND s.record_version = v.record_version{by_join}
),
counted AS (
  SELECT {group_text}, b.code AS {category}, p.record_id, unnest([CASE WHEN (p.yes & b.bit) <> 0 THEN 'n_yes' END,
    CASE WHEN (p.answered & b.bit) <> 0 THEN 'n_answered' END, CASE WHEN (p.asked & b.bit) <> 0 THEN 'n_asked' END]) AS counted
  FROM answered p, bit b
  UNION ALL SELECT source_id{any_by}, '*', record_id, 'n_all' FROM victim
)
SELECT * FROM counted WHERE counted IS NOT NULL`

// severalSQL is what the stated answers come to.
const severalSQL = `person AS (
  SELECT {group_p}, v.person_id, bit_or(coalesce(s.yes, 0)) AS yes,
    bit_or(coalesce(s.answered, 0) | CASE WHEN {lists} THEN p.listed ELSE 0 END) AS answered, bit_or(coalesce(s.asked, 0) | p.listed) AS asked
  FROM victim v JOIN form p ON p.source_id = v.source_id AND p.form IS NOT DISTINCT FROM v.form
    LEFT JOIN stated s ON s.record_id = v.record_id AND s.record_version = v.record_version{by_join}
  GROUP BY ALL
),
tally AS (SELECT {group}, yes, answered, asked, count(*) AS n FROM person GROUP BY ALL),
combined AS (
  SELECT t.yes, string_agg(DISTINCT {kind}, '; ' ORDER BY {kind}) AS combination
  FROM (SELECT DISTINCT yes FROM tally) t JOIN bit b ON (t.yes & b.bit) <> 0 GROUP BY t.yes
),
whole AS (
  SELECT {group}, b.code, b.bit, sum(n) FILTER ((answered & b.bit) <> 0) AS n_answered, sum(n) FILTER ((asked & b.bit) <> 0) AS n_asked
  FROM tally t JOIN bit b ON (t.asked & b.bit) <> 0 GROUP BY ALL
),
counted AS (
  SELECT {group_p}, w.code, c.combination, sum(p.n)::BIGINT AS n, any_value(w.n_answered)::BIGINT AS n_answered, any_value(w.n_asked)::BIGINT AS n_asked
  FROM tally p JOIN combined c USING (yes) JOIN whole w ON w.source_id = p.source_id{and_by} AND (p.yes & w.bit) <> 0
  GROUP BY ALL
),
{shown},
n AS (SELECT source_id, count(DISTINCT person_id) AS n_all FROM victim GROUP BY source_id)
SELECT {group_p}, p.code AS {category}, 'persons' AS unit_code, sum(n)::BIGINT AS n_yes, any_value(p.n_answered) AS n_answered, any_value(p.n_asked) AS n_asked,
  any_value(n.n_all) AS n_all, share(sum(n), any_value(p.n_answered)) AS share_answered, share(sum(n), any_value(n.n_all)) AS share_all,
  map(list(combination ORDER BY place), list(n ORDER BY place)) AS combination
FROM shown p JOIN n ON n.source_id = p.source_id
GROUP BY ALL
ORDER BY {group_p}, n_yes DESC, {category}`
