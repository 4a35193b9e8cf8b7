// Package report writes what a snapshot holds as one page: what came in, what is missing, how records were
// linked, and the picture of the data (WriteHTML), and the same for programs (WriteJSON). A page of one agency
// is the same page with fewer sections.
//
// An Input is all that a report shows, as numbers and codes; who calls fills it, and nothing else is looked up.
// So it is also where small numbers have been hidden already: a Count that must not be shown holds no number. A
// section is a chart and the table of the same numbers beside it, in the words of a receipt.Catalogue and of
// Labels, which says what a code is called.
//
// A page is one file without script, font or picture of elsewhere: charts are drawn as SVG. What is not done: the
// package counts nothing, asks no database, decides what is small nowhere, and knows no person.
package report
