package testlong

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const page = "../docs/quality.md"

// writeSection puts the text between the section's marks in the page of measurements.
func writeSection(t *testing.T, name, text string) {
	t.Helper()
	b, err := os.ReadFile(page)
	check(t, err)
	begin, end := fmt.Sprintf("<!-- %s: written by make test-long -->\n", name), fmt.Sprintf("<!-- /%s -->", name)
	before, rest, found := strings.Cut(string(b), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no section %s", page, name)
	}
	check(t, os.WriteFile(page, []byte(before+begin+"\n"+text+"\n"+end+after), 0o644))
}
