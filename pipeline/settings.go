package pipeline

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"palermo/diag"
)

// SnapshotSettings is how many snapshots are kept.
type SnapshotSettings struct {
	Keep int `yaml:"keep,omitempty" json:"keep,omitempty" jsonschema:"minimum=2,description=snapshots that are kept; 30 by default"`
}

// TelemetrySettings is whom a run tells how it went. Nothing of it can make a run fail, and no cell, name or
// path is in it.
type TelemetrySettings struct {
	Textfile       string `yaml:"textfile,omitempty" json:"textfile,omitempty" jsonschema:"description=a file of metrics for the node exporter of Prometheus; relative to the home"`
	OpenLineage    string `yaml:"openlineage,omitempty" json:"openlineage,omitempty" jsonschema:"description=a file for OpenLineage events (relative to the home) or the URL that takes them"`
	Namespace      string `yaml:"namespace,omitempty" json:"namespace,omitempty" jsonschema:"description=of the job and its tables in OpenLineage; palermo by default"`
	Ping           string `yaml:"ping,omitempty" json:"ping,omitempty" jsonschema:"description=a URL to which /start is added at the beginning of a run and /STATUS at its end"`
	Webhook        string `yaml:"webhook,omitempty" json:"webhook,omitempty" jsonschema:"description=a URL that is sent the summary of each run as JSON"`
	TimeoutSeconds int    `yaml:"timeout_seconds,omitempty" json:"timeout_seconds,omitempty" jsonschema:"minimum=1,description=how long an answer is waited for; 10 by default"`
}

const (
	keptSnapshots    = 30
	leastSnapshots   = 2 // the published one, and the one that a rollback leads to
	telemetryTimeout = 10
)

// settle checks the settings of a night, and gives those that are not there their defaults.
func (c *Config) settle(file string) error {
	wrong := func(format string, args ...any) error {
		return &ConfigError{[]diag.Diagnostic{{Code: diag.ConfigSyntax, Severity: diag.Error, Pos: diag.Pos{File: file}, Message: fmt.Sprintf(format, args...)}}}
	}
	switch s := &c.Snapshots; {
	case s.Keep == 0:
		s.Keep = keptSnapshots
	case s.Keep < leastSnapshots:
		return wrong("snapshots.keep: at least %d are kept", leastSnapshots)
	}
	if r := c.Retention; min(r.InboxDays, r.VaultDays, r.QuarantineDays, r.SnapshotDays) < 0 {
		return wrong("retention: a number below zero")
	}
	t := &c.Telemetry
	if t.TimeoutSeconds < 0 {
		return wrong("telemetry.timeout_seconds: a number below zero")
	}
	if t.TimeoutSeconds == 0 {
		t.TimeoutSeconds = telemetryTimeout
	}
	for name, u := range map[string]string{"ping": t.Ping, "webhook": t.Webhook} {
		if u != "" && !isURL(u) {
			return wrong("telemetry.%s: not a URL", name)
		}
	}
	return nil
}

// isURL reports whether the text is an address to send something to.
func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// below is a path of the config: relative to the home.
func (h *Home) below(path string) string {
	if path == "" || filepath.IsAbs(path) || strings.Contains(path, "://") {
		return path
	}
	return h.path(path)
}
