// Package zipfile opens zip containers that strangers sent: workbooks and archives of files.
//
// Open reads the directory and refuses a container whose directory cannot be right or is not
// safe: entries that overlap, that have one name, a path that leads out, a link, a password, or
// claims of sizes that no honest file of its size makes. An Entry's reader holds the entry to
// what the directory claims of it, byte by byte, so a limit on the claims is one on the bytes
// that really come. Check reads every entry to its end, before anything of it is used. Nothing is
// held in memory but the directory, and nothing is written anywhere.
//
// What is wrong with a container is a *Fault, which carries a finding of package diag. It never
// names an entry: names can be those of persons.
//
// The package does not know what the entries mean, and does not unpack an archive in an archive.
package zipfile
