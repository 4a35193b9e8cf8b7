//go:build race

package pipeline_test

// raceEnabled is whether the tests run under the race detector, several times slower.
const raceEnabled = true
