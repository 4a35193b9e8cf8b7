// Package extract turns a file into raw batches: every cell as text, with its place.
//
// Open finds the format from the content, never from the name, and gives a File; a File has
// Sheets (a CSV is one sheet without a name); a Sheet streams Rows. Read are text with separated
// columns, .xlsx and .xlsm, .ods, .xls of Excel 97 and later, zip archives of these, whose files' sheets
// become those of the archive, and workbooks and age files for which Options hold a Secret. What was
// decrypted stays in memory. A Reader takes one table of
// a sheet and yields it as raw batches of package schemas, dictionary-encoded column by column.
//
// The package decides nothing: it does not guess types, skip totals, find headers or know a
// target. Two things it does on the way to text, because the file says them and the text alone
// would not: a number that its workbook shows as a date arrives as that date in ISO 8601, and
// the bytes of a text file that is not UTF-8 are decoded by the encoding found from them.
//
// Nothing of a container is used before it was held against its directory (extract/zipfile), and
// workbooks are read in one pass over their inflated bytes (extract/sheet); neither writes to disk.
//
// What is wrong with a file as a whole comes back as an *Error, which carries a finding of
// package diag with its place. A File that was read partly and then failed must be rejected as a
// whole: rows that were yielded before the error are right, but not all there are.
package extract
