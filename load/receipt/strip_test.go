package receipt

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

func stripped(t testing.TB, b []byte) ([]byte, *Stamp) {
	t.Helper()
	var out bytes.Buffer
	s, err := Strip(context.Background(), bytes.NewReader(b), int64(len(b)), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), s
}

func TestStrip(t *testing.T) {
	book := sampleBook(t)
	receipt := annotated(t, book, sample("en"))
	s, err := Recognise(bytes.NewReader(receipt), int64(len(receipt)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&Stamp{Number: "PAL-2026-000123", Sheet: "Receipt"}, s); d != "" {
		t.Errorf("the stamp:\n%s", d)
	}
	back, _ := stripped(t, receipt)
	checkPackage(t, back)
	if d := cmp.Diff(contents(t, book), contents(t, back)); d != "" {
		t.Errorf("the cells differ:\n%s", d)
	}
	for name, raw := range rawParts(t, receipt) {
		if after, ok := rawParts(t, back)[name]; ok && after != raw && name == "xl/worksheets/sheet1.xml" {
			t.Errorf("%s was not copied byte for byte", name)
		}
	}
	was, is := openSample(t, book), openSample(t, back)
	for _, sheet := range was.GetSheetList() {
		if d := cmp.Diff(commentsOf(t, was, sheet), commentsOf(t, is, sheet)); d != "" {
			t.Errorf("the comments of %s differ:\n%s", sheet, d)
		}
	}
	if d := cmp.Diff(was.GetDefinedName(), is.GetDefinedName()); d != "" {
		t.Errorf("the names differ:\n%s", d)
	}
	for _, at := range []string{"C3", "B4", "G5", "D1"} {
		if got := fillOf(t, is, "Cases & more", at); got != "" {
			t.Errorf("%s still has the colour %s", at, got)
		}
	}
	if got := fillOf(t, is, "Cases & more", "C2"); got != "00FF00" {
		t.Errorf("C2 had a colour of its own, and now has %q", got)
	}
	if s, err := Recognise(bytes.NewReader(back), int64(len(back))); s != nil || err != nil {
		t.Errorf("what was stripped is still a receipt: %+v, %v", s, err)
	}
}

// TestThreeRounds is a workbook that comes back, and gets its next receipt, three times.
func TestThreeRounds(t *testing.T) {
	book := sampleBook(t)
	want := contents(t, book)
	for round, lang := range []string{"en", "en", "en"} {
		in := sample(lang)
		in.Number = []string{"PAL-2026-000001", "PAL-2026-000002", "PAL-2026-000003"}[round]
		receipt := annotated(t, book, in)
		checkPackage(t, receipt)
		var s *Stamp
		if book, s = stripped(t, receipt); s.Number != in.Number {
			t.Errorf("round %d has the stamp %+v", round, s)
		}
		checkPackage(t, book)
		if d := cmp.Diff(want, contents(t, book)); d != "" {
			t.Errorf("round %d:\n%s", round, d)
		}
	}
}

// TestStripEdited is a receipt that another program has saved: its parts have other names and forms.
func TestStripEdited(t *testing.T) {
	receipt := annotated(t, sampleBook(t), sample("en"))
	f := openSample(t, receipt)
	if err := f.SetCellStr("Cases & more", "C3", "2003-04-03"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetName("Receipt", "it's read"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	back, s := stripped(t, b.Bytes())
	if s == nil || s.Sheet != "it's read" {
		t.Fatalf("the stamp is %+v", s)
	}
	checkPackage(t, back)
	is := openSample(t, back)
	if d := cmp.Diff([]string{"Cases & more", "Totals"}, is.GetSheetList()); d != "" {
		t.Error(d)
	}
	if v, err := is.GetCellValue("Cases & more", "C3"); err != nil || v != "2003-04-03" {
		t.Errorf("the correction is %q, %v", v, err)
	}
	if n := commentsOf(t, is, "Cases & more"); len(n) != 2 || n["C3"] != "look <again>" {
		t.Errorf("comments: %q", n)
	}
}

func TestStripNoReceipt(t *testing.T) {
	book := sampleBook(t)
	var out bytes.Buffer
	s, err := Strip(context.Background(), bytes.NewReader(book), int64(len(book)), &out)
	if s != nil || err != nil || out.Len() > 0 {
		t.Errorf("a workbook that is no receipt: %+v, %v, %d bytes", s, err, out.Len())
	}
	if s, err := Recognise(bytes.NewReader([]byte("a,b\n")), 4); s != nil || err != nil {
		t.Errorf("a file that is no workbook: %+v, %v", s, err)
	}
}

func openSample(t testing.TB, b []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
