package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"palermo/load"
)

// openPair is two records that a reviewer should look at, with what is shown of them. a and b are
// their private ids, steward the stewards' ones.
type openPair struct {
	a, b        string
	steward     [2]string
	model       string
	rules       string
	bits        float64
	probability float64
	sizes       [2]int // records of the persons that each is of
	levels      map[string]string
	sides       [2]side
}

// side is one record of a pair, as a reviewer sees it: levels and years.
type side struct {
	birth, sex, origin, citizenship, source, form, registered string

	name, reference string // only where names were asked for
}

// worth is how much a decision would settle: how open the pair is, times the records that would be
// one person's.
func (p *openPair) worth() float64 {
	return entropy(p.probability) * float64(p.sizes[0]+p.sizes[1])
}

// entropy is in bits.
func entropy(p float64) float64 {
	if p <= 0 || p >= 1 {
		return 0
	}
	return -p*math.Log2(p) - (1-p)*math.Log2(1-p)
}

// openPairs is the pairs of the published snapshot that are for review and that nobody has decided,
// those first whose decision settles most.
func (f *linkFacts) openPairs(ctx context.Context, decided map[[2]string]Decision) ([]*openPair, error) {
	rows, err := load.Query(ctx, f.db, `SELECT p.record_id_a AS a, p.record_id_b AS b, p.model, p.rules, p.total_bits, p.probability,
			pa.records AS size_a, pb.records AS size_b
		FROM link_pair AS p JOIN person_record AS ma ON ma.record_id = p.record_id_a JOIN person AS pa ON pa.person_id = ma.person_id
		JOIN person_record AS mb ON mb.record_id = p.record_id_b JOIN person AS pb ON pb.person_id = mb.person_id
		WHERE p.status_code IN ('possible', 'link') AND NOT p.is_joined AND coalesce(p.bound_by, '') <> 'different'
		ORDER BY p.record_id_a, p.record_id_b`)
	if err != nil {
		return nil, err
	}
	private := f.privateIDs()
	var out []*openPair
	for _, r := range rows {
		p := &openPair{a: private[r["a"]], b: private[r["b"]], steward: [2]string{r["a"], r["b"]}, model: r["model"], rules: r["rules"],
			bits: real(r["total_bits"]), probability: real(r["probability"]), levels: map[string]string{}}
		if p.a == "" || p.b == "" {
			return nil, fmt.Errorf("record %s or %s is not in the person registry", r["a"], r["b"])
		}
		if _, done := decided[[2]string{min(p.a, p.b), max(p.a, p.b)}]; done {
			continue
		}
		p.sizes[0], _ = strconv.Atoi(r["size_a"])
		p.sizes[1], _ = strconv.Atoi(r["size_b"])
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(x, y *openPair) int {
		return cmp.Or(cmp.Compare(y.worth(), x.worth()), cmp.Compare(x.steward[0], y.steward[0]), cmp.Compare(x.steward[1], y.steward[1]))
	})
	return out, nil
}

// privateIDs is the private ids of all records, by their stewards' ids.
func (f *linkFacts) privateIDs() map[string]string {
	out := map[string]string{}
	for _, p := range f.reg.Persons {
		for _, r := range p.Records {
			out[f.key.id(r)] = r
		}
	}
	return out
}

// describe adds the evidence and what is shown of the records, and says which comparisons there are,
// in the model's order.
func (f *linkFacts) describe(ctx context.Context, pairs []*openPair) (comparisons []string, err error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	var ids []string
	at := map[[2]string]*openPair{}
	for _, p := range pairs {
		ids = append(ids, p.steward[0], p.steward[1])
		at[p.steward] = p
	}
	list := strings.Join(ids, " ")
	rows, err := load.Query(ctx, f.db, `SELECT * FROM link_evidence WHERE record_id_a IN (SELECT unnest(string_split(?, ' ')))
		ORDER BY ordinal, record_id_a, record_id_b`, list)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		p := at[[2]string{r["record_id_a"], r["record_id_b"]}]
		if p == nil {
			continue
		}
		if c := r["comparison"]; !slices.Contains(comparisons, c) {
			comparisons = append(comparisons, c)
		}
		p.levels[r["comparison"]] = fmt.Sprintf("%s (%+.1f)", levelWord(r["comparison"], r["says"]), real(r["bits"])+real(r["rarity_bits"]))
	}
	sides, err := f.sides(ctx, list, pairs)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		p.sides = [2]side{sides[p.steward[0]], sides[p.steward[1]]}
	}
	return comparisons, nil
}

// sides is what is shown of records, by their stewards' ids.
func (f *linkFacts) sides(ctx context.Context, list string, pairs []*openPair) (map[string]side, error) {
	rows, err := load.Query(ctx, f.db, `SELECT record_id, source_id, form, sex_code, origin_country_code AS origin, year(birth_from) AS born, year(birth_to) AS born_to,
			age_years_low AS age, age_years_high AS age_to, strftime(coalesce(registration_from, identification_from, referral_from, interview_date_from), '%Y-%m') AS met,
			strftime(coalesce(registration_to, identification_to, referral_to, interview_date_to), '%Y-%m') AS met_to
		FROM record WHERE is_current AND record_id IN (SELECT unnest(string_split(?, ' ')))`, list)
	if err != nil {
		return nil, err
	}
	citizenships, err := f.citizenships(ctx, pairs)
	if err != nil {
		return nil, err
	}
	out := map[string]side{}
	for _, r := range rows {
		s := side{birth: span(r["born"], r["born_to"]), sex: r["sex_code"], origin: r["origin"], source: r["source_id"], form: r["form"],
			registered: span(r["met"], r["met_to"]), citizenship: citizenships[r["record_id"]]}
		if s.birth == "" && r["age"] != "" {
			s.birth = "aged " + span(r["age"], r["age_to"])
		}
		out[r["record_id"]] = s
	}
	return out, nil
}

func span(from, to string) string {
	if to == "" || from == to {
		return from
	}
	return from + " to " + to
}

// citizenships is those of records, by their stewards' ids. The table stands with the analysts, under
// their ids.
func (f *linkFacts) citizenships(ctx context.Context, pairs []*openPair) (map[string]string, error) {
	steward := map[string]string{}
	var ids []string
	for _, p := range pairs {
		for i, private := range [2]string{p.a, p.b} {
			id := f.analyst.id(private)
			steward[id] = p.steward[i]
			ids = append(ids, id)
		}
	}
	dir, _, err := load.Current(f.h.Dir)
	if err != nil {
		return nil, err
	}
	rows, err := load.Query(ctx, dir+"/palermo.duckdb", `SELECT c.record_id, string_agg(DISTINCT c.citizenship_code, ', ' ORDER BY c.citizenship_code) AS codes
		FROM record_citizenship AS c JOIN record AS r ON r.record_id = c.record_id AND r.record_version = c.record_version AND r.is_current
		WHERE c.record_id IN (SELECT unnest(string_split(?, ' '))) GROUP BY 1`, strings.Join(ids, " "))
	out := map[string]string{}
	for _, r := range rows {
		out[steward[r["record_id"]]] = r["codes"]
	}
	return out, err
}

// tellNames adds names and case references from the vault. It notes who asked first.
func (f *linkFacts) tellNames(ctx context.Context, pairs []*openPair) error {
	var ids []string
	sides := map[string][]*side{}
	for _, p := range pairs {
		ids = append(ids, p.steward[0], p.steward[1])
		sides[p.a], sides[p.b] = append(sides[p.a], &p.sides[0]), append(sides[p.b], &p.sides[1])
	}
	slices.Sort(ids)
	if err := f.h.auditLink("review export --with-names", slices.Compact(ids)); err != nil {
		return err
	}
	l, err := f.h.ReadLedger()
	if err != nil {
		return err
	}
	columns := []string{"record_id", "record_version", "given_name", "middle_name", "father_name", "family_name", "case_reference", "other_reference"}
	held := &commonWords{map[string]string{}}
	for i := range l.Submissions { // a later submission has the newer version
		path := f.h.vaultFile(recordTable, l.Submissions[i].ID)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := f.h.vault().Rows(ctx, path, columns, func(rec arrow.RecordBatch) error {
			c := cellsOf(rec, held)
			for k := range int(rec.NumRows()) {
				row := map[string]string{}
				for _, name := range columns[2:] {
					row[name] = c.text(name, k)
				}
				for _, s := range sides[c.text("record_id", k)] {
					s.name, s.reference = nameOf(row), cmp.Or(row["case_reference"], row["other_reference"])
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the vault: %w", err)
		}
	}
	return nil
}
