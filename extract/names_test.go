package extract_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"palermo/extract"
)

// TestNames asks for names of a workbook, here and in a worker.
func TestNames(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for _, n := range []excelize.DefinedName{
		{Name: "_a", RefersTo: `"1|x & y"`},
		{Name: "_b", RefersTo: "'My ''sheet'!$A$1"},
		{Name: "_own", RefersTo: "Sheet1!$A$1", Scope: "Sheet1"},
		{Name: "other", RefersTo: "Sheet1!$A$2"},
	} {
		must(t, f.SetDefinedName(&n))
	}
	var book bytes.Buffer
	must(t, f.Write(&book))
	ods := odsOf(t, odsHead+`<office:body><office:spreadsheet><table:table table:name="S"><table:named-expressions><table:named-range table:name="_own" table:cell-range-address="$S.$A$1"/></table:named-expressions></table:table>`+
		`<table:named-expressions><table:named-range table:name="_b" table:cell-range-address="$'My ''s'.$A$1"/><table:named-expression table:name="_a" table:expression="&quot;1|x&quot;"/><table:named-range table:name="other" table:cell-range-address="$S.$A$1"/></table:named-expressions>`+odsTail)
	for name, c := range map[string]struct {
		bytes []byte
		want  map[string]string
	}{
		"book.xlsx": {book.Bytes(), map[string]string{"_a": `"1|x & y"`, "_b": "'My ''sheet'!$A$1"}},
		"book.ods":  {ods, map[string]string{"_a": `"1|x"`, "_b": "'My ''s'!$A$1"}},
		"text.csv":  {[]byte("a,b\n"), nil},
	} {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, c.bytes, 0o600))
		o := extract.Options{Names: []string{"_a", "_b", "_own"}}
		here, err := extract.Open(path, o)
		must(t, err)
		if d := cmp.Diff(c.want, here.Names()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		must(t, here.Close())
		h, err := os.Open(path)
		must(t, err)
		apart, err := extract.OpenApart(context.Background(), h, o, extract.Limits{})
		must(t, err)
		if d := cmp.Diff(c.want, apart.Names()); d != "" {
			t.Errorf("%s, apart: %s", name, d)
		}
		must(t, apart.Close())
	}
	plain, err := extract.Open(func() string {
		path := filepath.Join(t.TempDir(), "long.xlsx")
		must(t, f.SetDefinedName(&excelize.DefinedName{Name: "long", RefersTo: `"` + strings.Repeat("x", 5000) + `"`}))
		must(t, f.SaveAs(path))
		return path
	}(), extract.Options{Names: []string{"_a"}})
	must(t, err)
	must(t, plain.Close())
}
