//go:build !race

package main

// raced says that the race detector watches. Under it few scripts run: those in which the tool does
// several things at once.
const raced = false
