//go:build !race

package pipeline_test

// raced says that the race detector watches, under which all takes ten to twenty times as long. What
// a test asserts of results, it asserts without it; under it tests are made smaller, as long as
// the same goroutines run.
const raced = false
