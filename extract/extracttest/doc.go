// Package extracttest is the suite that every reader of a file format passes: rows and their
// numbers, second passes, raw batches with their dictionaries, counts, limits of ownership.
//
// It writes small grids in the format, by the function it is given, and reads them back. What is
// particular to one format (encodings, dates) is tested beside that reader.
package extracttest
