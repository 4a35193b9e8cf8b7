package zipfile

import (
	"fmt"

	"palermo/diag"
)

// Fault says that a container or a part of it cannot be used, and why. Its place is as exact as
// is known, without the file, which only the caller knows.
type Fault struct {
	Diagnostic diag.Diagnostic
	Err        error // the cause, or nil
}

func (f *Fault) Error() string {
	if f.Err != nil {
		return f.Diagnostic.String() + ": " + f.Err.Error()
	}
	return f.Diagnostic.String()
}

// Unwrap is the cause, or nil.
func (f *Fault) Unwrap() error { return f.Err }

// NewFault is a fault of that code at that place, with the code's severity.
func NewFault(cause error, c diag.Code, p diag.Pos, format string, a ...any) *Fault {
	d := diag.Diagnostic{Code: c, Severity: diag.Codes[c].Severity, Pos: p, Message: fmt.Sprintf(format, a...)}
	return &Fault{Diagnostic: d, Err: cause}
}

func fault(cause error, c diag.Code, format string, a ...any) *Fault {
	return NewFault(cause, c, diag.Pos{}, format, a...)
}

func damaged(cause error, format string, a ...any) *Fault {
	return fault(cause, diag.FileDamaged, format, a...)
}
