package extract

import (
	"context"
	"encoding/binary"
	"math"
	"strconv"

	"palermo/extract/cell"
)

// cells calls put for each cell with text.
func (b *xlsBook) cells(ctx context.Context, begin int, put func(row, col int, text string) error) error {
	n := 0
	return b.records(begin, func(r record, next int) error {
		if !isCell(r.typ) {
			return nil
		}
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(r.data) < 6 {
			return badXLS("a short record")
		}
		row, col := int(binary.LittleEndian.Uint16(r.data))+1, int(binary.LittleEndian.Uint16(r.data[2:]))
		if r.typ == biffMulRK {
			return b.mulRK(r.data, row, col, put)
		}
		text, err := b.text(r, next)
		switch {
		case err != nil:
			return err
		case col >= xlsCols:
			return badXLS("a column that a sheet does not have")
		case text == "":
			return nil
		}
		return put(row, col, text)
	})
}

// mulRK is numbers side by side.
func (b *xlsBook) mulRK(data []byte, row, col int, put func(row, col int, text string) error) error {
	n := (len(data) - 6) / 6
	if (len(data)-6)%6 != 0 || col+n > xlsCols {
		return badXLS("a record of the wrong length")
	}
	for i := range n {
		at := data[4+6*i:]
		if err := put(row, col+i, b.number(rk(binary.LittleEndian.Uint32(at[2:])), int(binary.LittleEndian.Uint16(at)))); err != nil {
			return err
		}
	}
	return nil
}

// text is what the cell reads as.
func (b *xlsBook) text(r record, next int) (string, error) {
	data, style := r.data[6:], int(binary.LittleEndian.Uint16(r.data[4:]))
	need := map[uint16]int{biffNumber: 8, biffRK: 4, biffLabelSST: 4, biffBoolErr: 2, biffFormula: 8}[r.typ]
	if len(data) < need {
		return "", badXLS("a short record")
	}
	switch r.typ {
	case biffNumber:
		return b.number(math.Float64frombits(binary.LittleEndian.Uint64(data)), style), nil
	case biffRK:
		return b.number(rk(binary.LittleEndian.Uint32(data)), style), nil
	case biffLabelSST:
		i := binary.LittleEndian.Uint32(data)
		if uint64(i) >= uint64(len(b.strings)) {
			return "", badXLS("a text that is not there")
		}
		return b.strings[i], nil
	case biffBoolErr:
		return boolErr(data[0], data[1] != 0), nil
	case biffFormula:
		return b.result(data, style, next)
	}
	return (&xlsText{rest: data}).counted(2) // biffLabel, biffRString
}

// result is a formula's kept value.
func (b *xlsBook) result(data []byte, style, next int) (string, error) {
	if data[6] != 0xff || data[7] != 0xff {
		return b.number(math.Float64frombits(binary.LittleEndian.Uint64(data)), style), nil
	}
	switch data[0] {
	case 0: // a text, which follows, after an array's or a shared formula at most
		for range 3 {
			r, after, err := b.next(next)
			if err != nil {
				return "", err
			}
			if r.typ == biffString {
				return b.longText(r.data, after)
			}
			next = after
		}
		return "", badXLS("a formula's text is not there")
	case 1, 2:
		return boolErr(data[2], data[0] == 2), nil
	}
	return "", nil
}

// number is the number as text, as the date that it is shown as, or as nothing where it is none.
func (b *xlsBook) number(f float64, style int) string {
	if style < len(b.styles) && b.styles[style] != cell.ShowsNumber {
		if s, ok := cell.AppendDate(nil, f, b.styles[style], b.own1904); ok {
			return string(s)
		}
	}
	return string(cell.AppendNumber(nil, strconv.AppendFloat(nil, f, 'g', -1, 64)))
}

// rk is a number in the short form.
func rk(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

var xlsErrors = map[byte]string{0x00: "#NULL!", 0x07: "#DIV/0!", 0x0f: "#VALUE!", 0x17: "#REF!", 0x1d: "#NAME?", 0x24: "#NUM!", 0x2a: "#N/A"}

func boolErr(v byte, isError bool) string {
	switch {
	case isError && xlsErrors[v] != "":
		return xlsErrors[v]
	case isError:
		return "#N/A"
	case v != 0:
		return "TRUE"
	}
	return "FALSE"
}
