// Package days compares births known more or less exactly: as closed intervals of days, and as the
// digits of two full dates.
//
// A day is a number of days since 1970-01-01 in the Gregorian calendar. An Interval is the days on
// which somebody may have been born, as a date, a month, a year, an age or a band of ages on some
// day says. A Packed is a full date by its digits, for what goes wrong when dates are typed.
//
// The package reads no text and does not know how a date came to be, or that the first of January
// often means only a year: who calls it says so by the Interval that it makes.
package days
