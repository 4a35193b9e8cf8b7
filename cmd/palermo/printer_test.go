package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestHarmless(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "table (2).csv", "table (2).csv"},
		{"letters of any script", "Vítimas ضحايا 被害人", "Vítimas ضحايا 被害人"},
		{"escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"line break", "a\nb\tc", "a b c"},
		{"carriage return", "a\rb", `a\x0db`},
		{"text direction", "a\u202eb", `a\u202eb`},
		{"C1 control", "a\u009bb", `a\x9bb`},
	}
	for _, tt := range tests {
		if got := harmless(tt.in); got != tt.want {
			t.Errorf("%s: harmless(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	f.Add("a\x1b]0;title\x07")
	f.Add("\xff\u2066")
	f.Fuzz(func(t *testing.T, s string) {
		got := harmless(s)
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("harmless(%q) = %q: not printable at %d", s, got, i)
		}
	})
}

func TestGridAlignsWhatIsSeen(t *testing.T) {
	var b bytes.Buffer
	p := &printer{w: &b, color: true}
	p.grid("  ", []bool{false, true}, [][]styled{p.cells(p.good("ok"), 5), p.cells("被害", "1,000"), p.cells("x", "")})
	want := "  \x1b[32mok\x1b[0m        5\n  被害  1,000\n  x\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 12: "12", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{"/srv/home": "/srv/home", "": "''", "my home": "'my home'", "it's": `'it'\''s'`, "$x": "'$x'"} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"statistic", "record", "record_act"}
	for in, want := range map[string]string{"statistics": "; did you mean statistic?", "recrod": "; did you mean record?", "weather": ""} {
		if got := nearest(in, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", in, got, want)
		}
	}
}
