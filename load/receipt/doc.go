// Package receipt writes what an agency gets back for a file that it sent: one page (WriteHTML), the
// same for programs (WriteJSON), and the agency's own workbook with the cells to look at coloured
// and explained (Annotate; AnnotateRows for a file of text). It also knows such a workbook when it
// comes back (Recognise), and takes out of it what was added (Strip, StripRows).
//
// An Input is all that a receipt knows; who calls fills it, and nothing else is looked up. So a
// receipt cannot hold another agency's data: it is never handed any. A cell's text stands in a receipt only as
// a Finding's Word, which the caller hands in where the word may be shown. A Catalogue is the
// texts of one language, as data; a Page is an Input said in such a language, in the order in
// which a reader wants it, and the three forms of a receipt are written from it.
//
// The workbook is patched, not written anew: each part that needs no change is copied byte for
// byte, and a sheet runs through as a stream, in which only the style of a cell is changed. What
// is not done: the package does not read cells, does not decide what is wrong, does not send
// anything, and does not keep or delete receipts.
package receipt
