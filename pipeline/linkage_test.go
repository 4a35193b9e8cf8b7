package pipeline_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"palermo/fixtures"
	"palermo/pipeline"
)

// mac is the keyed digest that ids are made by, computed here without the code that is tested.
func mac(key []byte, parts ...string) string {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		fmt.Fprintf(h, "%d|%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func keyBytes(t *testing.T) []byte {
	t.Helper()
	k, err := hex.DecodeString(strings.TrimSpace(testKey))
	check(t, err)
	return k
}

// stewardRecord is the id that the stewards' zone has for a record of the truth.
func stewardRecord(t *testing.T) func(r map[string]string) string {
	t.Helper()
	k := keyBytes(t)
	zone := []byte(mac(k, "zone", "steward"))
	return func(r map[string]string) string {
		private := "r" + mac(k, "record", r["source"], r["agency"], r["form"], r["case_reference"])[:24]
		return "r" + mac(zone, "id", private)[:24]
	}
}

// found is what the published tables say of a record.
type found struct{ person, episode string }

// memberships is each record's person and episode, by the stewards' ids.
func memberships(t *testing.T, home string) map[string]found {
	t.Helper()
	out := map[string]found{}
	for _, row := range query(t, openNewestSteward(t, home), `SELECT record_id, person_id, episode_id FROM person_record`) {
		f := strings.Split(row, "|")
		out[f[0]] = found{f[1], f[2]}
	}
	return out
}

// quality is how well what was found meets the truth.
type quality struct {
	records, pairs    int
	precision, recall float64 // of pairs of one person
	cubed             float64 // of episodes: the harmonic mean of B-cubed precision and recall
	again             float64 // of persons trafficked again, those with more than one episode
	againPrecision    float64 // of persons with more than one episode, those trafficked again
	review            float64 // pairs for review, by record
}

// measure holds the published memberships against the truth. of leaves only some pairs; nil is all.
func measure(t *testing.T, home string, truth []map[string]string, of func(a, b map[string]string) bool) quality {
	t.Helper()
	id, got := stewardRecord(t), memberships(t, home)
	var q quality
	byTruth, byFound := map[string][]map[string]string{}, map[string][]map[string]string{}
	var rows []map[string]string
	for _, r := range truth {
		if r["counted"] != "yes" {
			continue
		}
		f, ok := got[id(r)]
		if !ok {
			t.Fatalf("a record of the truth is not published")
		}
		r["found"], r["found_episode"] = f.person, f.episode
		byTruth[r["person"]], byFound[f.person] = append(byTruth[r["person"]], r), append(byFound[f.person], r)
		rows = append(rows, r)
	}
	q.records = len(rows)
	if len(got) != len(rows) {
		t.Errorf("%d records are in persons, %d are true", len(got), len(rows))
	}
	pairs := func(in map[string][]map[string]string, same string) (n, right float64) {
		for _, s := range in {
			for i, a := range s {
				for _, b := range s[i+1:] {
					if of != nil && !of(a, b) {
						continue
					}
					if n++; a[same] == b[same] {
						right++
					}
				}
			}
		}
		return n, right
	}
	n, right := pairs(byTruth, "found")
	q.pairs, q.recall = int(n), right/n
	n, right = pairs(byFound, "person")
	q.precision = right / n
	q.cubed = bCubed(rows)
	q.again, q.againPrecision = again(byTruth), again2(byFound)
	review := query(t, openNewestSteward(t, home), `SELECT count(*) FROM link_pair WHERE probability >= 0.6 AND NOT is_joined`)
	fmt.Sscan(review[0], &q.review)
	q.review /= float64(len(rows))
	return q
}

// bCubed is the harmonic mean of the B-cubed precision and recall of episodes.
func bCubed(rows []map[string]string) float64 {
	both, found, true_ := map[[2]string]float64{}, map[string]float64{}, map[string]float64{}
	for _, r := range rows {
		both[[2]string{r["found_episode"], r["episode"]}]++
		found[r["found_episode"]]++
		true_[r["episode"]]++
	}
	p, c := 0.0, 0.0
	for k, n := range both {
		p += n * n / found[k[0]]
		c += n * n / true_[k[1]]
	}
	p, c = p/float64(len(rows)), c/float64(len(rows))
	return 2 * p * c / (p + c)
}

func several(rows []map[string]string, column string) bool {
	for _, r := range rows {
		if r[column] != rows[0][column] {
			return true
		}
	}
	return false
}

// again is, of the persons who were trafficked again and whose records were found to be of one
// person, the share with more than one episode.
func again(byTruth map[string][]map[string]string) float64 {
	n, right := 0.0, 0.0
	for _, s := range byTruth {
		if !several(s, "episode") {
			continue
		}
		if n++; several(s, "found_episode") && !several(s, "found") {
			right++
		}
	}
	return right / n
}

// again2 is, of the persons found with more than one episode, the share that has.
func again2(byFound map[string][]map[string]string) float64 {
	n, right := 0.0, 0.0
	for _, s := range byFound {
		if !several(s, "found_episode") {
			continue
		}
		if n++; several(s, "episode") {
			right++
		}
	}
	return right / n
}

func (q quality) String() string {
	return fmt.Sprintf("%6d records %5d pairs | precision %.4f recall %.4f | episodes B-cubed %.4f | trafficked again: recall %.3f precision %.3f | for review %.4f a record",
		q.records, q.pairs, q.precision, q.recall, q.cubed, q.again, q.againPrecision, q.review)
}

// TestLinkageQuality holds the persons and episodes of the made-up cases, at the published size of
// the two databases, against the truth that was made with them.
func TestLinkageQuality(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	files, truth := caseFiles(t, fixtures.Full(7))
	home := newHome(t, files)
	s := run(t, home, pipeline.Options{})
	q := measure(t, home, truth, nil)
	t.Logf("named:     %s", q)
	t.Logf("linkage:   %+v", *s.Linkage)
	for what, ok := range map[string]bool{"precision": q.precision >= 0.99, "recall": q.recall >= 0.95, "episodes": q.cubed >= 0.97, "trafficked again": q.again >= 0.9,
		"one trafficking taken for two": q.againPrecision >= 0.6, "model": !s.Linkage.BuiltIn} {
		if !ok {
			t.Errorf("%s: %s", what, q)
		}
	}
	checkEvidence(t, home)
}

// TestLinkageWithoutNames: where the RCP gives no names, what is joined of it is right, and the rest
// is left apart or for review.
func TestLinkageWithoutNames(t *testing.T) {
	t.Parallel()
	wholeRun(t)
	files, truth := caseFiles(t, fixtures.Full(7))
	for name, b := range files {
		if strings.HasSuffix(name, "regional_workbook.xlsx") {
			files[name] = withoutNames(t, b)
		}
	}
	home := newHome(t, files)
	run(t, home, pipeline.Options{})
	all := measure(t, home, truth, nil)
	nameless := measure(t, home, truth, func(a, b map[string]string) bool { return a["source"] == "rcp" || b["source"] == "rcp" })
	t.Logf("all pairs:     %s", all)
	t.Logf("without names: %s", nameless)
	if nameless.precision < 0.99 || nameless.recall < 0.5 {
		t.Errorf("without names: %s", nameless)
	}
}

// withoutNames is the regional workbook with the columns of names blank.
func withoutNames(t *testing.T, b []byte) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	check(t, err)
	defer f.Close()
	const headerRows = 4
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		check(t, err)
		for i, r := range rows {
			for _, column := range []string{"C", "D", "E"} {
				if i >= headerRows && len(r) > 5 {
					check(t, f.SetCellStr(sheet, fmt.Sprint(column, i+1), ""))
				}
			}
		}
	}
	var out bytes.Buffer
	check(t, f.Write(&out))
	return out.Bytes()
}

// checkEvidence: the bits of every pair sum to its weight, and its probability is that weight's.
func checkEvidence(t *testing.T, home string) {
	t.Helper()
	db := openNewestSteward(t, home)
	for _, tc := range []struct{ what, q, want string }{
		{"pairs whose bits do not sum to the total", `SELECT count(*) FROM link_pair AS p LEFT JOIN (SELECT record_id_a, record_id_b, sum(bits + rarity_bits) AS bits
			FROM link_evidence GROUP BY ALL) AS e USING (record_id_a, record_id_b) WHERE abs(p.prior_bits + coalesce(e.bits, 0) - p.total_bits) > 1e-9`, "0"},
		{"probabilities that are not the bits'", `SELECT count(*) FROM link_pair WHERE abs(probability - 1 / (1 + pow(2, -total_bits))) > 1e-9`, "0"},
		{"evidence of no pair", `SELECT count(*) FROM link_evidence ANTI JOIN link_pair USING (record_id_a, record_id_b)`, "0"},
		{"cases torn apart", `SELECT count(*) FROM (SELECT case_id FROM record JOIN person_record USING (record_id) GROUP BY 1 HAVING count(DISTINCT person_id) > 1)`, "0"},
		{"members that are counted wrong", `SELECT count(*) FROM person JOIN (SELECT person_id, count(*) AS n, count(DISTINCT episode_id) AS e FROM person_record GROUP BY 1)
			USING (person_id) WHERE n <> records OR e <> episodes`, "0"},
		{"values from a record of another", `SELECT count(*) FROM person AS p, unnest([sex_record_id, birth_record_id, origin_record_id, citizenship_record_id]) AS u(r)
			WHERE r IS NOT NULL AND r NOT IN (SELECT record_id FROM person_record AS m WHERE m.person_id = p.person_id)`, "0"},
	} {
		if got := strings.Join(query(t, db, tc.q), " "); got != tc.want {
			t.Errorf("%s: %s", tc.what, got)
		}
	}
}

func openNewestSteward(t *testing.T, home string) *sql.DB {
	t.Helper()
	dir, err := os.Readlink(filepath.Join(home, "current"))
	check(t, err)
	return openFile(t, filepath.Join(home, "steward", filepath.Base(dir), "steward.duckdb"))
}
