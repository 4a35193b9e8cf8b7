package sandbox

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// traceBytes is how much of a worker's standard error is looked at.
const traceBytes = 64 << 10

// tracePatterns are the lines of a Go trace that cannot hold data: constant texts of the runtime
// and of this package, headers of goroutines, positions in source files. A line "panic:" may hold
// any value, so only the runtime's own errors pass.
const tracePatterns = `^(` +
	`fatal error: [a-z :!-]+` +
	`|runtime: [a-z][0-9a-z :()-]*` +
	`|runtime/cgo: pthread_create failed: [A-Za-z ]+` +
	`|panic: runtime error: (index out of range|slice bounds out of range|integer divide by zero|invalid memory address|makeslice)[^"]*` +
	`|\[signal SIG[A-Z]+: [^"]*\]` +
	`|SIG[A-Z]+: [a-z ]+` +
	`|sandbox: [a-z ]+` +
	`|sandbox: panic of type [*\[\]\w./]+` +
	`|goroutine \d+ [^"]*:` +
	`|created by [\w./*()\[\]·-]+( in goroutine \d+)?` +
	`|\t[^"]+\.(go|s):\d+( \+0x[0-9a-f]+)?` +
	`)$`

// A line of a function may pass only where a position follows it.
const (
	functionPattern = `^[\w/.-]+\.[\w.*()\[\]·]+\([0-9a-fx, .{}?_+]*\)$`
	positionPattern = `^\t[^"]+\.(go|s):\d+`
)

// trace keeps of a worker's standard error the lines that cannot hold a cell's text, and counts
// the others.
func trace(stderr []byte) string {
	constant, function, position := regexp.MustCompile(tracePatterns), regexp.MustCompile(functionPattern), regexp.MustCompile(positionPattern)
	lines := strings.Split(strings.TrimRight(string(stderr), "\n"), "\n")
	var b strings.Builder
	withheld := 0
	for i, line := range lines {
		called := function.MatchString(line) && i+1 < len(lines) && position.MatchString(lines[i+1])
		switch {
		case line == "":
		case called || constant.MatchString(line):
			fmt.Fprintf(&b, "%s\n", line)
		default:
			withheld++
		}
	}
	if withheld > 0 {
		fmt.Fprintf(&b, "[%d lines withheld]\n", withheld)
	}
	return b.String()
}

// head keeps the first bytes written to it and drops the rest.
type head struct {
	max int
	buf bytes.Buffer
}

func (h *head) Write(p []byte) (int, error) {
	h.buf.Write(p[:min(len(p), h.max-h.buf.Len())])
	return len(p), nil
}
