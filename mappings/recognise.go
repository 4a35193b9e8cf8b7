package mappings

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// PreviewRows is how many rows of a table are looked at to find its header.
const PreviewRows = 30

// PreviewRow is one of the first rows of a sheet.
type PreviewRow struct {
	Num   int // in the file, from 1
	Cells []string
}

// Candidate is a table entry of a mapping held against a sheet.
type Candidate struct {
	Mapping   *Mapping
	Table     int      // index in Mapping.Tables
	HeaderRow int      // the row of the file that fits best; 0 when none has any of the headers
	Found     []string // headers of Recognise that stand in the row
	Missing   []string // headers of Recognise that do not
	Barred    []string // headers that must not stand there, and do
	Lacking   []string // columns that hold none of the words that Holds wants below the header
	Named     int      // columns of the row that the mapping names
	Columns   int      // columns of the row
	Unheaded  bool     // the table has no header, and was known by its words
}

// Entry is the table entry.
func (c *Candidate) Entry() *Table { return &c.Mapping.Tables[c.Table] }

// Matches reports whether the sheet is what the entry is for.
func (c *Candidate) Matches() bool {
	return (c.HeaderRow > 0 || c.Unheaded) && len(c.Missing) == 0 && len(c.Barred) == 0 && len(c.Lacking) == 0
}

// Near reports whether the sheet looks like another vintage of the source: more than half of the
// headers are there, but not all, and none that must not. A table whose words are about something else is none.
func (c *Candidate) Near() bool {
	return !c.Matches() && len(c.Barred) == 0 && len(c.Lacking) == 0 && 2*len(c.Found) > len(c.Found)+len(c.Missing)
}

// Recognise holds every table entry of the set against a sheet's first rows. The candidates come
// best first: those that match before those that do not, then the most headers found, then the
// most columns named, then the fewest columns left over; last by name, so that the order is the
// same each time. Nothing but the content decides: the file's name is not looked at.
func (s *Set) Recognise(sheet string, rows []PreviewRow) []Candidate {
	var out []Candidate
	for _, m := range s.Mappings {
		for i := range m.Tables {
			if c := m.candidate(i, sheet, rows); c.HeaderRow > 0 || c.Unheaded {
				out = append(out, c)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return better(&out[i], &out[j]) })
	return out
}

func better(a, b *Candidate) bool {
	if a.Matches() != b.Matches() {
		return a.Matches()
	}
	if share := func(c *Candidate) float64 { return float64(len(c.Found)) / float64(len(c.Found)+len(c.Missing)) }; !a.Matches() && share(a) != share(b) {
		return share(a) > share(b)
	}
	if len(a.Found) != len(b.Found) {
		return len(a.Found) > len(b.Found)
	}
	if a.Named != b.Named {
		return a.Named > b.Named
	}
	if a.Columns-a.Named != b.Columns-b.Named {
		return a.Columns-a.Named < b.Columns-b.Named
	}
	if a.Mapping.Source.ID != b.Mapping.Source.ID {
		return a.Mapping.Source.ID < b.Mapping.Source.ID
	}
	return a.Table < b.Table
}

// candidate finds the row of the sheet that fits the entry's header best.
func (m *Mapping) candidate(i int, sheet string, rows []PreviewRow) Candidate {
	t := &m.Tables[i]
	best := Candidate{Mapping: m, Table: i}
	if !t.Recognise.sheetMatches(sheet) {
		return best
	}
	if len(t.Recognise.Unheaded) > 0 {
		return m.unheaded(i, rows)
	}
	named := t.named()
	for k := range rows {
		r, ok := t.Header.row(rows, k)
		if !ok || t.HeaderRow > 0 && r.Num != t.HeaderRow {
			continue
		}
		c := t.holdAgainst(r, named)
		if len(c.Found) == 0 {
			continue
		}
		t.Recognise.above(&c, rows, k)
		c.Lacking = t.Recognise.lacking(r, rows[k+1:])
		c.Mapping, c.Table = m, i
		if best.HeaderRow == 0 || better(&c, &best) {
			best = c
		}
	}
	return best
}

// between stands between the joined cells of a header of several rows.
const between = " / "

// HeaderPart is what one row of a header says of a column, and the column of the file in which the
// text stands: a merged cell's is to its left.
type HeaderPart struct {
	Text string `json:"text"`
	Col  int    `json:"col"` // from 1
}

// parts is, for each column of the header that ends with row k of the preview, what its rows say from
// above. A column without text of its own in any of them has no header. It is nil where the rows above
// are not there.
func (h Header) parts(rows []PreviewRow, k int) [][]HeaderPart {
	n := max(h.Rows, 1)
	if k+1 < n || rows[k].Num-rows[k+1-n].Num != n-1 {
		return nil
	}
	rows = rows[k+1-n : k+1]
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Cells))
	}
	out, own := make([][]HeaderPart, width), make([]bool, width)
	for d, r := range rows {
		left := HeaderPart{}
		for i := range width {
			p := HeaderPart{Col: i + 1}
			if i < len(r.Cells) {
				p.Text = Word(r.Cells[i])
			}
			own[i] = own[i] || p.Text != ""
			if p.Text == "" && left.Text != "" && d < n-1 {
				p = left
			}
			left = p
			out[i] = append(out[i], p)
		}
	}
	for i := range out {
		for d := range out[i] {
			if !own[i] {
				out[i][d] = HeaderPart{Col: i + 1}
			}
		}
	}
	return out
}

// row is the header that ends with row k of the preview, the parts of each column joined. It is not
// ok where the rows above it are not there.
func (h Header) row(rows []PreviewRow, k int) (PreviewRow, bool) {
	parts := h.parts(rows, k)
	if parts == nil {
		return PreviewRow{}, false
	}
	out := PreviewRow{Num: rows[k].Num, Cells: make([]string, len(parts))}
	for i := range parts {
		for _, p := range parts[i] {
			switch w := p.Text; {
			case w == "" || out.Cells[i] == w:
			case out.Cells[i] == "":
				out.Cells[i] = w
			default:
				out.Cells[i] += between + w
			}
		}
	}
	return out, true
}

// HeaderCells is the header of the candidate, as mappings name its columns: one text a column of
// the file.
func (c *Candidate) HeaderCells(rows []PreviewRow) []string {
	if c.Unheaded {
		return slices.Clone(c.Found)
	}
	k := slices.IndexFunc(rows, func(r PreviewRow) bool { return r.Num == c.HeaderRow })
	if k < 0 {
		return nil
	}
	r, _ := c.Entry().Header.row(rows, k)
	return c.Entry().laidOut(r.Cells)
}

// HeaderParts is what the rows of the candidate's header say, from above, of each column of the file.
func (c *Candidate) HeaderParts(rows []PreviewRow) [][]HeaderPart {
	k := slices.IndexFunc(rows, func(r PreviewRow) bool { return r.Num == c.HeaderRow })
	if k < 0 {
		return nil
	}
	parts := c.Entry().Header.parts(rows, k)
	for len(parts) < len(c.HeaderCells(rows)) { // a column that the mapping names itself
		parts = append(parts, make([]HeaderPart, max(c.Entry().Header.Rows, 1)))
	}
	return parts
}

func (r *Recognise) sheetMatches(sheet string) bool {
	if r.Sheets == "" || r.Sheets == "*" || sheet == "" {
		return true
	}
	ok, err := path.Match(r.Sheets, sheet)
	return ok && err == nil
}

// lacking is the columns of the header that hold none of the wanted words in the rows below it. One that
// the header does not have is not among them: it is a missing header.
func (r *Recognise) lacking(header PreviewRow, below []PreviewRow) []string {
	var out []string
	for i := range r.Holds {
		h := &r.Holds[i]
		at := slices.IndexFunc(header.Cells, func(cell string) bool { return Word(cell) == h.Column })
		if h.Column != "" && at < 0 {
			continue
		}
		if !slices.ContainsFunc(below, func(row PreviewRow) bool {
			if h.Column == "" {
				return slices.ContainsFunc(row.Cells, func(cell string) bool { return h.has(Word(cell)) })
			}
			return at < len(row.Cells) && h.has(Word(row.Cells[at]))
		}) {
			out = append(out, cmp.Or(h.Column, strings.Join(slices.Concat(h.Is, h.Starts), ", ")))
		}
	}
	return out
}

func (h *Holds) has(word string) bool {
	return slices.Contains(h.Is, word) || slices.ContainsFunc(h.Starts, func(s string) bool { return strings.HasPrefix(word, s) })
}

func (t *Table) holdAgainst(r PreviewRow, named map[string]bool) Candidate {
	c := Candidate{HeaderRow: r.Num}
	there := map[string]bool{}
	for _, cell := range r.Cells {
		w := Word(cell)
		if w == "" {
			continue
		}
		c.Columns++
		if named[w] || t.ignoresLike(w) || t.Unpivot.mayHold(Parts(w)) {
			c.Named++
		}
		there[w] = true
	}
	for _, h := range t.Recognise.Headers {
		if there[h] {
			c.Found = append(c.Found, h)
		} else {
			c.Missing = append(c.Missing, h)
		}
	}
	for _, h := range t.Recognise.Without {
		if there[h] {
			c.Barred = append(c.Barred, h)
		}
	}
	return c
}

// named is every header that the entry names, mapped or ignored.
func (t *Table) named() map[string]bool {
	out := map[string]bool{}
	nameColumns(out, t.Columns)
	for _, s := range t.Several {
		for _, f := range s.From {
			out[f] = true
		}
		nameWhen(out, s.When)
	}
	for i := range t.Children {
		t.Children[i].name(out)
	}
	if t.Record != nil {
		for _, c := range t.Record.Case {
			out[c] = true
		}
	}
	for _, h := range t.Ignore {
		out[h] = true
	}
	for _, s := range t.Skip {
		if s.Column != "" {
			out[s.Column] = true
		}
	}
	for j := range t.Joined {
		for _, column := range t.Joined[j].Columns() {
			out[column] = true
		}
	}
	if u := t.Unpivot; u != nil {
		for _, a := range u.Above {
			out[a.Column] = true
		}
		if u.Base != nil {
			out[u.Base.Column] = true
		}
		for _, made := range u.Made() {
			delete(out, made)
		}
	}
	return out
}

func nameColumns(out map[string]bool, cs []Column) {
	for _, c := range cs {
		out[c.From] = true
		if c.RowOf != "" {
			out[c.RowOf] = true
		}
		nameWhen(out, c.When)
	}
}

func nameWhen(out map[string]bool, when map[string][]string) {
	for w := range when {
		out[w] = true
	}
}

func (c *Child) name(out map[string]bool) {
	for column := range c.Flags {
		out[column] = true
	}
	if c.Split != "" {
		out[c.Split] = true
	}
	nameWhen(out, c.When)
	for _, n := range c.Numbers() {
		for _, col := range c.Columns {
			out[strings.ReplaceAll(col.From, Numbered, n)] = true
		}
	}
}

// Names reports whether the child reads the column.
func (c *Child) Names(header string) bool {
	out := map[string]bool{}
	c.name(out)
	return out[header]
}

// Numbered is the pattern in the names of numbered columns.
const Numbered = "{n}"

// Numbers is what Numbered stands for, one after the other: one empty text where nothing is
// numbered, and nothing where N is no range as 1..5.
func (c *Child) Numbers() []string {
	if c.N == "" {
		return []string{""}
	}
	from, to, ok := strings.Cut(c.N, "..")
	low, err1 := strconv.Atoi(from)
	high, err2 := strconv.Atoi(to)
	if !ok || err1 != nil || err2 != nil || low < 0 || high < low || high-low >= 1000 {
		return nil
	}
	var out []string
	for n := low; n <= high; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

// Names reports whether the entry names the column, mapped or ignored.
func (t *Table) Names(header string) bool { return t.named()[header] || t.ignoresLike(header) }

// JoinHeader is the header of n rows that ends with row k of the preview: one text a column, as mappings name it.
// It is not ok where the rows above row k are not there.
func JoinHeader(rows []PreviewRow, k, n int) ([]string, bool) {
	r, ok := Header{Rows: n}.row(rows, k)
	return r.Cells, ok
}

// Named is every column that the entry names, mapped or ignored, sorted; of numbered columns each.
func (t *Table) Named() []string { return slices.Sorted(maps.Keys(t.named())) }
