//go:build !race

package sandbox

// raced says that the race detector watches.
const raced = false
