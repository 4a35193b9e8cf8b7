// Package disclose makes counts and rows about people fit to be given away.
//
// SmallCells is the rule for one count: what is too small is withheld, and what is shown is rounded. A Cube is counts by
// several dimensions, of which some tables with all their margins are to be shown: Protect withholds what is too
// small, and as much beside it that nobody can work it out from what is shown there and in earlier releases.
// Rows is one row a person: Anonymise blanks the fewest values that leave each combination of identifying ones to k
// persons or to none.
//
// The package works on numbers: who calls it says what a column is, which are identifying, and which may leave at all.
// It reads nothing, writes nothing, and draws no lots: same in, same out. Noise with a stated privacy loss (differential
// privacy) is no part of it.
package disclose
