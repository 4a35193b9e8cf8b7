//go:build !(linux && amd64)

package testlong

// traceThis reports whether a home is to be run traced, which is for Linux on amd64.
func traceThis() bool { return false }
