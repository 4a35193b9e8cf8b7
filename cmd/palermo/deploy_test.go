package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// command lines of palermo in the files that schedule it.
var (
	execStart = regexp.MustCompile(`(?m)^ExecStart=/usr/bin/palermo (.*)$`)
	cronLine  = regexp.MustCompile(`(?m)^[0-9*/,-]+ [0-9*/,-]+ +[0-9*/,-]+ +[0-9*/,-]+ +[0-9*/,-]+ +[a-z_][a-z0-9_-]* +palermo (.*)$`)
	inRoot    = regexp.MustCompile(`(?m)^CMD (\[.*\])$`)
	notRoot   = regexp.MustCompile(`(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`)
)

// follows says that palermo knows the command line.
func follows(t *testing.T, where string, args []string) {
	t.Helper()
	root := (&app{stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, env: func(string) string { return "" }}).root()
	c, rest, err := root.Find(args)
	if err == nil {
		err = c.ParseFlags(rest)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err != nil || c == root {
		t.Errorf("%s: palermo %s: %v", where, strings.Join(args, " "), err)
	}
}

func deployed(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"../../deploy"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestScheduled: what the files that schedule palermo call is a command line that it knows, and never two at a time.
// The tools that read such files check the rest: make test-deploy.
func TestScheduled(t *testing.T) {
	for where, line := range map[string]*regexp.Regexp{"systemd/palermo.service": execStart, "cron/palermo": cronLine} {
		m := line.FindStringSubmatch(deployed(t, filepath.FromSlash(where)))
		if m == nil {
			t.Errorf("%s: no line that calls palermo", where)
			continue
		}
		follows(t, where, strings.Fields(m[1]))
	}
	var job struct {
		Kind string
		Spec struct {
			ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
			JobTemplate       struct {
				Spec struct {
					Template struct {
						Spec struct {
							SecurityContext struct {
								RunAsNonRoot bool `yaml:"runAsNonRoot"`
							} `yaml:"securityContext"`
							Containers []struct{ Args []string }
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	if err := yaml.Unmarshal([]byte(deployed(t, "kubernetes", "cronjob.yaml")), &job); err != nil {
		t.Fatal(err)
	}
	pod := job.Spec.JobTemplate.Spec.Template.Spec
	if job.Kind != "CronJob" || job.Spec.ConcurrencyPolicy != "Forbid" || !pod.SecurityContext.RunAsNonRoot || len(pod.Containers) != 1 {
		t.Errorf("kubernetes/cronjob.yaml: %+v", job)
	} else {
		follows(t, "kubernetes/cronjob.yaml", pod.Containers[0].Args)
	}
	file := deployed(t, "container", "Containerfile")
	var args []string
	if m := inRoot.FindStringSubmatch(file); m == nil || !notRoot.MatchString(file) || yaml.Unmarshal([]byte(m[1]), &args) != nil {
		t.Error("container/Containerfile: no command, or root's")
	} else {
		follows(t, "container/Containerfile", args)
	}
	timer := deployed(t, "systemd", "palermo.timer")
	if !strings.Contains(timer, "\nPersistent=true\n") {
		t.Error("systemd/palermo.timer: a night that was missed is not made up for")
	}
}
