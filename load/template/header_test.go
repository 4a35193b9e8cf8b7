package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAHeaderOfTwoRows(t *testing.T) {
	form := &Form{Source: "demo", Language: "en", Version: "1", Sheets: []Sheet{{Name: "A", HeaderRows: 2, Columns: []Column{
		{Header: "Code", Above: []string{"Victim"}, Type: Text, Example: "E-1"},
		{Header: "Sex", Above: []string{"Victim"}, Type: Choice, Words: []string{"f", "m"}, Example: "f"},
		{Header: "Sex", Above: []string{"Recruiter"}, Type: Choice, Words: []string{"f", "m"}},
		{Header: "Remarks", Type: Text},
	}}}}
	f := open(t, written(t, form))
	rows, err := f.GetRows("A")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{nil, {"Example, made up. This row is never read."}, {"E-1", "f"}, {"Victim", "Victim", "Recruiter", "Remarks"}, {"Code", "Sex", "Sex", "Remarks"}}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
	dvs, err := f.GetDataValidations("A")
	if err != nil || len(dvs) != 2 || dvs[0].Formula1 != dvs[1].Formula1 {
		t.Errorf("two columns with one list are checked by %+v, %v", dvs, err)
	}
	form.Sheets[0].Columns[2].Above = []string{"Victim"}
	if err := form.check(); err == nil {
		t.Error("two columns of one name")
	}
	form.Sheets[0].Columns[2].Above = []string{"a", "b"}
	if err := form.check(); err == nil {
		t.Error("a header of more rows than the sheet's")
	}
}

func TestAStampThatIsNotKnown(t *testing.T) {
	s, err := Read(map[string]string{nameStamp: `"7|what|ever"`, nameKind: "'S'!$B$5", nameLists: "'L'!$A$1"}, func(sheet, at string) string { return "" })
	if err != nil || s == nil || s.Source != "" {
		t.Fatalf("%+v, %v", s, err)
	}
	if d := cmp.Diff([]string{"S", "L"}, s.Ours); d != "" {
		t.Error(d)
	}
	if s, err := Read(nil, nil); s != nil || err != nil {
		t.Errorf("a workbook without names: %+v, %v", s, err)
	}
}
