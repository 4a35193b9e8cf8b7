package pipeline

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A pair in twenty is asked twice, and of so many or more at least one.
const twiceEvery = 20

// askedPair is one row that a review workbook had: what its number stands for. It is kept, so that a
// workbook can be read back whatever was published since.
type askedPair struct {
	Number string `json:"number"`
	A      string `json:"a"` // private ids, in the row's orientation
	B      string `json:"b"`
	Model  string `json:"model"`
	Twice  bool   `json:"twice,omitempty"` // the pair stands there in both orientations
	Cells  string `json:"cells"`           // digest of what the row shows
}

// pair is the row's records, the smaller id first.
func (a *askedPair) pair() [2]string { return [2]string{min(a.A, a.B), max(a.A, a.B)} }

func (h *Home) askedFile() string { return h.path(stateDir, "reviews", "asked.jsonl") }

// ReviewExport says what a review workbook holds.
type ReviewExport struct {
	File  string `json:"file"`
	Open  int    `json:"open"`  // pairs that nobody has decided
	Pairs int    `json:"pairs"` // of them, in the workbook
	Rows  int    `json:"rows"`
	Twice int    `json:"twice"` // pairs that stand there twice
	Names bool   `json:"names"`
}

// ReviewOptions says which workbook is wanted.
type ReviewOptions struct {
	Out       string // a new file; below the stewards' folder of the published snapshot by default
	Limit     int    // so many pairs at most; 0 is all
	WithNames bool   // show names and case references; a line in the home's audit file says who asked
}

// ErrFileExists says that a file that is to be made is there already: it may hold somebody's work.
var ErrFileExists = errors.New("the file is there already")

// ExportReview writes the pairs for review of the published snapshot as a workbook. An *os.PathError
// is of the file's place.
func (h *Home) ExportReview(ctx context.Context, o ReviewOptions, now time.Time) (*ReviewExport, error) {
	lock, err := h.takeLock(now)
	if err != nil {
		return nil, err
	}
	defer lock.release()
	f, err := h.linkFacts()
	if err != nil {
		return nil, err
	}
	decisions, err := h.ReadDecisions()
	if err != nil {
		return nil, err
	}
	pairs, err := f.openPairs(ctx, lastDecisions(decisions))
	if err != nil {
		return nil, err
	}
	out := &ReviewExport{Open: len(pairs), Names: o.WithNames}
	if o.Limit > 0 {
		pairs = pairs[:min(o.Limit, len(pairs))]
	}
	comparisons, err := f.describe(ctx, pairs)
	if err != nil {
		return nil, err
	}
	if o.WithNames {
		if err := f.tellNames(ctx, pairs); err != nil {
			return nil, err
		}
	}
	rows, twice := h.key.bookRows(pairs)
	columns := bookColumns(comparisons, o.WithNames)
	out.Pairs, out.Rows, out.Twice = len(pairs), len(rows), len(twice)
	var book bytes.Buffer
	if err := writeBook(&book, rows, columns); err != nil {
		return nil, err
	}
	if err := h.noteAsked(rows, columns, twice); err != nil {
		return nil, err
	}
	out.File, err = f.place(o.Out, book.Bytes())
	return out, err
}

// place writes the workbook where nothing is yet, for its owner alone.
func (f *linkFacts) place(path string, b []byte) (string, error) {
	put := func(path string) error {
		err := writeNew(path, b)
		if errors.Is(err, fs.ErrExist) {
			return ErrFileExists
		}
		return environment(err)
	}
	if path != "" {
		return path, put(path)
	}
	for n := 1; ; n++ {
		path = filepath.Join(filepath.Dir(f.db), fmt.Sprintf("review-%d.xlsx", n))
		if err := put(path); !errors.Is(err, ErrFileExists) {
			return path, err
		}
	}
}

// digits is Crockford's: none is taken for another.
var digits = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// pairNumber names a pair in one orientation: the same in every workbook, and nothing to tell that
// the pair's other one is the same pair.
func (k key) pairNumber(a, b string) string {
	raw, _ := hex.DecodeString(k.mac("review", a, b)) // our own digits
	n := digits.EncodeToString(raw)
	return n[:5] + "-" + n[5:10]
}

// askTwice is which of the pairs are asked twice: one in twenty, by a keyed digest, but at least one;
// of fewer than twenty none.
func (k key) askTwice(pairs []*openPair) map[*openPair]bool {
	out := map[*openPair]bool{}
	if len(pairs) < twiceEvery { // too few to stand apart
		return out
	}
	lot := func(p *openPair) string { return k.mac("twice", min(p.a, p.b), max(p.a, p.b)) }
	for _, p := range pairs {
		var n uint64
		fmt.Sscanf(lot(p)[:15], "%x", &n)
		if n%twiceEvery == 0 {
			out[p] = true
		}
	}
	if len(out) == 0 {
		out[slices.MinFunc(pairs, func(x, y *openPair) int { return cmp.Compare(lot(x), lot(y)) })] = true
	}
	return out
}

// bookRows is the rows of the workbook: the pairs in their order, and those that are asked twice
// again, the other way round, half the workbook away.
func (k key) bookRows(pairs []*openPair) ([]bookRow, map[*openPair]bool) {
	twice := k.askTwice(pairs)
	type placed struct {
		at int
		bookRow
	}
	var all []placed
	for i, p := range pairs {
		all = append(all, placed{2 * i, bookRow{k.pairNumber(p.a, p.b), p, false}})
		if twice[p] {
			away := (i + len(pairs)/2) % len(pairs)
			all = append(all, placed{2*away + 1, bookRow{k.pairNumber(p.b, p.a), p, true}})
		}
	}
	slices.SortStableFunc(all, func(x, y placed) int { return cmp.Compare(x.at, y.at) })
	out := make([]bookRow, len(all))
	for i := range all {
		out[i] = all[i].bookRow
	}
	return out, twice
}

// noteAsked keeps what the rows' numbers stand for.
func (h *Home) noteAsked(rows []bookRow, columns []bookColumn, twice map[*openPair]bool) error {
	var lines []any
	for _, r := range rows {
		a := askedPair{Number: r.number, A: r.pair.a, B: r.pair.b, Model: r.pair.model, Twice: twice[r.pair], Cells: bookDigest(cellsOfRow(r, columns))}
		if r.turned {
			a.A, a.B = a.B, a.A
		}
		lines = append(lines, a)
	}
	return h.appendReviews(h.askedFile(), lines)
}

// appendReviews adds lines to a file of the reviews, and makes them durable.
func (h *Home) appendReviews(file string, lines []any) error {
	var b bytes.Buffer
	for _, l := range lines {
		j, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("note the review: %w", err)
		}
		b.Write(append(j, '\n'))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return environment(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return environment(err)
	}
	end, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.WriteAt(b.Bytes(), end)
	}
	return environment(errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(file))))
}

// readReviews reads the lines of a file of the reviews; a last one that a crash cut off is left out.
func readReviews[T any](file string) ([]T, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	var out []T
	s := bufio.NewScanner(bytes.NewReader(b[:bytes.LastIndexByte(b, '\n')+1]))
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("read the reviews: line %d: %w", n, err)
		}
		out = append(out, v)
	}
	return out, s.Err()
}
