//go:build unix && !darwin

package main

// maxrssUnit is the bytes that getrusage counts ru_maxrss in.
const maxrssUnit = 1024
