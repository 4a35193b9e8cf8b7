package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"

	"palermo/diag"
)

// Config is palermo.yaml: everything in it has a default, and the file may be missing. Flags of
// the command line win over it.
type Config struct {
	Agencies map[string]Agency `yaml:"agencies,omitempty" json:"agencies,omitempty" jsonschema:"description=by the name of the folder under drop/"`
	Mappings string            `yaml:"mappings,omitempty" json:"mappings,omitempty" jsonschema:"description=a folder of mappings to use beside the built-in ones; relative to the home"`
	Intake   Intake            `yaml:"intake,omitempty" json:"intake,omitempty"` // what the drop folder accepts
	Watch    WatchSettings     `yaml:"watch,omitempty" json:"watch,omitempty"`   // how the drop folder is watched
	Threads  int               `yaml:"threads,omitempty" json:"threads,omitempty" jsonschema:"minimum=0,description=files worked on at once; 0 is one a core"`
	Linkage  PersonLinkage     `yaml:"linkage,omitempty" json:"linkage,omitempty"`   // how records of one person are joined
	Receipts ReceiptSettings   `yaml:"receipts,omitempty" json:"receipts,omitempty"` // what agencies get back
	Report   Report            `yaml:"report,omitempty" json:"report,omitempty"`     // what is kept of what was found

	Retention RetentionSettings        `yaml:"retention,omitempty" json:"retention,omitempty"` // for how long it is kept what a home keeps
	Snapshots SnapshotSettings         `yaml:"snapshots,omitempty" json:"snapshots,omitempty"` // how many are kept
	Checks    map[string]CheckSettings `yaml:"checks,omitempty" json:"checks,omitempty" jsonschema:"description=what is looked at before a snapshot is published by the name of the check"`
	Telemetry TelemetrySettings        `yaml:"telemetry,omitempty" json:"telemetry,omitempty"` // whom a run tells how it went
}

// PersonLinkage is how records of one person are joined.
type PersonLinkage struct {
	Link    float64  `yaml:"link,omitempty" json:"link,omitempty" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1,description=probability from which two records are of one person; 0.99 by default"`
	Review  float64  `yaml:"review,omitempty" json:"review,omitempty" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1,description=probability from which a pair below link is for review; 0.60 by default"`
	Sources []string `yaml:"sources,omitempty,flow" json:"sources,omitempty" jsonschema:"description=ids of sources in the order in which a person's values are taken from them where nothing else decides"`
}

// Agency is who sends files under one folder of drop/.
type Agency struct {
	Title   string `yaml:"title,omitempty" json:"title,omitempty"`     // the agency's name; the folder's by default
	Contact string `yaml:"contact,omitempty" json:"contact,omitempty"` // whom to ask about its files

	Language      string   `yaml:"language,omitempty" json:"language,omitempty" jsonschema:"description=the language that the agency reads as a tag like fr or pt-BR; en by default"`
	Sources       []string `yaml:"sources,omitempty,flow" json:"sources,omitempty" jsonschema:"description=ids of the sources that the agency sends; a file of another is set aside. All by default"`
	Rank          int      `yaml:"rank,omitempty" json:"rank,omitempty" jsonschema:"minimum=1,description=whose value is taken where agencies differ on a person and neither exactness nor recency nor linkage.sources decides: 1 first"`
	DeadlineDays  int      `yaml:"deadline_days,omitempty" json:"deadline_days,omitempty" jsonschema:"minimum=1,description=days within which the agency sends its next file; a run names it when they are over"`
	RetentionDays int      `yaml:"retention_days,omitempty" json:"retention_days,omitempty" jsonschema:"minimum=1,description=days that its files may be kept; doctor names those that were received before"`
	OpenWith      string   `yaml:"open_with,omitempty" json:"open_with,omitempty" jsonschema:"description=a file of mode 0600 with the age identities and passwords that open what the agency encrypts; one a line; relative to the home"`

	Cumulative []string `yaml:"cumulative,omitempty" json:"cumulative,omitempty" jsonschema:"description=ids of the sources whose exports hold all records each time"` // a record that a later one lacks is marked as absent
}

// Intake is what the drop folder accepts.
type Intake struct {
	MaxFileMiB int `yaml:"max_file_mib,omitempty" json:"max_file_mib,omitempty" jsonschema:"minimum=1,description=a larger file is refused; 1024 by default"`

	WorkerMiB     int `yaml:"worker_mib,omitempty" json:"worker_mib,omitempty" jsonschema:"minimum=192,description=memory that reading one file may take; 512 by default"`
	WorkerSeconds int `yaml:"worker_seconds,omitempty" json:"worker_seconds,omitempty" jsonschema:"minimum=1,description=how long the reading of a file may give nothing and a second more for each MiB of it; 20 by default"`
}

// WatchSettings is how the drop folder is watched.
type WatchSettings struct {
	SettleSeconds int `yaml:"settle_seconds,omitempty" json:"settle_seconds,omitempty" jsonschema:"minimum=1,description=a file is taken when it has not changed for so long; 5 by default"`
	PollSeconds   int `yaml:"poll_seconds,omitempty" json:"poll_seconds,omitempty" jsonschema:"minimum=1,description=how often the folder is looked at even where the system reports no change; 10 by default"`
}

// Report is what is kept of what was found.
type Report struct {
	Examples int `yaml:"examples,omitempty" json:"examples,omitempty" jsonschema:"minimum=1,description=findings of one kind kept whole for each field of a sheet; 20 by default"`
}

// leastWorkerMiB is what a worker takes for itself, and some.
const leastWorkerMiB = 192

// readConfig reads palermo.yaml strictly. A missing file is the defaults.
func readConfig(file string) (*Config, error) {
	c := &Config{}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, environment(err)
	default:
		dec := yaml.NewDecoder(bytes.NewReader(b))
		dec.KnownFields(true)
		if err := dec.Decode(c); err != nil && err != io.EOF {
			return nil, &ConfigError{configFindings(file, err)}
		}
	}
	if c.Intake.MaxFileMiB < 0 || c.Intake.WorkerMiB < 0 || c.Intake.WorkerSeconds < 0 || c.Watch.SettleSeconds < 0 || c.Watch.PollSeconds < 0 || c.Report.Examples < 0 || c.Threads < 0 || c.Receipts.Days < 0 {
		return nil, &ConfigError{[]diag.Diagnostic{{Code: diag.ConfigSyntax, Severity: diag.Error,
			Pos: diag.Pos{File: filepath.Base(file)}, Message: "a number in it is below zero"}}}
	}
	if m := c.Intake.WorkerMiB; m > 0 && m < leastWorkerMiB {
		return nil, &ConfigError{[]diag.Diagnostic{{Code: diag.ConfigSyntax, Severity: diag.Error,
			Pos: diag.Pos{File: filepath.Base(file)}, Message: fmt.Sprintf("intake.worker_mib: no file can be read in less than %d MiB", leastWorkerMiB)}}}
	}
	if c.Intake.MaxFileMiB == 0 {
		c.Intake.MaxFileMiB = 1024
	}
	if !checkHook(c.Receipts.Webhook) {
		return nil, &ConfigError{[]diag.Diagnostic{{Code: diag.ConfigSyntax, Severity: diag.Error,
			Pos: diag.Pos{File: filepath.Base(file)}, Message: "receipts.webhook: not an address of http or https"}}}
	}
	if c.Receipts.Days == 0 {
		c.Receipts.Days = keepReceipts
	}
	if c.Report.Examples == 0 {
		c.Report.Examples = 20
	}
	if c.Linkage.Link == 0 {
		c.Linkage.Link = 0.99
	}
	if c.Linkage.Review == 0 {
		c.Linkage.Review = min(0.60, c.Linkage.Link)
	}
	if l := c.Linkage; l.Link <= 0 || l.Link >= 1 || l.Review <= 0 || l.Review > l.Link {
		return nil, &ConfigError{[]diag.Diagnostic{{Code: diag.ConfigSyntax, Severity: diag.Error,
			Pos: diag.Pos{File: filepath.Base(file)}, Message: "linkage: review and link are probabilities, and review is not above link"}}}
	}
	if err := c.settle(filepath.Base(file)); err != nil {
		return nil, err
	}
	if c.Mappings != "" && !filepath.IsAbs(c.Mappings) {
		c.Mappings = filepath.Join(filepath.Dir(file), c.Mappings)
	}
	return c, nil
}

var (
	configLine    = regexp.MustCompile(`line (\d+): (.*)`)
	configUnknown = regexp.MustCompile(`field (\S+) not found in type \S+`)
)

func configFindings(file string, err error) []diag.Diagnostic {
	messages := []string{err.Error()}
	var te *yaml.TypeError
	if errors.As(err, &te) {
		messages = te.Errors
	}
	var ds []diag.Diagnostic
	for _, m := range messages {
		d := diag.Diagnostic{Code: diag.ConfigSyntax, Severity: diag.Error, Pos: diag.Pos{File: filepath.Base(file)}, Message: m}
		if g := configLine.FindStringSubmatch(m); g != nil {
			d.Pos.Row, _ = strconv.Atoi(g[1])
			d.Message = g[2]
		}
		if g := configUnknown.FindStringSubmatch(d.Message); g != nil {
			d.Message = fmt.Sprintf("there is no setting %q here", g[1])
		}
		ds = append(ds, d)
	}
	return ds
}
