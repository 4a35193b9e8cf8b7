// Package cell says what a number in a spreadsheet reads as: by its number format a date, a time or
// a duration in ISO 8601, else the shortest decimal. The readers of all formats of workbooks use
// it, so that one table reads alike in each.
//
// It knows no format of files, and never rounds but to the millisecond.
package cell
