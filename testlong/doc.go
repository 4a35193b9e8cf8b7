// Package testlong holds the tests that take minutes: large inputs, many repetitions, runs that
// are killed over and over. `make test-long` runs them; without PALERMO_LONG they are not run, and
// say so in one line. PALERMO_LONG=sample runs each on a small scale.
package testlong
