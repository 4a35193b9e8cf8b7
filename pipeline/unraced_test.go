//go:build !race

package pipeline_test

// raced says that the race detector watches, under which all takes ten to twenty times as long. What
// a test asserts of results, it asserts without it; under it the tests named in racing are made, and smaller.
const raced = false
