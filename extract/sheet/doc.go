// Package sheet reads the cells of a workbook (.xlsx, .xlsm) as text, row by row, in one pass over
// the inflated bytes.
//
// Open takes a container that package zipfile has let through and gives a Book: its Sheets, what
// was found about it, and, for each sheet, a Reader of Rows and the Comments. A Book holds the
// shared strings and the styles in memory, and nothing else; a Reader holds some hundred KiB,
// whatever the size of the sheet. Nothing is written anywhere.
//
// Text is what the cell means, by the rules of package extract: numbers as the shortest decimal,
// dates and times in ISO 8601 where the number format says that they are ones (dates.go), truths
// as TRUE and FALSE, errors as spreadsheets show them, formulas as the result saved with them.
// How other programs than Excel write a sheet is taken as it is meant where only one thing can be
// meant: without references, without a dimension, with prefixes, in the strict namespaces, with
// cells in another order.
//
// What cannot be read is a *zipfile.Fault with its place: sheet, row and column as far as they are
// known. A sheet is never read to its end without having been whole.
//
// The package does not calculate, does not follow links out of the container, and does not know
// what a table is. Sheets of charts, dialogues and old macros are left out, and said so.
package sheet
