package main

import (
	"encoding/json"
	"io"
)

// envelope is what --json prints: one object, the same for each command.
type envelope struct {
	Command string   `json:"command"`
	OK      bool     `json:"ok"`
	Summary string   `json:"summary"`
	Result  any      `json:"result"`
	Error   *failure `json:"error"`
}

func writeEnvelope(w io.Writer, e envelope) error { return writeJSON(w, e) }

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
