// Package loadtest is the suite that every sink of harmonised batches passes (Run), with a made-up
// table that has a column of every type (Table) and batches of its rows in every form that a
// sink meets (Batch).
//
// It is for tests only.
package loadtest
