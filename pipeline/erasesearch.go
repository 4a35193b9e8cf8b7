package pipeline

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
}

// Search looks for identifiers. A name or a date that somebody else has is left out.
func (h *Home) search(ctx context.Context, l *Ledger, ids map[string]bool, words []needle) (*Search, error) {
	s := &search{Home: h, ledger: l, out: &Search{Hits: []Hit{}, Waiting: []Hit{}}, hits: map[[2]string]int{}, lists: map[string]bool{}}
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
	if err := s.files(ctx); err != nil {
		return nil, err
	}
	if err := s.received(ctx); err != nil {
		return nil, err
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
			s.needles.find(b, 0, s.hit(where))
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

// reader searches what a reader gives. In files of columns that come from the declarations alone, words are no names.
func (s *search) reader(r io.Reader, where string) error {
	hit := s.hit(where)
	table := load.TableOf(strings.Join(strings.Split(where, "/")[min(2, strings.Count(where, "/")):], "/"))
	n, err := s.needles.scan(r, func(x needle) {
		if !s.lists[table] || x.kind == kindID {
			hit(x)
		}
	})
	s.out.Bytes += n
	return err
}

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
		err = s.reader(io.LimitReader(r, mostUnpacked), where)
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
	f, err := s.openReceived(ctx, sub, extract.Options{})
	var bad *extract.Error
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &bad) {
		return nil // its bytes were looked at
	}
	if err != nil {
		return err
	}
	defer f.Close()
	hit := s.hit(inboxDir + "/" + sub.copied() + " (" + sub.Receipt + ")")
	var line []byte
	for _, sh := range f.Sheets() {
		for r, err := range sh.Rows(ctx) {
			if errors.As(err, &bad) {
				break
			}
			if err != nil {
				return err
			}
			line = line[:0]
			for _, c := range r.Cells {
				line = append(append(line, c...), '\n')
			}
			s.out.Bytes += int64(len(line))
			s.needles.find(line, 0, hit)
		}
	}
	return nil
}

// identifiers is what the vault knows of the records of the submissions: names, references and birth dates.
func (h *Home) identifiers(ctx context.Context, submissions []string, records map[string]bool) ([]needle, error) {
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
	found := map[needle]bool{}
	for _, id := range submissions {
		path := h.vaultFile(recordTable, id)
		if !isThere(path) {
			continue
		}
		err := load.Rows(ctx, path, append([]string{"record_id", "birth_from", "birth_to"}, columns...), func(rec recordBatch) error {
			from, to := rec.Column(1).(*array.Date32), rec.Column(2).(*array.Date32)
			for i := range int(rec.NumRows()) {
				if !records[load.Text(rec.Column(0), i)] {
					continue
				}
				for k, c := range columns {
					if a := rec.Column(3 + k); a.IsValid(i) {
						found[needle{text: strings.TrimSpace(load.Text(a, i)), kind: kinds[c]}] = true
					}
				}
				if from.IsValid(i) && to.IsValid(i) && from.Value(i) == to.Value(i) {
					for _, form := range birthForms {
						found[needle{from.Value(i).ToTime().Format(form), kindBirth, from.Value(i)}] = true
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sortedNeedles(found), nil
}

func sortedNeedles(set map[needle]bool) []needle {
	var out []needle
	for n := range set {
		if n.text != "" {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b needle) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text)) })
	return out
}
