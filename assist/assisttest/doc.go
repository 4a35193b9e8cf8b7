// Package assisttest measures what the assistant proposes for a source that is hidden from it, for tests over
// fixtures and over real files. What it compares with is what the source's own mapping says.
package assisttest
