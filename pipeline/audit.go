package pipeline

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"time"
)

func (h *Home) auditFile() string { return h.path(stateDir, "audit.jsonl") }

// note adds a line to the home's audit file and makes it durable: when, who and by which command, and what about. It
// never holds what was shown.
func (h *Home) note(now time.Time, command string, about map[string]any) error {
	line := map[string]any{"time": now.UTC(), "user": os.Getuid(), "command": command}
	maps.Copy(line, about)
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(h.auditFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return environment(err)
	}
	_, err = f.Write(append(b, '\n'))
	return environment(errors.Join(err, f.Sync(), f.Close()))
}
