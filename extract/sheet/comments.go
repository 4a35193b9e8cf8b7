package sheet

import (
	"io"
)

// Comment is what somebody noted at a cell.
type Comment struct {
	Row, Col int
	Text     string
}

// Comments is the comments of the sheet of that index in Sheets, in the order of the file. They are read
// from their part each time.
func (b *Book) Comments(i int) ([]Comment, error) {
	held := &room{b.o.MaxHeldBytes}
	rels, err := readRelations(b.a, b.Sheets[i].part.Name, held)
	if err != nil {
		return nil, partFault(err, "the list of what belongs to a sheet")
	}
	var out []Comment
	for _, r := range rels {
		e := b.a.Find(r.target)
		if r.kind != "comments" || e == nil {
			continue
		}
		in, err := openPart(e)
		if err != nil {
			return nil, partFault(err, "the comments of a sheet")
		}
		out, err = readComments(in, out, b.o.MaxCellBytes, held)
		in.Close()
		if err != nil {
			return nil, partFault(err, "the comments of a sheet")
		}
	}
	return out, nil
}

func readComments(r io.Reader, out []Comment, limit int, held *room) ([]Comment, error) {
	s := newScanner(r)
	for at := (Comment{}); ; {
		t, err := s.next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case t.is("comment"):
			v, err := t.attrs("ref")
			if err != nil {
				return nil, err
			}
			at.Col, at.Row = cellName([]byte(v[0]))
		case t.is("text") && t.kind == tagOpen && at.Row > 0:
			b, err := s.richText(t, nil, limit)
			if err == nil {
				err = held.take(64 + int64(len(b)))
			}
			if err != nil {
				return nil, err
			}
			out = append(out, Comment{at.Row, at.Col, string(b)})
			at = Comment{}
		}
	}
}
