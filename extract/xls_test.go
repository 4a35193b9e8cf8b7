package extract_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"palermo/extract"
)

func TestXLSOfLibreOffice(t *testing.T) {
	checkKinds(t, "kinds.xls", "TRUE", "FALSE")
	b, err := os.ReadFile(filepath.Join("testdata", "base1904.xls"))
	must(t, err)
	lines, _, err := readAll(t, b, extract.Options{})
	if got := strings.Join(lines, ";"); err != nil || got != "1: 2023-03-15" {
		t.Errorf("a workbook that counts days from 1904: %q, %v", got, err)
	}
}

func TestXLSFaults(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "kinds.xls"))
	must(t, err)
	edit := func(old, with string) []byte {
		if bytes.Count(whole, []byte(old)) == 0 {
			t.Fatalf("the workbook has no %q", old)
		}
		return bytes.Replace(whole, []byte(old), []byte(with), 1)
	}
	const begin = "\x09\x08\x10\x00\x00\x06\x05\x00"
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"cut within the container", "file.damaged f", whole[:600]},
		{"cut within the sheets", "file.damaged f", whole[:len(whole)/2]},
		{"older than Excel 97", "file.format f", edit(begin, "\x09\x08\x10\x00\x00\x05\x05\x00")},
		{"the stream of an older one", "file.format f", edit(string(utf16LE("Workbook")), string(utf16LE("Book\x00\x00\x00\x00")))},
		{"no workbook", "file.format f", edit(string(utf16LE("Workbook")), string(utf16LE("WordDocu")))},
		{"encrypted", "file.password f", edit("\x40\x00\x02\x00", "\x2f\x00\x02\x00")},
		{"a record that is too long", "file.damaged f", edit("\xfd\x00\x0a\x00", "\xfd\x00\xff\xff")},
		{"without the container", "file.format f", []byte(begin + strings.Repeat("\x00", 100))},
	} {
		_, _, err := readAll(t, c.b, extract.Options{Name: "f"})
		if got := code(err); got != c.want && !strings.HasPrefix(got, c.want+"[") {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func utf16LE(s string) []byte {
	var b []byte
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}
