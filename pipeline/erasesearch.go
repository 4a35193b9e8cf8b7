package pipeline

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"palermo/extract"
	"palermo/load"
	"palermo/schemas"
)

// Search is a search of the whole home for whoever was erased: what was looked at, and what was found.
type Search struct {
	Files       int   `json:"files"`
	Bytes       int64 `json:"bytes"`       // that were looked at, decompressed
	Identifiers int   `json:"identifiers"` // that were searched for
	Shared      int   `json:"shared"`      // names and dates that others have too: alone they tell nobody, and they are not searched for
	Short       int   `json:"short"`       // that are too short to be searched for among other text
	Hits        []Hit `json:"hits"`
	Waiting     []Hit `json:"waiting"` // in files of the drop folder, which were not received yet
}

// Hit is a place where identifiers were found.
type Hit struct {
	Kind  string `json:"kind"`  // what: id, reference, name or birth
	Where string `json:"where"` // the file below the home, and within it
	N     int    `json:"n"`
}

// search looks for identifiers in every file of the home: as its bytes are, as they are decompressed, and where a reader
// knows the file, as it reads them.
type search struct {
	*Home
	ledger  *Ledger
	needles *needles
	out     *Search
	hits    map[[2]string]int // by kind and place
	lists   map[string]bool   // tables that come from the declarations alone
	owners  owners
	read    map[string]bool // files of rows that were searched cell by cell
}

// owners is whose an identifier is: the numbers of the records that have it.
type owners map[needle][]int

// Search looks for identifiers. A name or a date that somebody else has is left out.
func (h *Home) search(ctx context.Context, l *Ledger, ids map[string]bool, of owners) (*Search, error) {
	words := sortedNeedles(of)
	s := &search{Home: h, ledger: l, owners: of, read: map[string]bool{}, out: &Search{Hits: []Hit{}, Waiting: []Hit{}}, hits: map[[2]string]int{}, lists: map[string]bool{}}
	shared, err := s.shared(ctx, words)
	if err != nil {
		return nil, err
	}
	all := without(words, func(n needle) bool { return shared[n] || len(n.text) < leastNeedle })
	s.out.Shared = len(shared)
	for _, n := range words {
		if len(n.text) < leastNeedle && !shared[n] {
			s.out.Short++
		}
	}
	for _, id := range sortedKeys(ids) {
		all = append(all, needle{text: id, kind: kindID})
	}
	s.out.Identifiers = len(all)
	s.needles = newNeedles(all)
	for _, look := range []func(context.Context) error{s.received, s.quarantined, s.files} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	for at, n := range s.hits {
		to := &s.out.Hits
		if strings.HasPrefix(at[1], dropDir+"/") {
			to = &s.out.Waiting
		}
		*to = append(*to, Hit{at[0], at[1], n})
	}
	for _, hits := range [][]Hit{s.out.Hits, s.out.Waiting} {
		slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Kind, b.Kind)) })
	}
	return s.out, nil
}

// shared is the names and dates that somebody who stays has too, or that are words of the code lists.
func (s *search) shared(ctx context.Context, words []needle) (map[needle]bool, error) {
	texts, days := map[string][]needle{}, map[arrow.Date32][]needle{}
	for _, n := range words {
		switch n.kind {
		case kindName:
			texts[strings.ToLower(n.text)] = append(texts[strings.ToLower(n.text)], n)
		case kindBirth:
			days[n.day] = append(days[n.day], n)
		}
	}
	out := map[needle]bool{}
	lists, err := s.Schema.Reference(memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	for _, b := range lists {
		s.lists[b.Table] = true
		also(b.Record, texts, days, out)
		b.Release()
	}
	if len(texts)+len(days) == 0 {
		return out, nil
	}
	for _, dir := range []string{vaultDir, lakeDir} {
		err := filepath.WalkDir(s.path(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".parquet" {
				return err
			}
			footer, err := load.ReadFooter(path)
			if err != nil {
				return err
			}
			names := texts
			if dir == lakeDir { // what is said of others there, notes among it, makes nobody's name theirs
				names = nil
			}
			return load.Rows(ctx, path, slices.DeleteFunc(footer.Columns, isID), func(rec recordBatch) error {
				also(rec, names, days, out)
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// also notes which of the texts and days a batch has.
func also(rec recordBatch, texts map[string][]needle, days map[arrow.Date32][]needle, out map[needle]bool) {
	note := func(ns []needle) {
		for _, n := range ns {
			out[n] = true
		}
	}
	text := func(s string) {
		if len(texts) == 0 {
			return
		}
		s = strings.ToLower(s)
		note(texts[strings.TrimSpace(s)])
		for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			note(texts[w])
		}
	}
	for _, a := range rec.Columns() {
		switch a := a.(type) {
		case *array.Date32:
			for i := range a.Len() {
				if a.IsValid(i) {
					note(days[a.Value(i)])
				}
			}
		case *array.Dictionary:
			if words, ok := a.Dictionary().(*array.String); ok {
				for i := range words.Len() {
					text(words.Value(i))
				}
			}
		case *array.String:
			for i := range a.Len() {
				if a.IsValid(i) {
					text(a.Value(i))
				}
			}
		}
	}
}

// birthForms is how a day may be written.
var birthForms = []string{time.DateOnly, "02/01/2006", "02.01.2006", "2/1/2006", "2.1.2006", "20060102"}

// files searches the bytes of every file.
func (s *search) files(ctx context.Context) error {
	return filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) && strings.HasPrefix(path, s.path(dropDir)) {
			return nil
		}
		if err != nil || ctx.Err() != nil {
			return cmpOr(err, ctx.Err())
		}
		if !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(s.Dir, path)
		if err != nil {
			return err
		}
		where := filepath.ToSlash(rel)
		if parts := strings.Split(where, "/"); parts[0] == dropDir {
			where = strings.Join(parts[:min(2, len(parts))], "/") // the name is its sender's
		}
		s.out.Files++
		return s.file(ctx, path, where)
	})
}

// file searches one file.
func (s *search) file(ctx context.Context, path, where string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) && strings.HasPrefix(where, dropDir) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.reader(f, where); err != nil {
		return err
	}
	head := make([]byte, 4)
	_, _ = f.ReadAt(head, 0) // a shorter file is none of those
	switch {
	case bytes.Equal(head, []byte("PAR1")):
		return load.Pages(path, func(b []byte) error {
			s.out.Bytes += int64(len(b))
			s.needles.find(b, 0, func(n needle) {
				if s.told(where, n) {
					s.hit(where)(n)
				}
			})
			return nil
		})
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return s.zip(f, where)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return s.gzip(f, where)
	case filepath.Ext(path) == ".duckdb":
		return load.Texts(ctx, path, func(table, column, text string) error {
			s.out.Bytes += int64(len(text))
			s.needles.find([]byte(text), 0, func(n needle) {
				if !s.lists[table] || n.kind == kindID {
					s.hit(where + " " + table + "." + column)(n)
				}
			})
			return nil
		})
	}
	return nil
}

func (s *search) hit(where string) func(needle) {
	return func(n needle) { s.hits[[2]string{n.kind, where}]++ }
}

// told reports whether an identifier in the bytes of a file says anything: in one that was searched cell by cell, other
// people's names and birth dates do not.
func (s *search) told(where string, n needle) bool {
	return !s.read[where] || n.kind == kindID || n.kind == kindReference
}

// reader searches what a reader gives. In files of columns that come from the declarations alone, words are no names.
func (s *search) reader(r io.Reader, where string) error {
	hit := s.hit(where)
	table := load.TableOf(strings.Join(strings.Split(where, "/")[min(2, strings.Count(where, "/")):], "/"))
	n, err := s.needles.scan(r, func(x needle) {
		if (!s.lists[table] || x.kind == kindID) && s.told(where, x) {
			hit(x)
		}
	})
	s.out.Bytes += n
	return err
}

// cellsPart is the parts of archives that hold the cells.
var cellsPart = regexp.MustCompile(`^xl/(sharedStrings\.xml|worksheets/[^/]*\.xml)$|^content\.xml$|^sheet-\d+\.jsonl$|\.(csv|txt|tsv|xlsx|xls|ods)$`)

// mostUnpacked is how much of one part of an archive is looked at: what strangers send may have no end.
const mostUnpacked = 8 << 30

func (s *search) zip(f *os.File, where string) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, fi.Size())
	if err != nil {
		return nil // it only begins like one: its bytes were looked at
	}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			continue
		}
		part := where
		if !cellsPart.MatchString(m.Name) { // of a workbook: notes, properties and whatever else is beside the cells
			part += " " + path.Base(m.Name)
		}
		err = s.reader(io.LimitReader(r, mostUnpacked), part)
		r.Close()
		if err != nil && !damaged(err) {
			return err
		}
	}
	return nil
}

// damaged reports whether an archive of a stranger cannot be read on.
func damaged(err error) bool {
	var pe *fs.PathError
	return !errors.As(err, &pe)
}

func (s *search) gzip(f *os.File, where string) error {
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil
	}
	if err := s.reader(io.LimitReader(r, mostUnpacked), where); err != nil && !damaged(err) {
		return err
	}
	return nil
}

// received searches the received files as they are read: in whatever encoding, packed or closed.
func (s *search) received(ctx context.Context) error {
	for i := range s.ledger.Submissions {
		sub := &s.ledger.Submissions[i]
		if err := s.rows(ctx, sub); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) rows(ctx context.Context, sub *Submission) error {
	f, err := s.openInbox(ctx, sub, extract.Options{})
	var bad *extract.Error
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &bad) {
		return nil // its bytes were looked at
	}
	if err != nil {
		return err
	}
	defer f.Close()
	where := inboxDir + "/" + sub.copied()
	s.read[where] = true
	where += " (" + sub.Receipt + ")"
	for _, sh := range f.Sheets() {
		for r, err := range sh.Rows(ctx) {
			if errors.As(err, &bad) {
				break
			}
			if err != nil {
				return err
			}
			s.row(where, r.Cells)
		}
	}
	return nil
}

// row searches a row of somebody who stays. That somebody else bears a name or was born on a day is no trace of who was
// erased, where it is all of a cell: two of the same person's are, and any within a longer text.
func (s *search) row(where string, cells []string) {
	hit := s.hit(where)
	alike := map[int]map[needle]bool{} // by record: what of it stands in the row
	for _, c := range cells {
		s.out.Bytes += int64(len(c))
		s.needles.find([]byte(c), 0, func(n needle) {
			if n.kind != kindName && n.kind != kindBirth || n.text != strings.TrimSpace(c) {
				hit(n)
				return
			}
			for _, o := range s.owners[n] {
				if alike[o] == nil {
					alike[o] = map[needle]bool{}
				}
				alike[o][n] = true
			}
		})
	}
	for _, of := range alike {
		if len(of) > 1 {
			for n := range of {
				hit(n)
			}
			return
		}
	}
}

// quarantined searches the rows that were rejected.
func (s *search) quarantined(ctx context.Context) error {
	for i := range s.ledger.Submissions {
		id := s.ledger.Submissions[i].ID
		if !isThere(s.quarantineFile(id)) {
			continue
		}
		where := quarantineDir + "/" + id + ".parquet"
		s.read[where] = true
		err := load.Rows(ctx, s.quarantineFile(id), []string{"cells"}, func(rec recordBatch) error {
			for k := range int(rec.NumRows()) {
				var cells []string
				if err := json.Unmarshal([]byte(load.Text(rec.Column(0), k)), &cells); err != nil {
					return err
				}
				s.row(where, cells)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// identifiers is what the vault knows of the records of the submissions: names, references and birth dates.
func (h *Home) identifiers(ctx context.Context, submissions []string, records map[string]bool) (owners, error) {
	v := h.Schema.Table(recordTable).Vault()
	var columns []string
	kinds := map[string]string{}
	for _, f := range v.Fields {
		if f.Class != schemas.ClassDirect || f.Type != schemas.Text || f.Keyed {
			continue
		}
		columns = append(columns, f.Name)
		switch f.Name {
		case "case_reference", "other_reference", "identity_number":
			kinds[f.Name] = kindReference
		default:
			kinds[f.Name] = kindName
		}
	}
	found, numbers := owners{}, map[string]int{}
	for _, id := range submissions {
		path := h.vaultFile(recordTable, id)
		if !isThere(path) {
			continue
		}
		err := load.Rows(ctx, path, append([]string{"record_id", "birth_from", "birth_to"}, columns...), func(rec recordBatch) error {
			from, to := rec.Column(1).(*array.Date32), rec.Column(2).(*array.Date32)
			for i := range int(rec.NumRows()) {
				record := load.Text(rec.Column(0), i)
				if !records[record] {
					continue
				}
				numbers[record] = cmp.Or(numbers[record], len(numbers)+1)
				for k, c := range columns {
					if a := rec.Column(3 + k); a.IsValid(i) {
						found.add(needle{text: strings.TrimSpace(load.Text(a, i)), kind: kinds[c]}, numbers[record])
					}
				}
				if from.IsValid(i) && to.IsValid(i) && from.Value(i) == to.Value(i) {
					for _, form := range birthForms {
						found.add(needle{from.Value(i).ToTime().Format(form), kindBirth, from.Value(i)}, numbers[record])
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (o owners) add(n needle, owner int) {
	if !slices.Contains(o[n], owner) {
		o[n] = append(o[n], owner)
	}
}

func sortedNeedles(set owners) []needle {
	var out []needle
	for n := range set {
		if n.text != "" {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b needle) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text)) })
	return out
}
