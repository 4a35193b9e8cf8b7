package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// printer writes text for people. Whatever comes from a file or a folder is made harmless on the
// way: a name could hold the escape sequences of a terminal.
type printer struct {
	w       *bytes.Buffer
	color   bool
	unicode bool
}

// styled is text that has been made harmless and may hold colours.
type styled string

// width is how many columns of a terminal the text takes.
func (s styled) width() int {
	n, rest := 0, string(s)
	for {
		before, after, found := strings.Cut(rest, "\x1b[")
		n += runewidth.StringWidth(before)
		if !found {
			return n
		}
		_, rest, _ = strings.Cut(after, "m")
	}
}

// line writes one line. Arguments that are not styled are made harmless.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintln(p.w, p.sprintf(format, args...))
}

func (p *printer) blank() { fmt.Fprintln(p.w) }

func (p *printer) sprintf(format string, args ...any) styled {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = harmless(a)
		case fmt.Stringer:
			args[i] = harmless(a.String())
		case error:
			args[i] = harmless(a.Error())
		}
	}
	return styled(fmt.Sprintf(format, args...))
}

// harmless is the text with everything that a terminal would obey, or that changes the order of
// what is around it, written as its escape.
func harmless(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(' ')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= unicode.MaxLatin1:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

func (p *printer) paint(sgr, s string) styled {
	if !p.color {
		return styled(harmless(s))
	}
	return styled("\x1b[" + sgr + "m" + harmless(s) + "\x1b[0m")
}

func (p *printer) good(s string) styled { return p.paint("32", s) }
func (p *printer) warn(s string) styled { return p.paint("33", s) }
func (p *printer) bad(s string) styled  { return p.paint("31", s) }
func (p *printer) bold(s string) styled { return p.paint("1", s) }
func (p *printer) dim(s string) styled  { return p.paint("2", s) }

// sign is the first text where the locale can show it, else the second.
func (p *printer) sign(unicode, ascii string) styled {
	if p.unicode {
		return styled(unicode)
	}
	return styled(ascii)
}

// arrow leads from one thing to the next.
func (p *printer) arrow() styled { return p.sign("→", "->") }

// grid writes rows whose columns are aligned, each behind indent. Columns of numbers are pushed
// to the right.
func (p *printer) grid(indent string, right []bool, rows [][]styled) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], c.width())
		}
	}
	for _, row := range rows {
		var b strings.Builder
		b.WriteString(indent)
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-c.width())
			if i < len(right) && right[i] {
				b.WriteString(pad + string(c))
			} else {
				b.WriteString(string(c) + pad)
			}
			b.WriteString("  ")
		}
		fmt.Fprintln(p.w, strings.TrimRight(b.String(), " "))
	}
}

// cells makes a row of a grid.
func (p *printer) cells(texts ...any) []styled {
	out := make([]styled, len(texts))
	for i, t := range texts {
		if s, ok := t.(styled); ok {
			out[i] = s
		} else {
			out[i] = p.sprintf("%v", t)
		}
	}
	return out
}

// number is n with a comma between thousands.
func number[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count is "1 file", "3 files".
func count[N int | int64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(n) + " " + thing + "s"
}
