package assess

import (
	"fmt"

	"palermo/diag"
)

// fault adds a fault at the value that the keys and indexes lead to; where the path ends early,
// at the last value on it.
func (d *decoder) fault(message string, path ...any) {
	d.faults = append(d.faults, fmt.Errorf("%s: %s", d.pos(path...), message))
}

// pos is the place of the value that the keys and indexes lead to; where the path ends early, of
// the last value on it.
func (d *decoder) pos(path ...any) diag.Pos { return placed(d.doc.Pos(path...)) }

// placed is the place, or the beginning of its file where it has none.
func placed(p diag.Pos) diag.Pos {
	p.Row, p.Col = max(p.Row, 1), max(p.Col, 1)
	return p
}
