package report

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// chartWidth is how wide every chart is, in its own units. On a phone a unit is nearly a pixel, so that
// letters stay as large as those around; elsewhere a chart has half of the page.
const chartWidth = 420

// drawing is a chart while it is drawn. What is written into it is escaped. It has classes and no style, which the
// page's policy would refuse.
type drawing struct {
	b      strings.Builder
	height float64
}

func (d *drawing) attrs(pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		d.b.WriteByte(' ')
		d.b.WriteString(pairs[i].(string))
		d.b.WriteString(`="`)
		switch v := pairs[i+1].(type) {
		case float64:
			d.b.WriteString(coordinate(v))
		case string:
			d.b.WriteString(template.HTMLEscapeString(v))
		}
		d.b.WriteByte('"')
	}
}

// coordinate is a number of a drawing, to a tenth.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// shape writes an element; tip, where there is one, is what a pointer above it is told.
func (d *drawing) shape(name, tip string, pairs ...any) {
	d.b.WriteByte('<')
	d.b.WriteString(name)
	d.attrs(pairs...)
	if tip == "" {
		d.b.WriteString("/>")
		return
	}
	d.b.WriteString("><title>")
	d.b.WriteString(template.HTMLEscapeString(tip))
	d.b.WriteString("</title></")
	d.b.WriteString(name)
	d.b.WriteByte('>')
}

func (d *drawing) rect(class string, x, y, w, h float64, tip string) {
	d.shape("rect", tip, "class", class, "x", x, "y", y, "width", w, "height", h)
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	d.shape("line", "", "class", class, "x1", x1, "y1", y1, "x2", x2, "y2", y2)
}

// text writes a text that starts, ends or has its middle at x, as anchor says.
func (d *drawing) text(class, anchor string, x, y float64, s string) {
	d.b.WriteString("<text")
	d.attrs("class", class, "x", x, "y", y)
	if anchor != "start" {
		d.attrs("text-anchor", anchor)
	}
	d.b.WriteByte('>')
	d.b.WriteString(template.HTMLEscapeString(s))
	d.b.WriteString("</text>")
}

// html is the chart. To a screen reader it is one picture with a name: the numbers are in the table beside it.
func (d *drawing) html(name string) template.HTML {
	var out strings.Builder
	out.WriteString(`<svg viewBox="0 0 `)
	out.WriteString(coordinate(chartWidth) + " " + coordinate(d.height))
	out.WriteString(`" role="img" aria-label="`)
	out.WriteString(template.HTMLEscapeString(name))
	out.WriteString(`">`)
	out.WriteString(d.b.String())
	out.WriteString("</svg>")
	return template.HTML(out.String())
}

// scale is the end of an axis from 0 that has room for most, and the step between its marks: 3 to 5 of them.
func scale(most float64) (end, step float64) {
	if most <= 0 {
		return 1, 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, k := range []float64{0.2, 0.25, 0.5, 1, 2, 2.5} {
		if step = k * unit; step >= 1 || most < 1 {
			if n := math.Ceil(most/step - 1e-9); n <= 5 {
				return n * step, step
			}
		}
	}
	return 5 * unit * 2, 2 * unit
}

// short is a text of at most n letters.
func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimRight(string(r[:n-1]), " ,(") + "…"
}
