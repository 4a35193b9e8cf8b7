package diag

import (
	"fmt"
	"strings"
)

// Severity ranks findings. The zero value is Info.
type Severity int

// Info needs no action; Warning means something was kept but not understood, or is unusual;
// Error means a row, a table or a file was not loaded.
const (
	Info Severity = iota
	Warning
	Error
)

func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("severity(%d)", int(s))
}

// MarshalText writes the severity as its word, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(b []byte) error {
	for _, known := range []Severity{Info, Warning, Error} {
		if known.String() == string(b) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("unknown severity %q", b)
}

// Diagnostic is one thing found at one place.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Pos      Pos      `json:"pos"`
	Field    string   `json:"field,omitempty"`
	Message  string   `json:"message"`         // field and reason, never the cell's text
	Value    string   `json:"value,omitempty"` // the cell's text, for outputs whose zone allows it
}

// String prints the place first: `cases.csv:118:4: sex: no code for this value [code.unmapped]`.
// It never prints Value.
func (d Diagnostic) String() string {
	var b strings.Builder
	if p := d.Pos.String(); p != "" {
		b.WriteString(p + ": ")
	}
	if d.Field != "" {
		b.WriteString(d.Field + ": ")
	}
	fmt.Fprintf(&b, "%s [%s]", d.Message, d.Code)
	return b.String()
}
