// Package pipeline joins extract, transform and load: it is the only package that imports all
// three. A Home is a folder with a drop folder, a key and what earlier runs left; Run takes what
// lies in the drop folder, harmonises what is not in the lake yet, and publishes one snapshot or
// none. Inspect and Explain look at a file and at a published value by the same code.
//
// A Submission is one file of one agency; an Entry is what a run made of it, kept in the lake
// under a key of everything it depends on, so that it is made once. The ledger is an append-only
// file of what was received and run; a snapshot is published by one rename.
//
// What a submission does to those before it is its Statement; what somebody decides about it, or
// about a case, is a Ruling. Versions of records are numbered, and which stand is decided, over
// all submissions, in one place (versions.go). Who refused or was withdrawn is struck: entries that
// have rows of them are made again without.
//
// What is about to be published passes a gate: checks, which are data of package schemas, of what was received
// and of the tables as they are filled. Rollback leads readers back, Plan is a run beside the home, and a teller
// hands package telemetry what others may know of a run.
//
// Private files can be sealed (sealed.go): they are written through Home.sealer, and opened through openReceived, plaintext and vault alone.
// The keys of a home are a ring (key.go): the first makes private ids, by which all is kept, the last those of the zones.
//
// What an agency gets back is a receipt: the desk (receipts.go) fills it from the entry, the versions and the
// places of findings that are kept beside the entry (places.go), when the run has ended. A receipt that comes back is one of a
// chain with the file that it is of (returned.go). CheckFile makes the receipt of a file that nobody sent.
//
// The empty workbook of a source, and how it is read when an agency has filled it in, are made of its mapping
// and the schema (forms.go, filled.go).
//
// The package decides no meaning (mappings do) and no exit status (cmd does).
package pipeline
