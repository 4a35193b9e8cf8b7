package pipeline

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"palermo/diag"
	"palermo/transform/link"
)

// linkHeader is the columns of made-up persons; the last says who is who.
var linkHeader = []string{"no", " first name", "surname", "born", "town", "phone", "who"}

// madeUpRecords is records of n persons, one to three of each, with typing errors and gaps.
func madeUpRecords(n int) [][]string {
	r := rand.New(rand.NewPCG(7, 11))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var rows [][]string
	for who := range n {
		surname := pick("Hox", "Petrov", "Krasn", "Mold", "Stoic", "Ivan", "Bes", "Drag", "Rus", "Pop") + pick("ha", "ic", "iqi", "oveanu", "a", "ov", "escu", "an") + pick("", "", "n", "r", "k", "t")
		given := pick("Ana", "Ion", "Vera", "Goran", "Elira", "Mihai", "Dragan", "Besa", "Nikola", "Arta", "Luan", "Irina")
		born := time.Date(1950+r.IntN(50), 1, 1+r.IntN(365), 0, 0, 0, 0, time.UTC)
		town, phone := pick("Tirana", "Skopje", "Sarajevo", "Chisinau", "Pristina", "Podgorica"), fmt.Sprintf("0%08d", r.IntN(1e8))
		for range 1 + r.IntN(3) {
			row := []string{"", given, surname, born.Format("20060102"), town, phone, fmt.Sprint("w", who)}
			switch r.IntN(5) {
			case 0:
				row[2] = surname[:len(surname)-1]
			case 1:
				row[5] = ""
			case 2:
				row[3] = born.AddDate(0, 0, 1).Format("20060102")
				row[4] = ""
			}
			rows = append(rows, row)
		}
	}
	for i, k := range r.Perm(len(rows)) {
		rows[i][0] = fmt.Sprint(1000 + k)
	}
	return rows
}

func recordsFile(t *testing.T, header []string, rows [][]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.csv")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := errors.Join(w.Write(header), w.WriteAll(rows)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// linked runs a linkage that must end well, in a folder of its own.
func linkedIn(t *testing.T, o LinkOptions) (*FileLinkage, string) {
	t.Helper()
	if o.Out == "" {
		o.Out = filepath.Join(t.TempDir(), "out")
	}
	if o.ID == "" {
		o.ID = "no"
	}
	l, err := LinkFiles(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l, o.Out
}

// TestLinkFilesBrief: without the evidence, the rest is the same.
func TestLinkFilesBrief(t *testing.T) {
	path := recordsFile(t, linkHeader, madeUpRecords(300))
	full, all := linkedIn(t, LinkOptions{Files: []string{path}, Truth: "who", CSV: true})
	brief, few := linkedIn(t, LinkOptions{Files: []string{path}, Truth: "who", CSV: true, Brief: true})
	if d := cmp.Diff(full, brief); d != "" {
		t.Errorf("what is reported (-full +brief):\n%s", d)
	}
	for _, name := range []string{"clusters.parquet", "model.json", "link.yaml"} {
		if digests(t, all)[name] != digests(t, few)[name] {
			t.Errorf("%s is another", name)
		}
	}
	want := pick(resultRows(t, all), "id_l", "id_r", "probability", "band")
	if d := cmp.Diff(want, resultRows(t, few)); d != "" || len(want) < 50 {
		t.Errorf("%d pairs (-full +brief):\n%s", len(want), d)
	}
}

// resultRows is the rows of pairs.csv.
func resultRows(t *testing.T, dir string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "pairs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// pick is some of the columns, in that order.
func pick(rows [][]string, names ...string) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		for _, n := range names {
			out[i] = append(out[i], row[slices.Index(rows[0], n)])
		}
	}
	return out
}

func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if out[f.Name()], err = fileDigest(filepath.Join(dir, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestLinkFilesSameBytes: equal records give equal files, in any order, on any number of cores.
func TestLinkFilesSameBytes(t *testing.T) {
	rows := madeUpRecords(400)
	_, dir := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader, rows)}, Truth: "who", CSV: true})
	want := digests(t, dir)
	if len(want) != 6 {
		t.Errorf("%d files: %v", len(want), want)
	}
	again := func(name string, threads int, rows [][]string) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		_, dir := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader, rows)}, Truth: "who", CSV: true})
		if d := cmp.Diff(want, digests(t, dir)); d != "" {
			t.Errorf("%s (-first +now):\n%s", name, d)
		}
	}
	again("a second run", 2, rows)
	again("one core", 1, rows)
	mixed := slices.Clone(rows)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
	again("other rows first", 2, mixed)
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestLinkFilesFinds(t *testing.T) {
	rows := madeUpRecords(400)
	l, dir := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader, rows)}, Truth: "who", CSV: true})
	if e := l.Truth; e.BCubed.F1 < 0.97 || e.Clusters.Precision < 0.99 || e.Ceiling < 0.99 {
		t.Errorf("B-cubed %.3f, precision of clusters %.3f, ceiling %.3f", e.BCubed.F1, e.Clusters.Precision, e.Ceiling)
	}
	n := 0
	for _, s := range l.Clusters.Sizes {
		n += s.Records * s.Clusters
	}
	if l.Records != len(rows) || n != len(rows) {
		t.Errorf("%d records read, %d in clusters, %d there", l.Records, n, len(rows))
	}
	clusters := readCSV(t, filepath.Join(dir, "clusters.csv"))
	if d := cmp.Diff([]string{"id", "cluster_id"}, clusters[0]); d != "" {
		t.Error(d)
	}
	if !slices.IsSortedFunc(clusters[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) }) || len(clusters) != len(rows)+1 {
		t.Errorf("%d lines of clusters, or not by ids", len(clusters))
	}
	for _, c := range clusters[1:] {
		if c[1] > c[0] {
			t.Errorf("record %s is of cluster %s, which is no smallest id", c[0], c[1])
		}
	}
}

// TestEvidenceAddsUp: the bits of each pair sum to its total exactly, and that is its probability and
// its band.
func TestEvidenceAddsUp(t *testing.T) {
	few := madeUpRecords(400) // names and a date leave room for doubt
	for i := range few {
		few[i] = few[i][:4]
	}
	l, dir := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader[:4], few)}, CSV: true})
	rows := readCSV(t, filepath.Join(dir, "pairs.csv"))
	bands := map[string]int{}
	for _, r := range rows[1:] {
		sum, total, probability, band := 0.0, 0.0, 0.0, ""
		for i, name := range rows[0] {
			v, _ := strconv.ParseFloat(r[i], 64)
			switch {
			case name == "total_bits":
				total = v
			case name == "probability":
				probability = v
			case name == "band":
				band = r[i]
			case strings.HasSuffix(name, "_bits"), strings.HasSuffix(name, "_rarity"):
				sum += v
			}
		}
		if sum != total || probability != link.Probability(total) {
			t.Fatalf("bits sum to %v, total %v, probability %v", sum, total, probability)
		}
		bands[band]++
		if (probability >= 0.95) != (band == bandLink) {
			t.Errorf("probability %v is of band %s", probability, band)
		}
	}
	if len(bands) != 3 {
		t.Errorf("pairs of %d bands only", len(bands))
	}
	if d := cmp.Diff(map[string]int{bandLink: l.Pairs.Link, bandReview: l.Pairs.Review, bandBelow: l.Pairs.Below}, bands); d != "" {
		t.Errorf("bands (-reported +written):\n%s", d)
	}
}

// TestLinkFilesAgain: what was written is taken again, and gives the same.
func TestLinkFilesAgain(t *testing.T) {
	file := recordsFile(t, linkHeader, madeUpRecords(200))
	_, dir := linkedIn(t, LinkOptions{Files: []string{file}})
	want := digests(t, dir)
	delete(want, "link.yaml") // its comments differ
	for name, o := range map[string]LinkOptions{
		"--config": {Config: filepath.Join(dir, "link.yaml")},
		"--model":  {Model: filepath.Join(dir, "model.json")},
	} {
		o.Files = []string{file}
		_, again := linkedIn(t, o)
		got := digests(t, again)
		delete(got, "link.yaml")
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-inferred +again):\n%s", name, d)
		}
	}
	before := digests(t, dir)
	linkedIn(t, LinkOptions{Files: []string{file}, Config: filepath.Join(dir, "link.yaml"), Out: dir})
	if d := cmp.Diff(before, digests(t, dir)); d != "" {
		t.Errorf("the config that lies in the output folder was written over:\n%s", d)
	}
	fit, only := linkedIn(t, LinkOptions{Files: []string{file}, FitOnly: true})
	if d := cmp.Diff([]string{"link.yaml", "model.json"}, fit.Written); d != "" || len(digests(t, only)) != 2 {
		t.Errorf("--fit-only (-want +got):\n%s", d)
	}
}

func TestTruthOfManyForms(t *testing.T) {
	rows := madeUpRecords(150)
	file := recordsFile(t, linkHeader, rows)
	want, _ := linkedIn(t, LinkOptions{Files: []string{file}, Truth: "who"})
	bare := recordsFile(t, linkHeader[:6], noTruth(rows))
	clusters := [][]string{}
	pairs, scored := [][]string{}, [][]string{}
	for i, r := range rows {
		clusters = append(clusters, []string{r[0], r[6]})
		for _, s := range rows[i+1:] {
			if s[6] == r[6] {
				pairs = append(pairs, []string{r[0], s[0]})
				scored = append(scored, []string{r[0], s[0], "0.9"})
			}
		}
	}
	scored = append(scored, []string{rows[0][0], rows[len(rows)-1][0], "0.2"})
	for name, truth := range map[string]string{
		"clusters": recordsFile(t, []string{"id", "cluster"}, clusters),
		"pairs":    recordsFile(t, []string{"id_l", "id_r"}, pairs),
		"scores":   recordsFile(t, []string{"no_l", "no_r", "score"}, scored),
	} {
		got, _ := linkedIn(t, LinkOptions{Files: []string{bare}, Truth: truth})
		if d := cmp.Diff(want.Truth, got.Truth); d != "" {
			t.Errorf("%s (-column +file):\n%s", name, d)
		}
	}
}

func noTruth(rows [][]string) [][]string {
	out := [][]string{}
	for _, r := range rows {
		out = append(out, r[:6])
	}
	return out
}

// TestTwoFiles: the ids of the two repeat, as the ids of two agencies do.
func TestTwoFiles(t *testing.T) {
	rows := madeUpRecords(300)
	var files [2][][]string
	for i, r := range rows {
		r = slices.Clone(r)
		r[0] = fmt.Sprint(len(files[i%2]))
		files[i%2] = append(files[i%2], r)
	}
	a, b := recordsFile(t, linkHeader, files[0]), recordsFile(t, linkHeader, files[1])
	across, dir := linkedIn(t, LinkOptions{Files: []string{a, b}, Truth: "who", CSV: true})
	pairs := readCSV(t, filepath.Join(dir, "pairs.csv"))
	for _, p := range pairs[1:] {
		if p[1] != "1" || p[3] != "2" {
			t.Fatalf("a pair of lists %s and %s", p[1], p[3])
		}
	}
	if across.Truth.BCubed.Precision < 0.98 || across.Truth.Clusters.Recall < 0.9 {
		t.Errorf("across: %+v", across.Truth)
	}
	_, dir = linkedIn(t, LinkOptions{Files: []string{a, b}, OneToOne: true, CSV: true})
	seen := map[string]bool{}
	for _, c := range readCSV(t, filepath.Join(dir, "clusters.csv"))[1:] {
		if k := c[1] + " " + c[2]; seen[k] {
			t.Fatalf("cluster %s has two records of list %s", c[2], c[1])
		} else {
			seen[k] = true
		}
		if !strings.HasPrefix(c[2], "1:") && !strings.HasPrefix(c[2], "2:") {
			t.Fatalf("cluster %s could be of either list", c[2])
		}
	}
	both, _ := linkedIn(t, LinkOptions{Files: []string{a, b}, DedupeToo: true, Truth: "who"})
	if both.Truth.TruePairs <= across.Truth.TruePairs || both.Truth.BCubed.F1 < 0.95 {
		t.Errorf("both: %d true pairs of %d, B-cubed %.3f", both.Truth.TruePairs, across.Truth.TruePairs, both.Truth.BCubed.F1)
	}
}

// writeTyped writes the rows as Parquet with types: the id and the date are numbers, the rest text,
// the town with a dictionary; and a column of lists, which is none for us.
func writeTyped(t *testing.T, rows [][]string, meta map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	text := arrow.BinaryTypes.String
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "no", Type: arrow.PrimitiveTypes.Int64}, {Name: "first name", Type: text, Nullable: true}, {Name: "surname", Type: text, Nullable: true},
		{Name: "born", Type: arrow.PrimitiveTypes.Int32, Nullable: true}, {Name: "town", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: text}, Nullable: true},
		{Name: "phone", Type: text, Nullable: true}, {Name: "who", Type: text}, {Name: "tags", Type: arrow.ListOf(text), Nullable: true}}, nil)
	rec := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rec.Release()
	for _, r := range rows {
		for i, w := range r {
			if w == "" {
				rec.Field(i).AppendNull()
			} else if err := rec.Field(i).AppendValueFromString(w); err != nil {
				t.Fatal(err)
			}
		}
		rec.Field(7).AppendNull()
	}
	b := rec.NewRecordBatch()
	defer b.Release()
	w, err := pqarrow.NewFileWriter(schema, f, parquet.NewWriterProperties(parquet.WithMaxRowGroupLength(100)), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range meta {
		if err := w.AppendKeyValueMetadata(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParquetIsAsCSV(t *testing.T) {
	rows := madeUpRecords(300)
	_, want := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader, rows)}, Truth: "who"})
	l, got := linkedIn(t, LinkOptions{Files: []string{writeTyped(t, rows, nil)}, Truth: "who"})
	if d := cmp.Diff(digests(t, want), digests(t, got)); d != "" {
		t.Errorf("(-csv +parquet):\n%s", d)
	}
	if l.Files[0].Nested != 1 {
		t.Errorf("%d columns of lists, want 1", l.Files[0].Nested)
	}
}

func TestLinkFilesRefuses(t *testing.T) {
	rows := madeUpRecords(60)
	good := recordsFile(t, linkHeader, rows)
	text := func(s string) string {
		path := filepath.Join(t.TempDir(), "link.yaml")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	twice := append(slices.Clone(rows), rows[0])
	none := slices.Clone(rows)
	none[3] = append([]string{""}, rows[3][1:]...)
	whole, err := os.ReadFile(writeTyped(t, rows, nil))
	if err != nil {
		t.Fatal(err)
	}
	marked := [][]string{}
	for _, r := range rows {
		marked = append(marked, append(slices.Clone(r), "released_case"))
	}
	_, dir := linkedIn(t, LinkOptions{Files: []string{good}})
	model, err := os.ReadFile(filepath.Join(dir, "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	other := text(strings.Replace(string(model), `"records": `, `"records": 1`, 1))
	config := func(s string) LinkOptions { return LinkOptions{Files: []string{good}, Config: text(s)} }
	for _, tt := range []struct {
		name  string
		o     LinkOptions
		code  diag.Code
		place string // in the message
	}{
		{"a footer of a release", LinkOptions{Files: []string{writeTyped(t, rows, map[string]string{"palermo.table": "released_case"})}}, diag.LinkReleased, ""},
		{"a release by its key", LinkOptions{Files: []string{recordsFile(t, append(slices.Clone(linkHeader), "released_case_id"), marked)}}, diag.LinkReleased, ""},
		{"a release by its mark", LinkOptions{Files: []string{recordsFile(t, append(slices.Clone(linkHeader), "Synthetic"), marked)}}, diag.LinkReleased, ""},
		{"an id twice", LinkOptions{Files: []string{recordsFile(t, linkHeader, twice)}}, diag.LinkID, "record " + fmt.Sprint(len(twice))},
		{"no id", LinkOptions{Files: []string{recordsFile(t, linkHeader, none)}}, diag.LinkID, "record 4"},
		{"no such column", LinkOptions{Files: []string{good}, ID: "number"}, diag.LinkColumn, "--id"},
		{"a header twice", LinkOptions{Files: []string{recordsFile(t, append(slices.Clone(linkHeader[:6]), "no"), rows)}}, diag.LinkColumn, ""},
		{"half a Parquet file", LinkOptions{Files: []string{text(string(whole[:len(whole)/2]))}}, diag.FileDamaged, ""},
		{"nothing in it", LinkOptions{Files: []string{text("")}}, diag.FileEmpty, ""},
		{"nothing to link by", LinkOptions{Files: []string{text("no,x\n1,1\n2,1\n3,1\n")}}, diag.LinkNothing, ""},
		{"a web page", LinkOptions{Files: []string{text("<html>")}}, diag.FileFormat, ""},
		{"no such truth", LinkOptions{Files: []string{good}, Truth: "nobody"}, diag.LinkTruth, ""},
		{"a truth of others", LinkOptions{Files: []string{good}, Truth: text("id,cluster\nx,1\n")}, diag.LinkTruth, ""},
		{"a truth of nothing", LinkOptions{Files: []string{good}, Truth: text("a,b\nx,1\n")}, diag.LinkTruth, ""},
		{"no YAML", config("fields: ["), diag.LinkSyntax, "link.yaml"},
		{"an entry too many", config("fields:\n  - {name: surname, kind: name, colour: red}\n"), diag.LinkSyntax, "link.yaml:2:33"},
		{"no such kind", config("fields:\n  - {name: surname, kind: nome}\n"), diag.LinkSyntax, "link.yaml:2:27"},
		{"no such field of the files", config("fields:\n  - {name: nickname, kind: name}\n"), diag.LinkSyntax, "link.yaml:2:5"},
		{"no such form", config("blocking:\n  - {on: [surname.years]}\n"), diag.LinkSyntax, "link.yaml:2:11"},
		{"a model that was changed", LinkOptions{Files: []string{good}, Model: other}, diag.LinkModel, ""},
		{"a model of other columns", LinkOptions{Files: []string{text("no,a\n1,b\n2,b\n")}, Model: filepath.Join(dir, "model.json")}, diag.LinkModel, ""},
	} {
		tt.o.Out = filepath.Join(t.TempDir(), "out")
		if tt.o.ID == "" {
			tt.o.ID = "no"
		}
		_, err := LinkFiles(t.Context(), tt.o)
		if got := codeOfFault(err); got != tt.code || !strings.Contains(err.Error(), tt.place) {
			t.Errorf("%s: %v [%s], want %s and %q", tt.name, err, got, tt.code, tt.place)
		}
		if _, err := os.Stat(tt.o.Out); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something was written", tt.name)
		}
		if err != nil {
			for _, w := range []string{rows[0][2], rows[0][5], rows[0][0]} {
				if w != "" && strings.Contains(err.Error(), w) {
					t.Errorf("%s: the message quotes a cell", tt.name)
				}
			}
		}
	}
}

func codeOfFault(err error) diag.Code {
	var file *LinkFileError
	var config *ConfigError
	switch {
	case errors.As(err, &file):
		return file.Diagnostic.Code
	case errors.As(err, &config):
		return config.Diagnostics[0].Code
	}
	return ""
}

// TestRaggedRowsAreLeftOut: which cell of such a row is which is not known.
func TestRaggedRowsAreLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	text := "\n\"no\";name \n1;Ana\n\n2;Ion;more\n3\n4; Vera \n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := readLinkFile(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.rows != 3 || f.ragged != 1 {
		t.Errorf("%d rows and %d ragged, want 3 and 1", f.rows, f.ragged)
	}
	want := []link.Column{{Name: "no", Words: []string{"1", "3", "4"}, At: []int32{0, 1, 2}}, {Name: "name", Words: []string{"Ana", "Vera"}, At: []int32{0, link.Missing, 1}}}
	if d := cmp.Diff(want, f.columns); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestLinkageHoldsNoWord: what --json prints is counts and digests.
func TestLinkageHoldsNoWord(t *testing.T) {
	rows := madeUpRecords(100)
	l, _ := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader, rows)}})
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		for _, i := range []int{2, 5} {
			if r[i] != "" && bytes.Contains(b, []byte(`"`+r[i]+`"`)) {
				t.Fatal("the result quotes a cell")
			}
		}
	}
}

// TestOtherThresholds: the table of thresholds says of the one in force what was done.
func TestOtherThresholds(t *testing.T) {
	got, _ := linkedIn(t, LinkOptions{Files: []string{recordsFile(t, linkHeader, madeUpRecords(300))}})
	at := slices.IndexFunc(got.Pairs.Thresholds, func(a LinkedAt) bool { return a.Threshold == got.Threshold.Link })
	if at < 0 {
		t.Fatalf("no line for %g", got.Threshold.Link)
	}
	if a := got.Pairs.Thresholds[at]; a.Links != got.Pairs.Link || math.Abs(a.FalseLinks-got.Pairs.FalseLinks) > 1e-12 || a.Links == 0 {
		t.Errorf("the table has %+v, and the pairs are %+v", a, got.Pairs)
	}
	for i, a := range got.Pairs.Thresholds[1:] {
		if b := got.Pairs.Thresholds[i]; a.Threshold >= b.Threshold || a.Links < b.Links || a.FalseLinks < b.FalseLinks || a.Missed > b.Missed {
			t.Errorf("a lower threshold links fewer or better: %+v, then %+v", b, a)
		}
	}
}
