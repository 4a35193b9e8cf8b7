package days

import "math/bits"

// Packed is a full date as its eight decimal digits yyyymmdd, four bits each.
type Packed uint32

// Pack gives the digits of a day of the years from 0 to 9999.
func Pack(day int32) Packed {
	y, m, d := Date(day)
	return Packed(digits(y/100)<<24 | digits(y%100)<<16 | digits(m)<<8 | digits(d))
}

func digits(n int) uint32 { return uint32(n/10<<4 | n%10) }

// Digits is the number of places in which two dates have different digits.
func Digits(a, b Packed) int {
	x := a ^ b
	x |= x >> 1
	x |= x >> 2
	return bits.OnesCount32(uint32(x & 0x11111111))
}

// Swapped is whether two different dates become one when the day and the month of one change places.
func Swapped(a, b Packed) bool {
	return a != b && a>>16 == b>>16 && a>>8&0xff == b&0xff && a&0xff == b>>8&0xff
}
