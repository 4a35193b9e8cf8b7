package extract_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"palermo/diag"
	"palermo/extract"
	"palermo/extract/extracttest"
)

func TestCSVSuite(t *testing.T) {
	f := extracttest.Format{EmptyLines: true, Open: extract.Open, Write: func(t testing.TB, path string, grid [][]string) {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		for _, cells := range grid {
			if cells == nil {
				w.Flush()
				b.WriteByte('\n')
				continue
			}
			if err := w.Write(cells); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		write(t, path, b.Bytes())
	}}
	t.Run("here", func(t *testing.T) { extracttest.Run(t, f) })
	f.Open = apart
	t.Run("apart", func(t *testing.T) { extracttest.Run(t, f) })
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// readAll opens the bytes and prints the rows of all sheets, as "3: a|b".
func readAll(t testing.TB, b []byte, o extract.Options) (lines []string, notes []diag.Diagnostic, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, b)
	o.TmpDir = t.TempDir()
	f, err := extract.Open(path, o)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if e := f.Close(); e != nil {
			t.Errorf("close: %v", e)
		}
		if left, _ := os.ReadDir(o.TmpDir); len(left) > 0 {
			t.Errorf("%d temporary files are left", len(left))
		}
	}()
	for _, s := range f.Sheets() {
		for r, err := range s.Rows(context.Background()) {
			if err != nil {
				return lines, f.Notes(), err
			}
			lines = append(lines, fmt.Sprintf("%d: %s", r.Num, strings.Join(r.Cells, "|")))
		}
	}
	return lines, f.Notes(), nil
}

// code is the code and place of an error that a file is at fault for.
func code(err error) string {
	var e *extract.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%s %s", e.Diagnostic.Code, e.Diagnostic.Pos)
}

func TestCSV(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"no final newline", "a,b\n1,2", "1: a|b;2: 1|2"},
		{"byte-order mark", "\ufeffa,b\n1,2\n", "1: a|b;2: 1|2"},
		{"CRLF", "a,b\r\n1,2\r\n", "1: a|b;2: 1|2"},
		{"CR alone", "a,b\r1,2\r3,4\r", "1: a|b;2: 1|2;3: 3|4"},
		{"CR alone, empty line", "a,b\r\r1,2", "1: a|b;2: ;3: 1|2"},
		{"mixed line ends", "a,b\r1,2\n3,4\r\n5,6", "1: a|b;2: 1|2;3: 3|4;4: 5|6"},
		{"converted twice", "a,b\r\r\n1,2\r\r\n", "1: a|b;2: 1|2"},
		{"CR within quotes", "a,b\n\"x\ry\",2\n", "1: a|b;2: x\ry|2"},
		{"CRLF within quotes", "a,b\r\n\"x\r\ny\",2\r\nz,3\r\n", "1: a|b;2: x\ny|2;4: z|3"},
		{"quoted line breaks", "a,b\n\"1\n2\n3\",x\n4,y\n", "1: a|b;2: 1\n2\n3|x;5: 4|y"},
		{"empty lines", "\n\na,b\n\n1,2\n\n\n", "1: ;2: ;3: a|b;4: ;5: 1|2;6: ;7: "},
		{"rows without text", "a,b\n,,,\n \n1,2", "1: a|b;2: ;3: ;4: 1|2"},
		{"ragged", "a,b\n1\n1,2,3\n", "1: a|b;2: 1;3: 1|2|3"},
		{"semicolon", "a;b\n1,5;2,5\n", "1: a|b;2: 1,5|2,5"},
		{"tab", "a\tb\n1,5\t2;5\n", "1: a|b;2: 1,5|2;5"},
		{"bar", "a|b|c\n1|2|3\n", "1: a|b|c;2: 1|2|3"},
		{"title rows", "Trafficking, 2021; all\n\na;b;c\n1;2;3\n4;5;6\n", "1: Trafficking, 2021| all;2: ;3: a|b|c;4: 1|2|3;5: 4|5|6"},
		{"delimiter in quotes", "a;b\n\"x,y,z\";1\n\"p,q,r\";2\n", "1: a|b;2: x,y,z|1;3: p,q,r|2"},
		{"sep line", "sep=|\na,b|c\n", "1: sep=;2: a,b|c"},
		{"one column", "name\nx y\nz\n", "1: name;2: x y;3: z"},
		{"stray quote in a bare field", "a,b\n5\" tall,1\n", "1: a|b;2: 5\" tall|1"},
		{"stray quote in a quoted field", "a,b\n\"the \"big\" one\",1\n", "1: a|b;2: the \"big\" one|1"},
		{"doubled quotes", "a,b\n\"x\"\"y\",\"\"\n", "1: a|b;2: x\"y"},
		{"less-than is text", "<5,b\n1,2\n", "1: <5|b;2: 1|2"},
	} {
		lines, notes, err := readAll(t, []byte(c.in), extract.Options{})
		if d := cmp.Diff(c.want, strings.Join(lines, ";")); d != "" || err != nil || len(notes) > 0 {
			t.Errorf("%s: %v, notes %v (-want +got):\n%s", c.name, err, notes, d)
		}
	}
}

func TestCSVFaults(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "file.empty f"},
		{"white space", " \r\n\t\n", "file.empty f"},
		{"a mark alone", "\ufeff", "file.empty f"},
		{"a quote that swallows lines", "a,b\n\"x,1\ny,2\n\"z\",3\n", "row.too_long f:2"},
		{"a quote that is never closed", "a,b\n1,2\n3,\"x\n4,5\n", "row.too_long f:3"},
		{"a text that ends within a quote", "a,b\n1,\"x", "row.too_long f:2"},
		{"NUL", "a,b\n1,2\n3,\x004\n", "file.encoding f:3"},
		{"some bytes are not UTF-8", "é,ü\nç,è\nx,\xe9\n", "file.encoding f:3"},
		{"mark, but not UTF-8", "\ufeffa,b\n\xe9,1\n", "file.encoding f:2"},
		{"half a pair in UTF-16", "\xff\xfea\x00\n\x00\x00\xd8a\x00", "file.encoding f:2"},
		{"UTF-16 behind other text", "a,b\n1,2\n3,4\n5,6\n" + utf16Of("a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n", false), "file.encoding f:5"},
		{"other text behind UTF-16", "\xff\xfe" + utf16Of("a,b\n1,2\n", false) + strings.Repeat("1,22,333\n\n", 1000), "file.encoding f:3"},
		{"beyond the last plane", "Österreich,Côte d’Ivoire\nx,\xf4\x90\x80\x80\n", "file.encoding f:2"},
		{"cut off in UTF-16", "\xff\xfea\x00\n\x00b", "file.encoding f:2"},
		{"no known code page", "a,b\n\x81 \x98 \x90,1\n", "file.encoding f:2"},
		{"wide", "a,b\n" + strings.Repeat(",", 60) + "x\n", "row.too_long f:2"},
		{"a long cell", "a,b\n1," + long + "\n", "row.too_long f:2:2"},
		{"a long record", "a,b\n" + strings.Repeat(long[:90]+",", 12) + "\n", "row.too_long f:2"},
		{"PDF", "%PDF-1.4\n", "file.format f"},
		{"web page", "\n<html><table>", "file.format f"},
		{"JSON", "[{\"a\": 1}]", "file.format f"},
		{"Parquet", "PAR1\x15\x00", "file.format f"},
	} {
		o := extract.Options{Name: "f", MaxCellBytes: 100, MaxColumns: 50, MaxRowBytes: 1000}
		if _, _, err := readAll(t, []byte(c.in), o); code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		} else if strings.Contains(err.Error(), "xxx") {
			t.Errorf("%s: the message quotes a cell", c.name)
		}
	}
}

// TestLongRecord: a record without end is stopped while it is read, not after.
func TestLongRecord(t *testing.T) {
	in := "a,b\n1,2\n3,\"" + strings.Repeat("x y,\n", 1<<20)
	_, _, err := readAll(t, []byte(in), extract.Options{Name: "f", MaxRowBytes: 10_000})
	if code(err) != "row.too_long f:3" {
		t.Errorf("error = %v, want row.too_long at line 3", err)
	}
}

func TestTooLarge(t *testing.T) {
	_, _, err := readAll(t, []byte("a,b\n1,2\n"), extract.Options{MaxBytes: 4})
	if code(err) != "file.too_large " {
		t.Errorf("error = %v, want file.too_large", err)
	}
}

// samples is made-up text in languages of the three code pages.
var samples = []struct {
	page, lang, text string
}{
	{"windows-1252", "French", "préfecture,âge,élève\nÎle-de-France,déjà,où\nCôte d'Ivoire,mère,« très »\n"},
	{"windows-1252", "Spanish", "año,niña,país\nEspaña,mañana,señora\nMéxico,Panamá,¿qué?\n"},
	{"windows-1252", "Portuguese", "ano,região,não\nSão Paulo,exploração,mãe\nGoiás,irmã,opções\n"},
	{"windows-1252", "German", "Jahr,Größe,Straße\nÖsterreich,für,Mädchen\n"},
	{"windows-1252", "Danish", "år,køn,måned\nSønderjylland,kvinde,æblerød\nlæge,bøde,både\n"},
	{"windows-1252", "Swedish", "år,kön,ålder\nSkåne,män,förälder\n"},
	{"windows-1252", "Italian", "età,città,però\nè,così,più\nlunedì,perché,sarà\n"},
	{"windows-1252", "English", "victim’s age,“status”,note\n1,2,don’t know – none\n"},
	{"windows-1250", "Polish", "wiek,płeć,województwo\nŁódź,mężczyzna,świętokrzyskie\nkobieta,dziewczęta,małopolskie\n"},
	{"windows-1250", "Czech", "rok,věk,pohlaví\nčeské,žena,Jihočeský kraj\nměsto,dítě,příčina\n"},
	{"windows-1250", "Hungarian", "év,nő,szülő\nférfi,idő,gyűlés\n"},
	{"windows-1250", "Croatian", "godina,općina,žrtva\nKarlovačka,županija,kuća\nPožeško,djevojčica,noć\n"},
	{"windows-1250", "Romanian", "vârsta,bărbat,judeţ\nConstanţa,fată,muncă\nGalaţi,şcoală,Bucureşti\n"},
	{"windows-1251", "Russian", "год,пол,возраст\nЖенщина,принуждение,18\nмужчина,Москва,n/a\n"},
	{"windows-1251", "Ukrainian", "рік,стать,область\nжінка,Київ,їжа\n"},
	{"windows-1251", "Bulgarian", "година,жертви,община\nСофия,мъж,жена\n"},
}

var pages = map[string]encoding.Encoding{"windows-1252": charmap.Windows1252, "windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251}

func TestCodePages(t *testing.T) {
	for _, s := range samples {
		in, err := pages[s.page].NewEncoder().String(s.text)
		if err != nil {
			t.Fatalf("%s: %v", s.lang, err)
		}
		checkDecoded(t, s.lang, []byte(in), s.page, s.text)
	}
}

// checkDecoded reads the bytes and the text and expects the same rows, and a note that names the
// encoding.
func checkDecoded(t *testing.T, name string, in []byte, enc, text string) {
	t.Helper()
	want, _, err := readAll(t, []byte(text), extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, notes, err := readAll(t, in, extract.Options{})
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
	}
	if len(notes) != 1 || notes[0].Code != diag.FileEncodingUsed || !strings.Contains(notes[0].Message, enc) {
		t.Errorf("%s: notes = %v, want %s named", name, notes, enc)
	}
}

func TestUTF16(t *testing.T) {
	text := "année,sexe\n2021,Türkiye\n2022,日本\n"
	for name, e := range map[string]encoding.Encoding{
		"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	} {
		in, err := e.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		checkDecoded(t, name, []byte(in), name, text)
		checkDecoded(t, name+" without a mark", []byte(in)[2:], name, text)
	}
}

// TestLegacyByteFarAway: the encoding is found from the whole file.
func TestLegacyByteFarAway(t *testing.T) {
	text := strings.Repeat("plain,text\n", 40_000) + "fin,\xe9t\xe9\n"
	lines, notes, err := readAll(t, []byte(text), extract.Options{})
	if err != nil || len(notes) != 1 || lines[len(lines)-1] != "40001: fin|été" {
		t.Errorf("%v, notes %v, last %q", err, notes, lines[len(lines)-1])
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s.text))
	}
	f.Add([]byte("a,b\n\"x\n\"\"y\",2\r\n\r3;4\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, b)
		file, err := extract.Open(path, extract.Options{TmpDir: t.TempDir()})
		if err != nil {
			return
		}
		defer file.Close()
		grid, ok := gridOf(file)
		if !ok {
			return
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		w.Comma = '\t' // the only mark that the text below cannot be read otherwise by
		for _, cells := range grid {
			if err := w.Write(append([]string{"sep", "sep"}, cells...)); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		r := csv.NewReader(&out)
		r.Comma, r.FieldsPerRecord = '\t', -1
		again, err := r.ReadAll()
		if err != nil {
			t.Fatalf("what was printed is not read: %v", err)
		}
		for i, cells := range grid {
			want := append([]string{"sep", "sep"}, cells...)
			for j := range want {
				want[j] = strings.ReplaceAll(want[j], "\r\n", "\n")
			}
			if d := cmp.Diff(want, again[i]); d != "" {
				t.Fatalf("row %d (-want +got):\n%s", i, d)
			}
		}
	})
}

func gridOf(f *extract.File) (grid [][]string, ok bool) {
	last := 0
	for _, s := range f.Sheets() {
		for r, err := range s.Rows(context.Background()) {
			if err != nil {
				return nil, false
			}
			if r.Num <= last {
				panic("row numbers do not go up")
			}
			last = r.Num
			grid = append(grid, append([]string{}, r.Cells...))
		}
		last = 0
	}
	return grid, true
}
