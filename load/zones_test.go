package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/schemas"
)

// canaryRows is how many rows have a canary in each column that may not leave the private zone.
const canaryRows = 1000

// canary is a word that stands nowhere else.
func canary(row int, column string) string { return fmt.Sprintf("cnry%04d/%s", row, column) }

// secret reports whether no one but the service account may see a column of the class in full.
func secret(c schemas.Class) bool {
	return slices.Contains([]schemas.Class{schemas.ClassDirect, schemas.ClassSafety, schemas.ClassFreeText, schemas.ClassStaff, schemas.ClassSensitive}, c)
}

// canaries is records with a canary in every text and code that is secret, and with the words and
// numbers that must be made coarser; codes come plain, so that a canary can stand in them.
func canaries(t *testing.T, mem memory.Allocator, table *schemas.Table) *schemas.Batch {
	t.Helper()
	var fields []arrow.Field
	var arrays []arrow.Array
	for _, f := range table.BatchSchema().Fields() {
		a := canaryColumn(mem, table, f)
		defer a.Release()
		f.Type = a.DataType()
		fields, arrays = append(fields, f), append(arrays, a)
	}
	return &schemas.Batch{Table: table.Name, Origin: schemas.Origin{Submission: "s1", SheetNo: 1},
		Record: array.NewRecordBatch(arrow.NewSchema(fields, nil), arrays, canaryRows)}
}

func canaryColumn(mem memory.Allocator, table *schemas.Table, f arrow.Field) arrow.Array {
	var column schemas.Column
	for _, c := range table.Columns() {
		if c.Name == f.Name {
			column = c
		}
	}
	typ := f.Type
	if typ.ID() == arrow.DICTIONARY {
		typ = arrow.BinaryTypes.String
	}
	b := array.NewBuilder(mem, typ)
	defer b.Release()
	for i := range canaryRows {
		switch b := b.(type) {
		case *array.StringBuilder:
			b.Append(canaryWord(column, i))
		case *array.Date32Builder: // a day of its own for each row, never the first or last of a month
			b.Append(arrow.Date32FromTime(civil(1950+i/40, time.Month(1+2*(i%6)), 2+i%25)))
		case *array.Int64Builder:
			b.Append(int64(i % 97))
		case *array.Float64Builder:
			b.Append(float64(i) + 0.125)
		case *array.BooleanBuilder:
			b.Append(i%2 == 0)
		default:
			b.AppendNull()
		}
	}
	return b.NewArray()
}

func canaryWord(c schemas.Column, row int) string {
	switch {
	case c.Part == schemas.PartPrecision:
		return "day"
	case c.Part == schemas.PartStatus || c.Part == schemas.PartBasis: // stay where the value is coarser
		return "unknown"
	case secret(c.Class), c.Coarsen != "" && c.Coarsen != schemas.CoarsenAsIs:
		return canary(row, c.Name)
	}
	return "open"
}

// seen is every value of a file as text, by column: its bytes when nothing is compressed.
func seen(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := ReadFooter(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readRows(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != canaryRows {
		t.Fatalf("%s has %d rows", path, len(rows))
	}
	text := make([]strings.Builder, len(f.Columns))
	for _, row := range rows {
		for i, cell := range row {
			text[i].WriteString(cell + "\n")
		}
	}
	out := map[string]string{}
	for i, name := range f.Columns {
		out[name] = text[i].String()
	}
	return out
}

// Whatever stands in a record, nothing that is secret leaves the private zone, the lake knows no
// one, and the day of a birth is nowhere but in the vault.
func TestCanariesStayPrivate(t *testing.T) {
	for _, name := range []string{"record", "record_assistance", "record_exploitation", "record_perpetrator", "record_route"} {
		t.Run(name, func(t *testing.T) { testCanaries(t, schemas.Builtin().Table(name)) })
	}
}

func testCanaries(t *testing.T, table *schemas.Table) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	dir := t.TempDir()
	path := func(zone string) string { return filepath.Join(dir, zone, "s1.parquet") }
	b := canaries(t, mem, table)
	defer b.Release()
	s, err := CreateSplit(path("lake"), path("vault"), table, ParquetOptions{Allocator: mem})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkZone(t, path("lake"), table, func(c schemas.Class) bool { return c != schemas.ClassDirect })
	for _, z := range []schemas.Zone{schemas.ZoneSteward, schemas.ZoneAnalyst} {
		if err := Project(context.Background(), path("lake"), path(string(z)), table, z, ProjectOptions{Allocator: mem}); err != nil {
			t.Fatal(err)
		}
		checkZone(t, path(string(z)), table, z.Allows)
	}
	if s.HasVault() {
		checkVault(t, path("vault"), table)
	}
}

var canaryForm = regexp.MustCompile(`cnry[0-9]{4}/([a-z_]+)`)

// checkZone searches a file for the canaries of columns whose class may not stand there in full,
// and for dates and numbers that should have been made coarser.
func checkZone(t *testing.T, path string, table *schemas.Table, allows func(schemas.Class) bool) {
	t.Helper()
	all := seen(t, path)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	where := map[string]string{} // a column whose canaries are there, and where one stands
	for in, text := range all {
		for _, m := range canaryForm.FindAllStringSubmatch(text, -1) {
			where[m[1]] = in
		}
	}
	for _, m := range canaryForm.FindAllSubmatch(raw, -1) {
		where[string(m[1])] = "the bytes of the file"
	}
	found := 0
	for _, c := range table.Columns() {
		in, ok := where[c.Name]
		if allows(c.Class) {
			if ok {
				found++
			}
			continue
		}
		if ok {
			t.Errorf("%s: the canaries of %s stand in %s", path, c.Name, in)
		}
		checkCoarse(t, path, c, all[c.Name])
	}
	if found == 0 && strings.Contains(path, "lake") {
		t.Errorf("%s: no canary at all: the search finds nothing", path)
	}
}

// checkCoarse looks at a column that stands there coarser.
func checkCoarse(t *testing.T, path string, c schemas.Column, text string) {
	t.Helper()
	ends := map[string][]string{schemas.CoarsenYear: {"-01-01", "-12-31"}, schemas.CoarsenMonth: {"-01", "-28", "-29", "-30", "-31"}}[c.Coarsen]
	isEnd := c.Part == schemas.PartLow || c.Part == schemas.PartHigh
	for word := range strings.Lines(text) {
		word = strings.TrimSuffix(word, "\n")
		switch {
		case c.Part == schemas.PartPrecision && word == "day":
			t.Fatalf("%s: %s says the day is known", path, c.Name)
		case isEnd && ends != nil && !slices.ContainsFunc(ends, func(e string) bool { return strings.HasSuffix(word, e) }):
			t.Fatalf("%s: %s has the day %s", path, c.Name, word)
		}
	}
	if distinct := len(slices.Compact(slices.Sorted(strings.Lines(text)))); isEnd && c.Coarsen == schemas.CoarsenBand && distinct > len(schemas.Bands(c.Bands)) {
		t.Errorf("%s: %s has %d values", path, c.Name, distinct)
	}
}

// checkVault looks for every canary of a direct field, and for the days of birth.
func checkVault(t *testing.T, path string, table *schemas.Table) {
	t.Helper()
	all := seen(t, path)
	for _, c := range table.Columns() {
		if c.Class != schemas.ClassDirect {
			if _, ok := all[c.Name]; ok && c.Class != schemas.ClassNone {
				t.Errorf("%s is in the vault", c.Name)
			}
			continue
		}
		want := canaryWord(c, canaryRows-1) + "\n"
		if c.Type == schemas.Date {
			want = civil(1974, 7, 26).Format(time.DateOnly) + "\n"
		}
		if !strings.Contains(all[c.Name], want) {
			t.Errorf("%s is not in the vault in full", c.Name)
		}
	}
}
