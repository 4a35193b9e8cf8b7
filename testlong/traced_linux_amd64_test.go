package testlong

import "os"

// traceThis runs the home that is named, under the filter; it is another program then. It reports whether one was.
func traceThis() bool {
	dir := os.Getenv(tracedHome)
	if dir != "" {
		exitWith(underFilter(dir))
	}
	return dir != ""
}
