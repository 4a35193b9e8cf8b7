package schemas

import (
	"fmt"
	"strings"
)

// Macro is a computation of the field of work that the database brings along. The views use them too.
type Macro struct {
	Name, Params, Body string
	Meaning            string
}

// Macros is what the database brings along, in the order in which it can be created. The caller must not change it.
func Macros() []Macro { return macros }

var macros = []Macro{
	{"share", "n, n_of", "CASE WHEN n_of > 0 THEN n / n_of END",
		"The share of n in n_of, from 0 to 1; null where n_of is none"},
	{"was_asked", "v, v_status", "v IS NOT NULL OR coalesce(v_status, 'not_collected') NOT IN ('not_collected', 'not_applicable')",
		"Whether a record was to say v, of which v_status says why it is empty: false where the form does not ask, or it cannot apply"},
	{"age_band", "lo, hi", ageBandSQL(),
		"The band of ages, as 18-20, in which an age from lo to hi lies as a whole, 48+ for the highest; null where it straddles two, which only an interval can"},
	{"is_child", "lo, hi", "CASE WHEN hi < 18 THEN 'yes' WHEN lo >= 18 THEN 'no' WHEN lo IS NOT NULL OR hi IS NOT NULL THEN 'possible' ELSE 'unknown' END",
		"Whether an age from lo to hi is under 18 (Palermo Protocol, Article 3(d)): yes, no, possible where it straddles 18, unknown"},
	{"sum_low", "low", "coalesce(sum(low), 0)",
		"Aggregate: the least that intervals sum to. A suppressed or missing value counts as none: say beside it how many there are"},
	{"sum_high", "low, high", "CASE WHEN bool_or(high IS NULL) THEN NULL ELSE sum(high) END",
		"Aggregate: the most that intervals sum to; null, for unbounded, where one is open above, missing or suppressed"},
	{"interval_text", "low, high", "CASE WHEN low IS NULL THEN NULL WHEN high IS NULL THEN '>=' || low WHEN low = high THEN low::VARCHAR ELSE low || '-' || high END",
		"An interval as text: 7, 1-4, >=5"},
}

// ageBandSQL is the bands of ages of the analysts' zone as a CASE.
func ageBandSQL() string {
	var b strings.Builder
	b.WriteString("CASE")
	lows := bands["age"]
	for i, low := range lows {
		if i == len(lows)-1 {
			fmt.Fprintf(&b, " WHEN lo >= %d THEN '%d+'", low, low)
			continue
		}
		fmt.Fprintf(&b, " WHEN lo >= %d AND hi <= %d THEN '%d-%d'", low, lows[i+1]-1, low, lows[i+1]-1)
	}
	return b.String() + " END"
}

// DDL is the statements that make the macro, with a comment on it.
func (m Macro) DDL() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE MACRO %s(%s) AS %s;\n", quoteName(m.Name), m.Params, m.Body)
	comment(&b, "MACRO", quoteName(m.Name), m.Comment())
	return b.String()
}
