// Package template writes empty workbooks for agencies to fill in (Write), and knows one again when it comes
// back (Recognise; Read, for who reads files elsewhere).
//
// A Form is all that such a workbook asks: its sheets, and of each Column the header, what it is for, and what a cell may
// hold. Whoever calls makes it of a schema and a mapping, so that each source has a template for
// free; the package reads neither. What the workbook says itself is in a catalogue, one file a language.
//
// The first sheet asks what the file does, for which period, and whether there was nothing to report. A sheet of cases has an
// example in the row above its header, where no table begins: it is never loaded, whatever is written
// into it, whether rows are sorted, and in whatever format the sheet is saved. Cells are checked by the workbook as they are filled
// in: words from a list, days, numbers. Hidden names say of which form and version the workbook is, and lead to the
// answers on the first sheet.
//
// What is not done: the package loads nothing, and does not check what was filled in; that is the mapping's work, as with any file.
package template
