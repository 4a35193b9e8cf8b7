//go:build race

package sandbox

// raced says that the race detector watches, which takes far more memory for itself than any limit:
// no limit of memory is set then.
const raced = true
