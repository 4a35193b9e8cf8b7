// Package testreal holds the tests that load real, published files and compare what palermo makes
// of them with figures worked out from the same files by other code.
//
// The files are not part of the repository: they lie under data/ in the folder that
// PALERMO_SHARED names. `make test-real` runs the tests; without PALERMO_REAL they are not run,
// and say so in one line. Where the files are missing, a continuous-integration run (CI=true)
// fails, and any other passes with a line that says what is missing.
package testreal
