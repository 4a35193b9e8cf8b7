package pipeline_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"palermo/fixtures"
	"palermo/pipeline"
)

// leftOut is the files that come only the second night.
var leftOut = []string{"iom_geneva/ctm_assistance.csv", "depositary/treaty_status.xlsx"}

// TestPublishedFigures runs the cases at their published size and the treaties. While files are missing,
// figures disagree or cannot be held against anything; when all are there, every comparable figure
// agrees, and ours are what is counted in the raw files by other code.
func TestPublishedFigures(t *testing.T) {
	t.Parallel()
	files, _ := caseFiles(t, fixtures.Full(5))
	status := filepath.Join(t.TempDir(), "status.xlsx")
	check(t, fixtures.TreatiesFile(status, 5))
	files["depositary/treaty_status.xlsx"] = read(t, status)
	late := map[string][]byte{}
	for _, name := range leftOut {
		late[name] = files[name]
		delete(files, name)
	}
	home := newHome(t, files)
	run(t, home, pipeline.Options{Now: clock(1)})
	checkPerturbed(t, home)
	for name, b := range late {
		drop(t, home, name, b)
		files[name] = b
	}
	run(t, home, pipeline.Options{Now: clock(2)})
	db := open(t, home)
	if got := query(t, db, `SELECT figure_id, published_text, measured, measured_text FROM published_figure WHERE agrees IS DISTINCT FROM comparable`); !slices.Equal(got, incomparable(t, home)) {
		t.Errorf("figures that do not agree:\n%s", strings.Join(got, "\n"))
	}
	if n := query(t, db, `SELECT count(*) FILTER (comparable), count(*) FILTER (NOT comparable AND reason IS NOT NULL AND measured IS NULL), count(*) FROM published_figure`)[0]; n != "45|11|56" {
		t.Errorf("comparable, others with their reason, all: %s", n)
	}
	if got := query(t, db, `SELECT figure_id FROM published_figure WHERE counted_unit = 'records' AND comparable
		AND NOT (persons BETWEEN 0 AND n AND episodes BETWEEN persons AND n AND persons_base BETWEEN persons AND base_n)`); len(got) > 0 {
		t.Errorf("more persons or episodes than records: %v", got)
	}
	checkRawCounts(t, home, files)
}

// incomparable is the lines of figures that are not comparable, whose agreement is empty.
func incomparable(t *testing.T, home string) []string {
	return query(t, open(t, home), `SELECT figure_id, published_text, measured, measured_text FROM published_figure WHERE NOT comparable AND agrees IS NULL`)
}

// checkPerturbed: without one office's records and without the treaties the figures that count what
// is missing do not agree, and those with nothing to be held against say nothing.
func checkPerturbed(t *testing.T, home string) {
	t.Helper()
	db := open(t, home)
	for _, id := range []string{"iom.cases", "iom.cases_1999", "iom.minors", "iom.origin_countries", "iom.destination_countries", "iom.female"} {
		if got := query(t, db, `SELECT agrees FROM published_figure WHERE figure_id = ?`, id); id != "iom.female" && !slices.Equal(got, []string{"false"}) {
			t.Errorf("%s agrees while records are missing: %v", id, got)
		}
	}
	want := []string{"(null)|6"}
	if got := query(t, db, `SELECT coalesce(agrees::VARCHAR, '(null)'), count(*) FROM published_figure WHERE source_id = 'treaties' GROUP BY 1`); !slices.Equal(got, want) {
		t.Errorf("treaties that are not there: %v", got)
	}
	if got := query(t, db, `SELECT count(*) FROM published_figure WHERE source_id = 'rcp' AND NOT agrees`); got[0] != "0" {
		t.Errorf("%s figures of the RCP disagree, of which nothing is missing", got[0])
	}
}

// checkRawCounts holds the view against counts in the raw files.
func checkRawCounts(t *testing.T, home string, files map[string][]byte) {
	t.Helper()
	want := map[string]string{}
	maps.Copy(want, rawCTM(t, files))
	maps.Copy(want, rawRCP(t, files["rcp_belgrade/regional_workbook.xlsx"]))
	if len(want) != 17 {
		t.Fatalf("%d figures counted, want 17", len(want))
	}
	got := map[string]string{}
	for _, row := range query(t, open(t, home), `SELECT figure_id, n, base_n FROM published_figure`) {
		cells := strings.Split(row, "|")
		if _, ok := want[cells[0]]; ok {
			got[cells[0]] = cells[1] + " of " + cells[2]
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("counts (-in the raw files +in the view):\n%s", d)
	}
}

// tally counts rows that a figure is about.
type tally map[string][2]int

func (c tally) add(figure string, counted bool) {
	n := c[figure]
	n[1]++
	if counted {
		n[0]++
	}
	c[figure] = n
}

func (c tally) text() map[string]string {
	out := map[string]string{}
	for id, n := range c {
		out[id] = fmt.Sprintf("%d of %d", n[0], n[1])
	}
	return out
}

// rawCTM counts in the text files and the workbook of the missions.
func rawCTM(t *testing.T, files map[string][]byte) map[string]string {
	t.Helper()
	c := tally{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch base := path.Base(name); {
		case base == "case_system_export.xlsx":
			for _, r := range named(rawSheet(t, files[name], 1)) {
				serial, err := strconv.Atoi(r["RegistrationDate"])
				check(t, err)
				age, _, _ := strings.Cut(r["Age"]+"-"+r["AgeRange"], "-")
				if r["Age"] == "" {
					age, _, _ = strings.Cut(r["AgeRange"], "-")
				}
				c.ctm(r["DataConsent"], time.Date(1899, 12, 30+serial, 0, 0, 0, 0, time.UTC), r["Gender"], age, r["NumberOfChildren"], r["Recruiter1Gender"], r["Recruiter2Gender"])
			}
		case strings.HasPrefix(base, "ctm_assistance"):
			for _, r := range named(csvRows(t, decoded(t, base, files[name]))) {
				on, err := time.Parse("02/01/2006", r["Registered on"])
				check(t, err)
				c.ctm(r["Data consent"], on, r["Sex"], r["Age"], r["Number of children"], r["Recruiter 1 sex"], r["Recruiter 2 sex"])
			}
		}
	}
	return c.text()
}

func (c tally) ctm(consent string, on time.Time, sex, age, children, recruiter1, recruiter2 string) {
	if slices.Contains([]string{"No", "Нет", "Non", "Withdrawn", "0"}, consent) {
		return
	}
	day := on.Format(time.DateOnly)
	if day >= "1999-01-01" && day <= "2005-02-28" {
		c.add("iom.cases_1999", true)
	}
	if day < "2001-01-01" || day > "2005-06-30" {
		return
	}
	female, male := slices.Contains([]string{"F", "Female", "Ж"}, sex), slices.Contains([]string{"M", "Male", "М"}, sex)
	years, err := strconv.Atoi(age)
	if err != nil {
		years = math.MaxInt
	}
	c.add("iom.cases", true)
	c.add("iom.female", female)
	c.add("iom.age_25_or_younger", years <= 25)
	c.add("iom.age_18_25", years >= 18 && years <= 25)
	c.add("iom.has_children", slices.Contains([]string{"1", "2", "3"}, children))
	c.add("iom.minors", years < 18)
	if years < 18 {
		c.add("iom.minors_female", female)
		c.add("iom.minors_male", male)
		c.add("iom.minors_14_17", years >= 14)
	}
	for _, sex := range []string{recruiter1, recruiter2} {
		if sex != "" {
			c.add("iom.recruiter_female", sex == "F")
		}
	}
}

// rawRCP counts in the sheets of the regional workbook, by the places of their columns, which are the
// same on each.
func rawRCP(t *testing.T, book []byte) map[string]string {
	t.Helper()
	const origin, identified, education, sexual, labour = 9, 11, 15, 28, 29
	yes := []string{"yes", "x", "+", "да"}
	c := tally{}
	for sheet := 1; sheet <= 10; sheet++ {
		rows := rawSheet(t, book, sheet)
		bulgaria := false
		for _, r := range rows[4 : len(rows)-3] {
			bulgaria = bulgaria || strings.HasPrefix(r[1], "BGR")
		}
		for _, r := range rows[4 : len(rows)-3] {
			year := r[identified][6:]
			both := slices.Contains(yes, r[sexual]) && slices.Contains(yes, r[labour])
			c.add("rcp.cases", true)
			c.add("rcp.countries", true)
			if year >= "2003" {
				c.add("rcp.sexual_exploitation", slices.Contains(yes, r[sexual]))
			}
			if bulgaria && year >= "2003" {
				c.add("rcp.bulgaria_both_"+year, both)
			}
			if slices.Contains([]string{"Albania", "Kosovo", "Албанија", "Косово"}, r[origin]) {
				c.add("rcp.elementary_albania_kosovo", strings.HasPrefix(r[education], "elementary") || strings.HasPrefix(r[education], "основно"))
			}
		}
	}
	return c.text()
}

// rawSheet is the cells of a sheet, read in the plainest way there is.
func rawSheet(t *testing.T, book []byte, n int) [][]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "book.xlsx")
	check(t, os.WriteFile(file, book, 0o600))
	raw, err := fixtures.RawSheetAt(file, n)
	check(t, err)
	var out [][]string
	for _, r := range raw {
		cells := make([]string, 64)
		copy(cells, r.Cells)
		out = append(out, cells)
	}
	return out
}

// decoded is a text file in UTF-8; its name tells its code page.
func decoded(t *testing.T, name string, b []byte) []byte {
	t.Helper()
	for end, page := range map[string]*charmap.Charmap{"1250": charmap.Windows1250, "1251": charmap.Windows1251, "1252": charmap.Windows1252} {
		if strings.Contains(name, end) {
			out, err := page.NewDecoder().Bytes(b)
			check(t, err)
			return out
		}
	}
	return bytes.TrimPrefix(b, []byte("\ufeff"))
}

// named is the rows below the header, by its names.
func named(rows [][]string) []map[string]string {
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for j, cell := range row {
			if j < len(rows[0]) && rows[0][j] != "" {
				m[rows[0][j]] = cell
			}
		}
		out = append(out, m)
	}
	return out
}
