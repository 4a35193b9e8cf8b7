package report

import (
	"html/template"
	"math"
	"strconv"
)

// bar is one bar of a row of bars, with what is written beside it.
type bar struct {
	label, value string
	n            float64 // from 0; below 0: hidden, so that there is none
	class        string
	tip          string
}

// bars is bars from left to right, one below the other, each under its label. most is the length of the longest that could be;
// 0 is that of the longest that is.
func bars(name string, list []bar, most float64) template.HTML {
	for _, b := range list {
		most = max(most, b.n)
	}
	d := &drawing{}
	const high, room = 34.0, chartWidth - 74
	for i, b := range list {
		y := float64(i) * high
		d.text("l", "start", 0, y+13, short(b.label, 58))
		d.rect("track", 0, y+18, room, 9, "")
		if b.n > 0 && most > 0 {
			d.rect(b.class, 0, y+18, max(1, room*b.n/most), 9, b.tip)
		}
		d.text("v", "end", chartWidth, y+27, b.value)
	}
	d.height = float64(len(list)) * high
	return d.html(name)
}

// part is a part of a bar that is a whole.
type part struct {
	class string
	n     float64
	tip   string
}

// whole is one bar of parts.
type whole struct {
	label, value string
	parts        []part
}

// wholes is bars of one length, each of its parts.
func wholes(name string, list []whole) template.HTML {
	d := &drawing{}
	const high = 42.0
	for i, w := range list {
		y, x, sum := float64(i)*high, 0.0, 0.0
		for _, p := range w.parts {
			sum += p.n
		}
		d.text("l", "start", 0, y+13, short(w.label, 44))
		d.text("v", "end", chartWidth, y+13, w.value)
		d.rect("track", 0, y+19, chartWidth, 15, "")
		for _, p := range w.parts {
			if p.n <= 0 {
				continue
			}
			wide := chartWidth * p.n / sum
			d.rect(p.class, x, y+19, max(0.5, wide-0.8), 15, p.tip)
			x += wide
		}
	}
	d.height = float64(len(list)) * high
	return d.html(name)
}

// side is one side of one row of a pyramid.
type side struct {
	n, most    float64 // certainly, and at most; below 0: hidden
	value, tip string
	class      string
}

// pyramid is two bars a row that grow away from the middle, the youngest at the bottom.
func pyramid(name, left, right string, labels []string, sides [][2]side) template.HTML {
	d := &drawing{}
	const high, middle, gap, top, number = 24.0, chartWidth / 2.0, 34.0, 24.0, 86.0
	room := middle - gap - number
	most := 1.0
	for _, s := range sides {
		most = max(most, s[0].n, s[1].n, s[0].most, s[1].most)
	}
	d.text("b", "end", middle-gap, 14, left)
	d.text("b", "start", middle+gap, 14, right)
	for i, s := range sides {
		y := top + float64(len(sides)-1-i)*high
		d.text("l", "middle", middle, y+15, labels[i])
		for k, dir := range []float64{-1, 1} {
			length := func(v float64) float64 { return room * max(0, v) / most }
			draw := func(from, to float64, class string) {
				x := middle + gap + from
				if dir < 0 {
					x = middle - gap - to
				}
				if to > from {
					d.rect(class, x, y+2, max(0.5, to-from), high-5, s[k].tip)
				}
			}
			certain, wide := length(s[k].n), max(length(s[k].n), length(s[k].most))
			draw(0, certain, s[k].class)
			draw(certain, wide, s[k].class+" may")
			anchor := "start"
			if dir < 0 {
				anchor = "end"
			}
			d.text("v", anchor, middle+dir*(gap+wide+5), y+15, s[k].value)
		}
	}
	d.line("axis", middle-gap, top, middle-gap, top+float64(len(sides))*high)
	d.line("axis", middle+gap, top, middle+gap, top+float64(len(sides))*high)
	d.height = top + float64(len(sides))*high + 2
	return d.html(name)
}

// panel is a small chart of one column a year, and of a line beside it where there are marks.
type panel struct {
	label   string
	columns []float64 // below 0: hidden; NaN: there is none
	most    []float64 // of each column, the most that it can be
	marks   []float64 // as columns; nil: no line
	tips    []string
	class   string
}

// panels is small charts of the same years, two abreast, with one scale where shared.
func panels(name string, years []string, partial map[int]bool, list []panel, shared bool, number func(float64) string) template.HTML {
	d := &drawing{}
	const high, head, foot, axis, right = 84.0, 20.0, 20.0, 34.0, 10.0
	const wide = (chartWidth - 14) / 2.0
	most := 0.0
	for _, p := range list {
		most = max(most, highest(p))
	}
	for i, p := range list {
		x0, y0 := float64(i%2)*(wide+14), float64(i/2)*(high+head+foot)
		if !shared {
			most = highest(p)
		}
		end, _ := scale(most)
		d.text("b", "start", x0, y0+13, short(p.label, 22))
		base := y0 + head + high
		at := func(v float64) float64 { return base - (high-4)*v/end }
		d.line("grid", x0+axis, at(end), x0+wide, at(end))
		d.line("grid", x0+axis, at(end/2), x0+wide, at(end/2))
		d.line("axis", x0+axis, base, x0+wide, base)
		d.text("s", "end", x0+axis-4, at(end)+4, number(end))
		d.text("s", "end", x0+axis-4, base+3, "0")
		step := (wide - axis - right) / float64(max(1, len(years)))
		for k, v := range p.columns {
			x := x0 + axis + float64(k)*step
			if k > 0 && !follows(years[k-1], years[k]) {
				d.line("gap", x, y0+head, x, base)
			}
			class := p.class
			if partial[k] {
				class += " part"
			}
			if v < 0 && p.most[k] < 0 {
				d.rect("hid", x+step*0.15, base-3, step*0.7, 3, p.tips[k])
			}
			if v > 0 {
				d.rect(class, x+step*0.15, at(v), step*0.7, max(0.6, base-at(v)), p.tips[k])
			}
			if certain := max(0, v); p.most[k] > certain { // not so where there is no number
				d.rect(class+" may", x+step*0.15, at(p.most[k]), step*0.7, at(certain)-at(p.most[k]), p.tips[k])
			}
		}
		d.marks(p.marks, func(k int) bool { return k+1 < len(years) && follows(years[k], years[k+1]) }, func(k int) float64 { return x0 + axis + (float64(k)+0.5)*step }, at, step)
		d.years(years, x0+axis, wide-axis-right, base+13)
	}
	d.height = math.Ceil(float64(len(list))/2) * (high + head + foot)
	return d.html(name)
}

// follows reports whether a year is the one after another.
func follows(before, year string) bool {
	a, _ := strconv.Atoi(before)
	b, _ := strconv.Atoi(year)
	return b == a+1
}

func highest(p panel) float64 {
	most := 0.0
	for _, list := range [][]float64{p.columns, p.most, p.marks} {
		for _, v := range list {
			if !math.IsNaN(v) {
				most = max(most, v)
			}
		}
	}
	return most
}

// marks draws a step across each year that has one, joined where years follow one another.
func (d *drawing) marks(list []float64, joined func(int) bool, x func(int) float64, y func(float64) float64, step float64) {
	for k, v := range list {
		if math.IsNaN(v) || v < 0 {
			continue
		}
		d.line("mark", x(k)-step*0.5, y(v), x(k)+step*0.5, y(v))
		if joined(k) && k+1 < len(list) && !math.IsNaN(list[k+1]) && list[k+1] >= 0 {
			d.line("mark thin", x(k)+step*0.5, y(v), x(k)+step*0.5, y(list[k+1]))
		}
	}
}

// years writes as many of the years below an axis as there is room for, the first and the last among them.
func (d *drawing) years(years []string, x, wide, y float64) {
	if len(years) == 0 {
		return
	}
	step := wide / float64(len(years))
	every := int(math.Ceil(34 / step))
	for k := range years {
		if (len(years)-1-k)%every == 0 {
			d.text("s", "middle", x+(float64(k)+0.5)*step, y, years[k])
		}
	}
}

// link is one flow between the two sides of a sankey.
type link struct {
	from, to int // places in left and right
	n        float64
	tip      string
}

// sankey is flows between two columns of names, each as thick as it is large.
func sankey(name, left, right string, from, to []string, links []link) template.HTML {
	d := &drawing{}
	const top, pad, lane, block = 24.0, 8.0, 150.0, 9.0
	sum := 0.0
	out, in := make([]float64, len(from)), make([]float64, len(to))
	for _, l := range links {
		sum += l.n
		out[l.from] += l.n
		in[l.to] += l.n
	}
	if sum == 0 {
		return ""
	}
	rows := float64(max(len(from), len(to)))
	body := rows*30 + 40
	unit := (body - (rows-1)*pad) / sum
	d.height = top + body + 6
	d.text("b", "end", lane-4, 14, left)
	d.text("b", "start", chartWidth-lane+4, 14, right)
	place := func(sizes []float64) []float64 {
		used := 0.0
		for _, n := range sizes {
			used += n*unit + pad
		}
		y := top + (body-used+pad)/2
		at := make([]float64, len(sizes))
		for i, n := range sizes {
			at[i] = y
			y += n*unit + pad
		}
		return at
	}
	a, b := place(out), place(in)
	d.nodes(from, out, a, unit, lane, block, "end")
	d.nodes(to, in, b, unit, lane, block, "start")
	x1, x2 := lane+block, chartWidth-lane-block
	mid := (x1 + x2) / 2
	for _, l := range links {
		h := l.n * unit
		y1, y2 := a[l.from]+h/2, b[l.to]+h/2
		a[l.from] += h
		b[l.to] += h
		path := "M" + coordinate(x1) + " " + coordinate(y1) + "C" + coordinate(mid) + " " + coordinate(y1) + " " + coordinate(mid) + " " + coordinate(y2) + " " + coordinate(x2) + " " + coordinate(y2)
		d.shape("path", l.tip, "class", "flow f"+string(rune('0'+l.from%6)), "d", path, "stroke-width", max(0.7, h))
	}
	return d.html(name)
}

// nodes draws one side of a sankey.
func (d *drawing) nodes(names []string, sizes, at []float64, unit, lane, block float64, anchor string) {
	for i, s := range names {
		h := sizes[i] * unit
		x, text := lane, lane-5
		class := "k" + string(rune('0'+i%6))
		if anchor == "start" {
			x, text, class = chartWidth-lane-block, chartWidth-lane+5, "node"
		}
		d.rect(class, x, at[i], block, max(1, h), s)
		d.text("t", anchor, text, at[i]+h/2+4, short(s, 22))
	}
}

// limit is a line across a histogram, at so many columns from its beginning.
type limit struct {
	at   float64
	text string
}

// histogram is columns side by side, with lines across where something begins.
func histogram(name string, list []part, labels []string, limits []limit, number func(float64) string) template.HTML {
	d := &drawing{}
	const top, high, axis = 30.0, 150.0, 40.0
	most := 0.0
	for _, p := range list {
		most = max(most, p.n)
	}
	end, step := scale(most)
	base := top + high
	at := func(v float64) float64 { return base - high*v/end }
	for v := step; v <= end+1e-9; v += step {
		d.line("grid", axis, at(v), chartWidth, at(v))
		d.text("s", "end", axis-4, at(v)+4, number(v))
	}
	wide := (chartWidth - axis) / float64(max(1, len(list)))
	for i, p := range list {
		x := axis + float64(i)*wide
		switch {
		case p.n < 0:
			d.rect("hid", x+1, base-3, wide-2, 3, p.tip)
		case p.n > 0:
			d.rect(p.class, x+1, at(p.n), wide-2, max(0.6, base-at(p.n)), p.tip)
		}
	}
	for i, l := range limits {
		x := axis + l.at*wide
		d.line("limit", x, top-6, x, base)
		anchor, move := "end", -4.0
		if i == len(limits)-1 {
			anchor, move = "start", 4
		}
		d.text("s", anchor, x+move, top-8, l.text)
	}
	d.line("axis", axis, base, chartWidth, base)
	d.years(labels, axis, chartWidth-axis, base+14)
	d.height = base + 20
	return d.html(name)
}

// waterfall is steps that add up, from what is known before to the sum.
func waterfall(name string, labels []string, steps []float64, values []string) template.HTML {
	d := &drawing{}
	low, high, sum := 0.0, 0.0, 0.0
	for _, s := range steps {
		sum += s
		low, high = min(low, sum), max(high, sum)
	}
	const row, lane, number = 24.0, 150.0, 44.0
	unit := (chartWidth - lane - number) / max(1, high-low)
	x := func(v float64) float64 { return lane + (v-low)*unit }
	at := 0.0
	bar := func(i int, from, to float64, class, label, value string) {
		y := float64(i) * row
		d.text("l", "end", lane-8, y+16, short(label, 21))
		d.rect(class, x(min(from, to)), y+4, max(1, x(max(from, to))-x(min(from, to))), row-8, label+": "+value)
		d.text("v", "start", x(max(from, to))+4, y+16, value)
	}
	for i, s := range steps {
		class := "k1"
		if s < 0 {
			class = "k3"
		}
		bar(i, at, at+s, class, labels[i], values[i])
		at += s
	}
	bar(len(steps), 0, sum, "k0", labels[len(steps)], values[len(steps)])
	d.height = float64(len(steps)+1) * row
	d.line("axis", x(0), 0, x(0), d.height)
	return d.html(name)
}
