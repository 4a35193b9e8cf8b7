// Package seal closes files with age, so that who has a disk or its backup, and not the identity, reads nothing of
// them.
//
// Keys is whom files are sealed to, and what opens them. A sealed file is a plain age file, which the age program
// opens as well; the first line of its header is a mark of ours that says to which recipients it was sealed, so
// that without an identity one sees which files are sealed, and which are sealed to others than those of now.
//
// What is sealed anew is other bytes each time, of the same plaintext. The package names no files, writes no
// plaintext anywhere, and decides nothing about which files are sealed: package pipeline does.
package seal
