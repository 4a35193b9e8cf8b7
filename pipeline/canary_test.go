package pipeline_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/text/encoding/charmap"

	"palermo/fixtures"
	"palermo/pipeline"
)

// planted makes made-up names, case references and birth dates that no other text of a home can
// hold: each name and reference bears one of its marks, and each date is of a year before those
// of the fixtures.
type planted struct {
	rng   *rand.Rand
	latin string // in every Latin name
	cyr   string // in every Cyrillic name
	ref   string // in every reference
	year  int    // the first of the fifteen years of the dates
	made  int
	days  map[string]bool // yyyy-mm-dd
}

func newPlanted(seed uint64, latin, cyr, ref string, year int) *planted {
	return &planted{rng: rand.New(rand.NewPCG(seed, seed)), latin: latin, cyr: cyr, ref: ref, year: year, days: map[string]bool{}}
}

func (p *planted) letters(alphabet string, n int) string {
	from := []rune(alphabet)
	out := make([]rune, n)
	for i := range out {
		out[i] = from[p.rng.IntN(len(from))]
	}
	return string(out)
}

// name is a name with letters that the code page of Latin files of the test has.
func (p *planted) name() string {
	p.made++
	return p.latin + p.letters("aeioulnrst", 6)
}

func (p *planted) cyrillic() string {
	p.made++
	return p.cyr + p.letters("аеиоулнрст", 6)
}

func (p *planted) reference() string {
	p.made++
	return fmt.Sprintf("%s/%02d/%05d", p.ref, p.rng.IntN(100), p.rng.IntN(100000))
}

// date is a day that is neither the first nor the last of a month, in one of the forms that people
// write.
func (p *planted) date(form string) string {
	p.made++
	d := time.Date(p.year+p.rng.IntN(15), time.Month(1+p.rng.IntN(12)), 2+p.rng.IntN(26), 0, 0, 0, 0, time.UTC)
	p.days[d.Format(time.DateOnly)] = true
	return d.Format(form)
}

// dateForms is how a birth date is written where the form asks for dd/mm/yyyy, first in that form.
var dateForms = []string{"02/01/2006", "2006-01-02", "02.01.2006", "2/1/2006", "2 Jan 2006", "02/01/2006 00:00"}

// dayTexts is how a day may stand in a text, by layout.
var dayTexts = map[string]*regexp.Regexp{
	"2/1/2006":    regexp.MustCompile(`\b\d{1,2}/\d{1,2}/19[0-4]\d`),
	"2.1.2006":    regexp.MustCompile(`\b\d{1,2}\.\d{1,2}\.19[0-4]\d`),
	time.DateOnly: regexp.MustCompile(`19[0-4]\d-\d\d-\d\d`),
	"2 Jan 2006":  regexp.MustCompile(`\b\d{1,2} [A-Z][a-z][a-z] 19[0-4]\d`),
}

// in is what of the planted stands in a text, whose days are given: "name", "reference", "date" or "".
func (p *planted) in(text []byte, days []string) string {
	has := func(mark string) bool {
		return bytes.Contains(text, []byte(mark)) || bytes.Contains(text, []byte(strings.ToLower(mark))) || bytes.Contains(text, []byte(strings.ToUpper(mark)))
	}
	switch {
	case has(p.latin), has(p.cyr):
		return "name"
	case has(p.ref):
		return "reference"
	case slices.ContainsFunc(days, func(d string) bool { return p.days[d] }):
		return "date"
	}
	return ""
}

// daysIn is the days of the first half of the century that stand in a text, as yyyy-mm-dd.
func daysIn(text []byte) []string {
	if !bytes.Contains(text, []byte("19")) {
		return nil
	}
	var out []string
	for layout, of := range dayTexts {
		for _, m := range of.FindAll(text, -1) {
			if d, err := time.Parse(layout, string(m)); err == nil {
				out = append(out, d.Format(time.DateOnly))
			}
		}
	}
	return out
}

// canaries is all that is planted in one home.
type canaries struct {
	own     *planted // of people who consent, in the columns of names, references and birth
	astray  *planted // dates in columns of other dates: read as what the column says
	refused *planted // anything of people who refuse
	n       int      // rows so far
}

func newCanaries() *canaries {
	return &canaries{own: newPlanted(1, "Qvyx", "Щжыъ", "QX77ZV", 1901), astray: newPlanted(2, "Jwqx", "Шжыъ", "JX66ZV", 1916), refused: newPlanted(3, "Wvqz", "Цжыъ", "WX88ZV", 1931)}
}

// caseTable is the cells of a text file of cases, with its header.
type caseTable struct {
	comma rune
	page  *charmap.Charmap
	rows  [][]string
}

func readCaseTable(t *testing.T, path string, comma rune, page *charmap.Charmap) *caseTable {
	t.Helper()
	b := read(t, path)
	if page != nil {
		var err error
		b, err = page.NewDecoder().Bytes(b)
		check(t, err)
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma = comma
	rows, err := r.ReadAll()
	check(t, err)
	return &caseTable{comma, page, rows}
}

func (c *caseTable) bytes(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = c.comma
	check(t, w.WriteAll(c.rows))
	if c.page == nil {
		return b.Bytes()
	}
	out, err := c.page.NewEncoder().Bytes(b.Bytes())
	check(t, err)
	return out
}

func (c *caseTable) col(name string) int { return slices.Index(c.rows[0], name) }

func (c *caseTable) set(row []string, name, cell string) {
	if j := c.col(name); j >= 0 {
		row[j] = cell
	}
}

// plant puts canaries into every row: in the columns where they belong, and in one where they do
// not. Every seventh row refuses consent, and some of those have a cell too many besides.
func (k *canaries) plant(c *caseTable, no string, cyrillic bool) {
	for i, row := range c.rows[1:] {
		k.n++
		p, refuses := k.own, k.n%7 == 0
		c.set(row, "Data consent", "Yes")
		if refuses {
			p = k.refused
			c.set(row, "Data consent", no)
		}
		name := p.name
		if cyrillic && i%2 == 0 {
			name = p.cyrillic
		}
		c.set(row, "Family name", name())
		c.set(row, "Given name", name()+"-"+name())
		c.set(row, "Father's name", "Â"+name()+"Ã©") // bytes of UTF-8 read as another encoding
		if cyrillic {
			c.set(row, "Father's name", name())
		}
		c.set(row, "Case No", p.reference())
		c.set(row, "Other reference", p.reference())
		c.set(row, "Identity document", p.reference())
		c.set(row, "Date of birth", p.date(dateForms[i%len(dateForms)]))
		c.set(row, "Notes", "met "+name()+", born "+p.date("02.01.2006")+", file "+p.reference())
		// lists of one to three words: where all were as long, the mark within them would part the columns
		c.set(row, "Citizenship", strings.Join([]string{"Moldova", name(), p.reference()}[:1+i%3], "; "))
		c.set(row, "Assistance given", strings.Join([]string{"Shelter", name(), p.date("02/01/2006")}[:1+i/3%3], ";"))
		c.set(row, "Reasons", name())
		k.misplace(c, row, k.n, p, refuses)
		if k.n%14 == 0 || k.n%16 == 0 {
			c.rows[1+i] = append(row, p.name())
		}
		if k.n%21 == 0 { // a comma too many before the consent shifts it
			at := c.col("Data consent")
			c.rows[1+i] = slices.Insert(slices.Clone(row), at-1, p.name())
		}
	}
}

// misplace puts a canary into a column where it does not belong: another in each row.
func (k *canaries) misplace(c *caseTable, row []string, n int, p *planted, refuses bool) {
	header := c.rows[0]
	j := n % len(header)
	if header[j] == "Data consent" || header[j] == "Case No" {
		return
	}
	switch (n / len(header)) % 3 {
	case 0:
		row[j] = p.name()
	case 1:
		row[j] = p.reference()
	case 2:
		if !refuses && header[j] != "Date of birth" {
			p = k.astray
		}
		row[j] = p.date("02/01/2006")
	}
}

// canaryFiles is the files of the first night, and those of the second.
func canaryFiles(t *testing.T, k *canaries) (first, second map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	check(t, fixtures.Cases(dir, fixtures.CasesOptions{CTM: 700, RCP: 150, Seed: 11}))
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	first, second = map[string][]byte{}, map[string][]byte{}
	text := func(into map[string][]byte, to, from string, comma rune, page *charmap.Charmap, no string) {
		c := readCaseTable(t, at(filepath.FromSlash(from)), comma, page)
		k.plant(c, no, page != nil)
		into[to] = c.bytes(t)
	}
	text(first, "iom_chisinau/"+k.own.name()+" "+k.own.reference()[:6]+".csv", "iom_chisinau/ctm_assistance.csv", ',', nil, "No")
	text(first, "iom_chisinau/screening.csv", "iom_chisinau/ctm_screening.csv", ',', nil, "No")
	text(first, "iom_kyiv/ctm.txt", "iom_kyiv/ctm_assistance_1251.txt", '\t', charmap.Windows1251, "Нет")
	text(second, "iom_geneva/ctm.csv", "iom_geneva/ctm_assistance.csv", ',', nil, "Withdrawn")
	first["iom_bishkek/book.xlsx"] = read(t, at("iom_bishkek", "case_system_export.xlsx"))
	first["rcp_belgrade/"+k.own.name()+".xlsx"] = k.book(t, at("rcp_belgrade", "regional_workbook.xlsx"))
	// files that nobody can read, or knows
	first["iom_chisinau/"+k.own.name()+".zip"] = []byte("PK\x03\x04" + k.own.name())
	second["iom_geneva/"+k.own.name()+".csv"] = fmt.Appendf(nil, "%s,Value\n%s,%s\n", k.own.name(), k.own.reference(), k.own.date("02/01/2006"))
	// a column that no mapping names, headed by a name
	extra := readCaseTable(t, at("iom_geneva", "ctm_assistance.csv"), ',', nil)
	extra.rows = extra.rows[:30]
	for i := range extra.rows {
		extra.rows[i] = append(extra.rows[i], k.own.name())
	}
	k.plant(extra, "No", false)
	second["iom_geneva/extra.csv"] = extra.bytes(t)
	return first, second
}

// book plants canaries in every sheet of the regional workbook, calls two sheets by a name, shifts some
// rows by a cell, and puts names into what a workbook holds beside its cells.
func (k *canaries) book(t *testing.T, path string) []byte {
	t.Helper()
	f, err := excelize.OpenFile(path)
	check(t, err)
	defer f.Close()
	for s, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		check(t, err)
		for r := 4; r < len(rows)-3; r++ {
			set := func(col int, text string) {
				cell, err := excelize.CoordinatesToCellName(col, r+1)
				check(t, err)
				check(t, f.SetCellStr(sheet, cell, text))
			}
			set(2, k.own.reference()) // the code of the case
			set(3, k.own.name())
			set(4, k.own.name())
			set(7, k.own.date("02.01.2006"))
			set(8+(r+s)%30, k.own.name())
			if (r+s)%9 == 0 { // a cell too many at the beginning: all others are one column too far
				shifted := append([]string{k.own.name(), k.own.reference(), k.own.reference(), k.own.name()}, rows[r][min(3, len(rows[r])):]...)
				check(t, f.SetSheetRow(sheet, fmt.Sprintf("A%d", r+1), &shifted))
			}
			if (r+s)%5 == 0 {
				check(t, f.AddComment(sheet, excelize.Comment{Cell: fmt.Sprintf("C%d", r+1), Author: k.own.name(), Text: k.own.name() + ", born " + k.own.date("02.01.2006")}))
			}
		}
		check(t, f.SetCellStr(sheet, "A1", k.own.name()+" "+k.own.reference())) // above the table
		if s < 2 {
			check(t, f.SetSheetName(sheet, k.own.name()))
		}
	}
	for _, hidden := range []bool{false, true} { // sheets that no mapping knows
		name := k.own.name()
		_, err := f.NewSheet(name)
		check(t, err)
		check(t, f.SetSheetRow(name, "A1", &[]string{k.own.name(), k.own.reference(), "born " + k.own.date("02/01/2006")}))
		check(t, f.SetSheetVisible(name, !hidden))
	}
	check(t, f.SetDefinedName(&excelize.DefinedName{Name: k.own.name(), RefersTo: fmt.Sprintf("'%s'!$A$1", f.GetSheetName(2)), Comment: k.own.name()}))
	check(t, f.SetDocProps(&excelize.DocProperties{Creator: k.own.name(), LastModifiedBy: k.own.name(), Title: k.own.name() + " " + k.own.reference(),
		Subject: k.own.name(), Description: k.own.name(), Keywords: k.own.reference(), Category: k.own.name()}))
	check(t, f.SetAppProps(&excelize.AppProperties{Application: "Microsoft Excel", Company: k.own.name()}))
	var b bytes.Buffer
	check(t, f.Write(&b))
	return b.Bytes()
}

// TestCanaries: no name, case reference or exact birth date is where it may not be, whatever
// column, sheet or file name it stood in; and of who refuses nothing is kept.
func TestCanaries(t *testing.T) {
	wholeRun(t)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	k := newCanaries()
	first, second := canaryFiles(t, k)
	if n := k.own.made + k.astray.made + k.refused.made; n < 1000 || k.refused.made < 100 {
		t.Fatalf("%d canaries, %d of people who refuse: too few", n, k.refused.made)
	}
	home := newHome(t, first)
	core, logs := observer.New(zap.DebugLevel)
	runReceipts(t, home, pipeline.Options{Now: clock(1), Log: zap.New(core)})
	for name, b := range second {
		drop(t, home, name, b)
	}
	s := runReceipts(t, home, pipeline.Options{Now: clock(2), Log: zap.New(core)})
	t.Logf("%d canaries, %d of dates in columns of other dates, %d of people who refuse: %+v", k.own.made, k.astray.made, k.refused.made, s.Rows)
	if s.Status != pipeline.RunPublished || s.Rows.Loaded < 300 || s.Rows.Skipped["no_consent"] < 40 || s.Rows.Rejected == 0 {
		t.Fatalf("run: %+v", s.Rows)
	}
	all := []*planted{k.own, k.astray, k.refused}
	t.Run("logs", func(t *testing.T) {
		for _, e := range logs.All() {
			b, err := json.Marshal(e.ContextMap())
			check(t, err)
			none(t, "log "+e.Message, append(b, e.Message...), all...)
		}
		if logs.Len() == 0 {
			t.Error("nothing was logged")
		}
	})
	t.Run("temporary files", func(t *testing.T) {
		for _, dir := range []string{tmp, filepath.Join(home, "state", "tmp")} {
			noFiles(t, dir)
		}
	})
	t.Run("state", func(t *testing.T) { searchState(t, home, all) })
	t.Run("snapshots", func(t *testing.T) {
		for _, f := range filesBelow(t, filepath.Join(home, "snapshots")) {
			none(t, f, read(t, home, "snapshots", f), all...)
			if hits := search(t, filepath.Join(home, "snapshots", f), all...); len(hits) > 0 {
				t.Errorf("%s: %v", f, hits)
			}
		}
	})
	t.Run("steward", func(t *testing.T) { searchSteward(t, home, k) })
	t.Run("lake", func(t *testing.T) { searchLake(t, home, k) })
	t.Run("refused", func(t *testing.T) { searchRefused(t, home, k.refused) })
	t.Run("explain", func(t *testing.T) { searchExplain(t, home, k) })
	t.Run("receipts", func(t *testing.T) { searchReceipts(t, home, k) })
	t.Run("release", func(t *testing.T) { searchRelease(t, home, all) })
	t.Run("sealed", func(t *testing.T) { searchSealed(t, home) })
	t.Run("report", func(t *testing.T) { checkReport(t, home) }) // the home is there, and has all that a report shows
	t.Run("pages", func(t *testing.T) { checkPages(t, home) })
}

// searchSealed: when the home is sealed, no private file that is sealed holds a name or a reference.
func searchSealed(t *testing.T, home string) {
	before, all := namesIn(t, home, sealedDirs...)
	to, identity := newIdentity(t)
	sealTo(t, home, identity, to)
	s, err := openHome(t, home).Seal(t.Context(), clock(3)())
	check(t, err)
	if with, _ := namesIn(t, home, sealedDirs...); before == 0 || with > 0 || s.Sealed != s.Files || s.Files != all {
		t.Errorf("%d of %d files hold a canary, %d before; %+v", with, all, before, s)
	}
}

// searchExplain: what explain says without --personal of any table holds nothing of what is
// planted. A date that stands in a column of other dates is what the column says.
func searchExplain(t *testing.T, home string, k *canaries) {
	h, err := pipeline.ReadHome(home, "")
	check(t, err)
	all := explainable(t, open(t, home))
	xs, err := h.Explain(context.Background(), append(draw(all, 200, rand.New(rand.NewPCG(9, 9))), all["record"]...)...)
	check(t, err)
	for _, x := range xs {
		b, err := json.Marshal(x)
		check(t, err)
		none(t, "explain "+x.ID, b, k.own, k.refused)
	}
}

func none(t *testing.T, where string, b []byte, ps ...*planted) {
	t.Helper()
	days := daysIn(b)
	for _, p := range ps {
		if what := p.in(b, days); what != "" {
			t.Errorf("%s holds a %s", where, what)
		}
	}
}

func noFiles(t *testing.T, dir string) {
	t.Helper()
	if left := filesBelow(t, dir); len(left) > 0 {
		t.Errorf("temporary files left: %d", len(left))
	}
}

// filesBelow is the files below dir, by their paths from there.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	check(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		out = append(out, rel)
		return err
	}))
	return out
}

// search counts the hits in a Parquet file, or in every table and view of a database, by
// "table.column what"; nothing in another file. Every value is looked at as text, decompressed.
func search(t *testing.T, path string, ps ...*planted) map[string]int {
	t.Helper()
	hits := map[string]int{}
	switch filepath.Ext(path) {
	case ".parquet":
		db, err := sql.Open("duckdb", "")
		check(t, err)
		defer db.Close()
		table := filepath.Base(filepath.Dir(path))
		if strings.Contains(table, "=") {
			table = filepath.Base(filepath.Dir(filepath.Dir(path)))
		}
		searchQuery(t, db, table, `SELECT COLUMNS(*)::VARCHAR FROM read_parquet('`+path+`', hive_partitioning = false)`, hits, ps)
	case ".duckdb":
		db := openFile(t, path)
		for _, name := range query(t, db, `SELECT table_name FROM duckdb_tables() WHERE NOT internal UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal`) {
			searchQuery(t, db, name, fmt.Sprintf(`SELECT COLUMNS(*)::VARCHAR FROM %q`, name), hits, ps)
		}
	}
	return hits
}

func searchQuery(t *testing.T, db *sql.DB, table, q string, hits map[string]int, ps []*planted) {
	t.Helper()
	rows, err := db.Query(q)
	check(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	check(t, err)
	var row bytes.Buffer
	cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		check(t, rows.Scan(into...))
		row.Reset()
		for _, c := range cells {
			row.WriteString(c.String + "\n")
		}
		days := daysIn(row.Bytes())
		for _, p := range ps {
			if p.in(row.Bytes(), days) == "" {
				continue
			}
			for i, c := range cells {
				if what := p.in([]byte(c.String), daysIn([]byte(c.String))); what != "" {
					hits[table+"."+names[i]+" "+what]++
				}
			}
		}
	}
	check(t, rows.Err())
}

// searchState looks into all that is kept of runs: the ledger may hold the names of files, since
// it is private, and nothing else may hold anything.
func searchState(t *testing.T, home string, all []*planted) {
	for _, f := range filesBelow(t, filepath.Join(home, "state")) {
		b := read(t, home, "state", f)
		if f == "ledger.jsonl" {
			l := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
			for i := range l {
				l[i] = regexp.MustCompile(`"name":"[^"]*"`).ReplaceAll(l[i], nil)
			}
			b = bytes.Join(l, []byte("\n"))
		}
		none(t, f, b, all...)
	}
}

// rawWords is the columns in which stewards see words as agencies wrote them: a name that stands
// in a coded column is such a word, until a mapping lists it. Two fields hold a word of the source
// as it is, since no list of their values exists.
var rawWords = []string{"value_map.word", "diagnostic.value"}

func searchSteward(t *testing.T, home string, k *canaries) {
	dbs, err := filepath.Glob(filepath.Join(home, "steward", "*", "steward.duckdb"))
	check(t, err)
	if len(dbs) != 2 {
		t.Fatalf("%d databases of stewards, want 2", len(dbs))
	}
	for _, path := range dbs {
		hits := search(t, path, k.own)
		for _, at := range slices.Sorted(maps.Keys(hits)) {
			column, what, _ := strings.Cut(at, " ")
			if !slices.Contains(rawWords, column) {
				t.Errorf("%s: %d hits of a %s", column, hits[at], what)
				continue
			}
			t.Logf("raw words: %s in %s: %d", what, column, hits[at])
		}
		db := openFile(t, path)
		// what a column of names, references or births holds is no raw word to be mapped
		for _, q := range []string{
			`SELECT field, count(*) FROM diagnostic WHERE value IS NOT NULL AND field IN (%s) GROUP BY 1`,
			`SELECT field, count(*) FROM value_map WHERE field IN (%s) GROUP BY 1`,
		} {
			direct := `'birth', 'given_name', 'family_name', 'father_name', 'other_names', 'identity_number', 'case_reference', 'other_reference', 'notes', 'origin_place', 'trafficking_status_reason'`
			if got := query(t, db, fmt.Sprintf(q, direct)); len(got) > 0 {
				t.Errorf("words of fields that stewards may not see: %v", got)
			}
		}
	}
	for _, f := range filesBelow(t, filepath.Join(home, "steward")) {
		if filepath.Ext(f) != ".duckdb" {
			t.Errorf("stewards have %s besides their database", f)
		}
	}
}

// searchLake: the names, references and birth dates of those who consent are in the vault, and the
// lake has them only where they stood in another column.
func searchLake(t *testing.T, home string, k *canaries) {
	vault := map[string]int{}
	for _, f := range filesBelow(t, filepath.Join(home, "vault")) {
		maps.Copy(vault, search(t, filepath.Join(home, "vault", f), k.own))
	}
	for _, want := range []string{"record.family_name name", "record.given_name name", "record.other_reference reference", "record.birth_from date"} {
		if vault[want] == 0 {
			t.Errorf("the vault has no %s", want)
		}
	}
	text := []string{"notes", "trafficking_status_reason", "language", "origin_region", "origin_place", "referring_entity", "interviewer"}
	for _, f := range filesBelow(t, filepath.Join(home, "lake")) {
		for at := range search(t, filepath.Join(home, "lake", f), k.own) {
			column, _, _ := strings.Cut(strings.TrimPrefix(at, "record."), " ")
			if !slices.Contains(text, column) {
				t.Errorf("%s: %s", f, at)
			}
		}
	}
}

// searchRefused: only the inbox, which holds the file as it was received, has anything of people
// who refuse. The snapshots have been looked at already.
func searchRefused(t *testing.T, home string, p *planted) {
	dirs, err := os.ReadDir(home)
	check(t, err)
	for _, d := range dirs {
		if d.Name() == "inbox" || d.Name() == "snapshots" || d.Type()&fs.ModeSymlink != 0 || !d.IsDir() {
			continue
		}
		for _, f := range filesBelow(t, filepath.Join(home, d.Name())) {
			where := filepath.Join(home, d.Name(), f)
			none(t, d.Name()+"/"+f, read(t, where), p)
			if hits := search(t, where, p); len(hits) > 0 {
				t.Errorf("%s/%s: %v", d.Name(), f, hits)
			}
		}
	}
}
