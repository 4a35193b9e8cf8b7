// Package load writes harmonised batches to Parquet (Writer), builds one DuckDB file from the
// Parquet (BuildDatabase), and publishes both as a snapshot, by one rename (Stage). It opens what
// it wrote.
//
// Parquet is the one truth: equal rows give equal bytes, in whatever batches they come, and the
// tables of the database equal the Parquet row for row. A file appears under its name only when
// it is whole and on disk.
//
// It is also where people are protected: a file that is written as the table of a zone, or of the
// lake, holds nothing that may not stand there, and what may stand there only coarser is made so
// (Create, Split, Project). What that is, package schemas declares.
//
// The package knows tables and columns, not sources: it never reads a mapping, and it decides
// nothing about a value.
package load
