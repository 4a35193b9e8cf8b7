// Package name makes the names of persons comparable across the scripts and spellings of the
// region, and compares them.
//
// A Text is one name as it is compared: its tokens in ASCII lower case and the Skeleton of each,
// which says how it sounds rather than how it is spelled, so that Ђорђевић, Đorđević and
// Dzhordzhevich meet. Where a spelling leaves two readings (a Serbian name written with or without
// its marks, a c that is Romanian or Slavic, Ukrainian г) the second one stands in Alt and
// AltSkeleton, and the better of the two counts. Parse is for distinct values, once each; the
// comparators (JaroWinkler, Align, OneEdit, Levenshtein) run once a pair, on ASCII, and do not
// allocate.
//
// What the letters and spellings stand for is data: letters.csv is each letter in each language,
// sounds.csv is what a spelling sounds like, empties.csv is the words that stand for no name. A
// linguist can check and extend them without reading Go.
//
// The package does not know whose name it is: it gives neither given name nor surname, drops no
// title or patronymic, knows no nickname, and does not make Alexander and Oleksandr one. It does
// not mend broken encodings. Letters of a script that letters.csv does not have are left out, so
// that a name in such a script is an empty Text: missing, not different.
package name
