package testreal

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"palermo/pipeline"
	"palermo/transform/link"
)

// linkageSet is a set of records whose persons are known, and what palermo link has to reach on it
// without a config. The floors lie a little under what was reached; those of fake_1000, febrl3 and
// the 50k lie over the best figures known of other tools with rules made for the set.
type linkageSet struct {
	files   []string
	id      string
	truth   string              // a column, or
	person  func(string) string // the person that an id names
	ceiling float64
	best    float64 // F1 of pairs at the best threshold
	bcubed  float64 // at the threshold that ships
}

var linkageSets = []linkageSet{
	{files: []string{"fake_1000.csv"}, id: "unique_id", truth: "cluster", ceiling: 0.93, best: 0.915, bcubed: 0.94},
	{files: []string{"febrl1.csv"}, id: "rec_id", person: between, ceiling: 0.999, best: 0.999, bcubed: 0.999},
	{files: []string{"febrl3.csv"}, id: "rec_id", person: between, ceiling: 0.997, best: 0.998, bcubed: 0.999},
	{files: []string{"febrl_C_10000.csv"}, id: "rec_id", person: allButLast, ceiling: 0.98, best: 0.99, bcubed: 0.999},
	{files: []string{"historical_figures_with_errors_50k.parquet"}, id: "unique_id", truth: "cluster", ceiling: 0.85, best: 0.875, bcubed: 0.93},
	{files: []string{"RLdata500.csv"}, id: "rec_id", truth: "identity", ceiling: 1, best: 0.98, bcubed: 0.99},
	{files: []string{"clkhash_dirty_1000_50_1.csv", "clkhash_dirty_1000_50_2.csv"}, id: "rec_id", truth: "rec_id", ceiling: 0.999, best: 0.999, bcubed: 0.999},
	{files: []string{"transactions_origin.parquet", "transactions_destination.parquet"}, id: "unique_id", truth: "ground_truth", ceiling: 0.965, best: 0.92, bcubed: 0.86},
	{files: []string{"bg_mps_terms_dev.csv"}, id: "rec_id", truth: "person_id", ceiling: 1, best: 0.99, bcubed: 0.99},
	// Of this set the truth has one person under two ids in dozens of cases, so that precision cannot
	// be high.
	{files: []string{"ep_name_variants_dev.csv"}, id: "rec_id", truth: "person_id", ceiling: 0.999, best: 0.90, bcubed: 0.86},
}

// between is the person of "rec-1496-org".
func between(id string) string { return strings.Split(id, "-")[1] }

// allButLast is the person of an id whose last digit counts the records.
func allButLast(id string) string { return id[:len(id)-1] }

func TestLinkage(t *testing.T) {
	for _, s := range linkageSets {
		t.Run(s.files[0], func(t *testing.T) {
			o := pipeline.LinkOptions{ID: s.id, Truth: s.truth, Out: filepath.Join(t.TempDir(), "out")}
			for _, f := range s.files {
				o.Files = append(o.Files, realFile("linkage", f))
			}
			if s.person != nil {
				o.Truth = truthOf(t, o.Files[0], s)
			}
			l, err := pipeline.LinkFiles(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			e := l.Truth
			t.Logf("ceiling %.4f; pairs at .5 %.4f, best %.4f, at the threshold %.4f; clusters %.4f; B-cubed %.4f; exactly right %.3f; %.1f pairs a record",
				e.Ceiling, e.AtHalf.F1, e.Best.F1, e.AtLink.F1, e.Clusters.F1, e.BCubed.F1, e.Exact, float64(l.Pairs.Compared)/float64(l.Records))
			for _, f := range []struct {
				what       string
				got, floor float64
			}{{"ceiling", e.Ceiling, s.ceiling}, {"best F1 of pairs", e.Best.F1, s.best}, {"B-cubed F1", e.BCubed.F1, s.bcubed}} {
				if f.got < f.floor {
					t.Errorf("%s %.4f, want %.3f or more", f.what, f.got, f.floor)
				}
			}
			checkDefaults(t, l)
		})
	}
}

// checkDefaults: the threshold is the same for every set, and no limit is passed.
func checkDefaults(t *testing.T, l *pipeline.FileLinkage) {
	t.Helper()
	if l.Threshold != (link.Thresholds{Link: 0.95, Review: 0.60, Keep: 0.001}) {
		t.Errorf("thresholds %+v", l.Threshold)
	}
	if per := float64(l.Blocks.Pairs) / float64(l.Records); per > 200 {
		t.Errorf("%.0f pairs a record", per)
	}
	for _, r := range l.Blocks.Rules {
		if r.Biggest > 400 {
			t.Errorf("rule %s has a block of %d records", r.Rule, r.Biggest)
		}
	}
}

// truthOf writes who is who by what the ids say.
func truthOf(t *testing.T, file string, s linkageSet) string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("id,cluster\n")
	for _, r := range rows[1:] {
		b.WriteString(r[0] + "," + s.person(r[0]) + "\n")
	}
	path := filepath.Join(t.TempDir(), "truth.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
