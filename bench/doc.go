// Command bench measures palermo beside others on the same made-up input, in the same run: the
// reading of a wide sheet beside a bare excelize loop, and wide CSV, and case records, to coded
// Parquet beside DuckDB's COPY. It writes docs/benchmarks.md.
//
// A contestant runs in a process of its own (this program, executed again), so that its peak
// memory is its own. Contestants take turns, A B A B, so that a slow minute of the machine hits
// both. The ratio is taken round by round.
package main
