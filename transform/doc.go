// Package transform turns raw batches into harmonised ones: it parses, recodes and checks, as a
// mapping says, and never guesses.
//
// Compile holds a mapping's table against its target and finds all that can be wrong without
// data: a Plan. Plan.Open binds it to one table of one file: a Table, which takes the facts of a
// first pass where the mapping asks for any, and then applies each raw batch. A rule runs once
// for each distinct word of a column (an outcome), and rows only carry pointers to outcomes: the
// value map, which says what became of each word, falls out of it.
//
// Named rules stand in one visible table each: parsers, facts, severals, repairs. The package
// opens no file, does not aggregate, impute or round, and does not know who will read what.
package transform
