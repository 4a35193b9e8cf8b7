// Package diag says where in a source file something stands (Pos) and what was found there
// (Diagnostic), and collects findings (List).
//
// A finding is data, not an error: it is counted, placed, and the run goes on. An error is for
// what stops a run. A Message never quotes a cell, since records can be about people; Value may
// hold a cell's text, and is shown only where the zone of the output allows it.
//
// The package does not log, print or translate.
package diag
