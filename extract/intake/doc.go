// Package intake takes what agencies put into the drop folder: it copies each file, once and
// whole, into the inbox under the name of its SHA-256.
//
// Claim walks the drop folder and gives the Claimed files; Release removes the copy in the drop
// folder, once the caller has written down durably that the file was received. Between the two
// nothing is lost: a run that dies after Claim finds the file again, and its inbox copy with it.
//
// The first folder below the drop folder names the agency: any folder whose name does not start
// with a dot; its sub-folders are walked too and are part of the file's name. Files that tools
// leave behind (hidden ones, lock files "~$…", unfinished downloads, Thumbs.db) are passed over
// in silence, as are markers "….ready", which go with their file; anything else that is not taken is reported and left where it is. No link is ever
// followed, and a file is opened once: what is checked, hashed and copied is the same file. The
// package does not look into files.
package intake
