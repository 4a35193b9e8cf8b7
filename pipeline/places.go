package pipeline

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"palermo/diag"
	"palermo/schemas"
	"palermo/transform"
)

// maxPlaces is how many places of findings are kept of a file. Beyond, findings are only counted.
const maxPlaces = 1 << 20

// shownRows is in how many rows a word must stand for a receipt to repeat it: what stands in fewer, in a column of
// codes, may be a person's name. Its cells are marked all the same.
const shownRows = 5

// places is where things were found in a file, every cell of them: an entry keeps only the first few, and a
// receipt marks them all.
type places struct {
	Findings []placed `json:"findings"`

	at   map[placedAt]int
	left int
}

// placedAt is what findings are gathered by. Two fields may be read from one column, and find the same in it.
type placedAt struct {
	placedKey
	field string
}

// placed is what was found of one kind in one column.
type placed struct {
	placedKey
	Count int     `json:"count"`
	Cells []int32 `json:"cells,omitempty"` // row and column of each, one after the other, as far as there was room
}

type placedKey struct {
	Code     diag.Code     `json:"code"`
	Severity diag.Severity `json:"severity"`
	Sheet    string        `json:"sheet,omitempty"`
	Column   string        `json:"column,omitempty"`
	Word     string        `json:"word,omitempty"`
}

// begin forgets what was found so far, and takes what the list is told from now on.
func (j *job) begin() {
	j.found = diag.List{Keep: j.Examples}
	if j.Places == "" {
		return
	}
	j.places = places{at: map[placedAt]int{}, left: maxPlaces}
	j.found.Each = j.place
}

// place notes a finding. The columns of a word that stands in several are told apart.
func (j *job) place(d diag.Diagnostic, at []diag.Place, n int) {
	p := &j.places
	if len(at) == 0 && d.Pos.Row > 0 && d.Code != diag.ColumnMissing {
		at = []diag.Place{{Row: int32(d.Pos.Row), Col: int32(d.Pos.Col)}}
	}
	key := placedAt{placedKey{Code: d.Code, Severity: d.Severity, Sheet: d.Pos.Sheet}, d.Field}
	e := j.sheetNamed(d.Pos.Sheet)
	if n >= shownRows && d.Code == diag.CodeUnmapped && e != nil && j.showsWord(e.Target, d.Field) {
		key.Word = d.Value
	}
	if len(at) == 0 {
		key.Column = transform.MissingColumn(d)
		p.add(key, n)
		return
	}
	rest := 0 // rows whose cells there was no room for; a cell above the table is one, however many rows it is of
	if len(at) >= p.left {
		rest = max(0, n-len(at))
	}
	for len(at) > 0 {
		col := at[0].Col
		k := slices.IndexFunc(at, func(x diag.Place) bool { return x.Col != col })
		if k < 0 {
			k = len(at)
		}
		key.Column = e.column(int(col))
		p.add(key, k+rest, at[:k]...)
		at, rest = at[k:], 0
	}
}

func (p *places) add(key placedAt, n int, at ...diag.Place) {
	i, ok := p.at[key]
	if !ok {
		i = len(p.Findings)
		p.at[key] = i
		p.Findings = append(p.Findings, placed{placedKey: key.placedKey})
	}
	f := &p.Findings[i]
	f.Count += n
	at = at[:min(len(at), p.left)]
	p.left -= len(at)
	for _, x := range at {
		f.Cells = append(f.Cells, x.Row, x.Col)
	}
}

// sheetNamed is the sheet of that name that was looked at, or nil.
func (j *job) sheetNamed(name string) *SheetEntry { return j.entry.sheet(j.sheetNo[name]) }

// column is the header of a column of the file, as it stands there; "" where there is none.
func (e *SheetEntry) column(col int) string {
	if e == nil {
		return ""
	}
	for _, h := range e.Header {
		if h.Col == col {
			return h.Name
		}
	}
	return ""
}

// showsWord reports whether a word of the field may be repeated to who sent it: analysts would see it as it is, if a
// mapping had it.
func (j *job) showsWord(target, name string) bool {
	table, field, child := strings.Cut(name, ".")
	if !child {
		table, field = target, name
	}
	t := j.Schema.Table(table)
	if t == nil {
		return false
	}
	f := t.Field(field)
	return f != nil && f.ShowsWords(schemas.ZoneAnalyst)
}

// keepPlaces writes where things were found beside the entry, and says how long that file is.
func (j *job) keepPlaces() error {
	if j.Places == "" {
		return nil
	}
	if j.Withdrawn || len(j.places.Findings) == 0 {
		return removeIfThere(j.Places)
	}
	j.places.join()
	b, err := json.Marshal(&j.places)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(j.Places), 0o700); err != nil {
		return err
	}
	j.entry.PlacesBytes = int64(len(b))
	return writeFile(j.Places, b, 0o600)
}

// join makes one of what several fields have found of one kind in one column, each cell once.
func (p *places) join() {
	slices.SortStableFunc(p.Findings, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.Sheet, b.Sheet), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Word, b.Word), cmp.Compare(a.Severity, b.Severity))
	})
	var out []placed
	for _, f := range p.Findings {
		if n := len(out); n > 0 && out[n-1].placedKey == f.placedKey {
			last := &out[n-1]
			before := len(last.Cells)
			last.Cells = union(last.Cells, f.Cells)
			switch {
			case len(last.Cells) == before: // nothing new
				last.Count = max(last.Count, f.Count)
			default:
				last.Count += max(0, f.Count-(len(f.Cells)-(len(last.Cells)-before))/2)
			}
			continue
		}
		out = append(out, f)
	}
	p.Findings = out
}

// union is the cells of both, each once, in the order of rows.
func union(a, b []int32) []int32 {
	all := make([][2]int32, 0, (len(a)+len(b))/2)
	for _, cells := range [][]int32{a, b} {
		for k := 0; k+1 < len(cells); k += 2 {
			all = append(all, [2]int32{cells[k], cells[k+1]})
		}
	}
	slices.SortFunc(all, func(x, y [2]int32) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	all = slices.Compact(all)
	out := make([]int32, 0, 2*len(all))
	for _, c := range all {
		out = append(out, c[0], c[1])
	}
	return out
}

// placesFile is where the places of a submission's findings lie.
func (h *Home) placesFile(submission string) string {
	return h.path(lakeDir, "places", submission+".json")
}

// readPlaces is what was found of a file and where.
func readPlaces(file string, e *Entry) (*places, error) {
	p := &places{}
	if e.PlacesBytes == 0 {
		return p, nil
	}
	return p, readJSON(file, p)
}
