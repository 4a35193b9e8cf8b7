package extract_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"palermo/extract"
)

// utf16Of is text in UTF-16.
func utf16Of(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// TestTextForms: the table is the same in every form that spreadsheet programs and people save it in: each
// separator, named by a first line or not, each line end, each form of Unicode.
func TestTextForms(t *testing.T) {
	cells := [][]string{{"Année", "name", "n"}, {"2021", "Łódź 🙂", "1"}, {"2022", "two\nlines", "2"}, {"2023", `a "quoted" one`, "3"}}
	forms := map[string]func(string) string{
		"UTF-8": func(s string) string { return s }, "UTF-8 with a mark": func(s string) string { return "\ufeff" + s },
		"UTF-16 LE": func(s string) string { return utf16Of(s, false) }, "UTF-16 BE": func(s string) string { return utf16Of(s, true) },
		"UTF-16 LE with a mark": func(s string) string { return "\xff\xfe" + utf16Of(s, false) }, "UTF-16 BE with a mark": func(s string) string { return "\xfe\xff" + utf16Of(s, true) },
	}
	for _, delim := range []string{",", ";", "\t", "|"} {
		for _, ends := range [][]string{{"\n"}, {"\r\n"}, {"\r"}, {"\n", "\r\n", "\r"}} {
			for _, named := range []bool{false, true} {
				var b, want strings.Builder
				line := 1
				if named {
					b.WriteString("sep=" + delim + ends[0])
					fmt.Fprint(&want, "1: sep=;")
					line = 2
				}
				for i, row := range cells {
					fmt.Fprintf(&want, "%d: %s;", line, strings.Join(row, "|"))
					line += 1 + strings.Count(row[1], "\n")
					for j, c := range row {
						if j > 0 {
							b.WriteString(delim)
						}
						b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
					}
					b.WriteString(ends[i%len(ends)])
				}
				for name, form := range forms {
					lines, _, err := readAll(t, []byte(form(b.String())), extract.Options{})
					if got := strings.Join(lines, ";") + ";"; got != want.String() || err != nil {
						t.Errorf("%s, separator %q, ends %q, named %v: %v\n%q, want\n%q", name, delim, ends, named, err, got, want.String())
					}
				}
			}
		}
	}
}

// TestTextWithoutEnd: what has no end is stopped with its place: NULs, one line of many megabytes, a quotation
// mark that is never closed, text in UTF-32.
func TestTextWithoutEnd(t *testing.T) {
	head := "a,b\n1,2\n"
	for _, c := range []struct{ name, in, want string }{
		{"NUL", head + "x\x00,y\n", "file.encoding f:3"},
		{"NULs alone", strings.Repeat("\x00", 10_000), "file.encoding f:1"},
		{"NUL in UTF-16", "\xff\xfe" + utf16Of(head+"x\x00\n", false), "file.encoding f:3"},
		{"one line", strings.Repeat("word ", 2<<20), "row.too_long f:1"},
		{"one line of fields", strings.Repeat("word,", 2<<20), "row.too_long f:1"},
		{"one line in a table", head + strings.Repeat("word ", 2<<20) + "\n1,2\n", "row.too_long f:3"},
		{"a quote never closed", head + `"x,y` + "\n" + strings.Repeat("1,2\n", 1000), "row.too_long f:3"},
		{"a quote never closed, in UTF-16", "\xff\xfe" + utf16Of(head+`"x,y`+"\n1,2\n", false), "row.too_long f:3"},
		{"a quote never closed, old Mac", strings.ReplaceAll(head+`"x,y`+"\n1,2\n", "\n", "\r"), "row.too_long f:3"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00,\x00\x00\x00", "file.encoding f:1"},
		{"UTF-32, without a mark", "a\x00\x00\x00,\x00\x00\x00b\x00\x00\x00\n\x00\x00\x00", "file.encoding f:1"},
	} {
		if _, _, err := readAll(t, []byte(c.in), extract.Options{Name: "f"}); code(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestWideRecord: a record of millions of fields is stopped before there are fields, wherever it stands and
// whatever ends the lines before it.
func TestWideRecord(t *testing.T) {
	head := strings.Repeat("a,b\n1,2\n", 50_000)
	for _, end := range []string{"\n", "\r\n", "\r"} {
		in := strings.ReplaceAll(head, "\n", end) + strings.Repeat(",", 5<<20)
		allocated := testing.AllocsPerRun(1, func() {
			if _, _, err := readAll(t, []byte(in), extract.Options{Name: "f"}); code(err) != "row.too_long f:100001" {
				t.Errorf("line end %q: %v, want row.too_long at line 100001", end, err)
			}
		})
		if allocated > 1e6 {
			t.Errorf("line end %q: %.0f allocations", end, allocated)
		}
	}
	wide := strings.Repeat("1,", 16_000) + "1\n"
	lines, _, err := readAll(t, []byte(strings.Repeat(wide, 30)), extract.Options{})
	if len(lines) != 30 || err != nil {
		t.Errorf("%d rows that are wide but within the limit, %v", len(lines), err)
	}
}
