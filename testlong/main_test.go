package testlong

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"palermo/extract"
	"palermo/pipeline"
	"palermo/sandbox"
)

// runHome names the home that this program, executed again, is to run in place of the tests: so a
// run can be killed from outside.
const runHome = "PALERMO_LONG_RUN_HOME"

// runSummary names the file that such a run writes its summary to.
const runSummary = "PALERMO_LONG_RUN_SUMMARY"

func TestMain(m *testing.M) {
	roles := pipeline.Roles()
	roles[extract.Role] = serveOrNot
	roles[roleRead] = sandbox.Func(readFile)
	sandbox.Main(roles)
	if dir := os.Getenv(racerDir); dir != "" {
		exitWith(race(dir))
	}
	if dir := os.Getenv(watchHome); dir != "" {
		exitWith(watchOnce(dir))
	}
	if traceThis() {
		return
	}
	if dir := os.Getenv(purgeHome); dir != "" {
		exitWith(purgeOnce(dir))
	}
	if dir := os.Getenv(runHome); dir != "" {
		exitWith(runOnce(dir))
	}
	if file := os.Getenv(runCheck); file != "" {
		exitWith(checkLarge(file))
	}
	if dir := os.Getenv(runReceipt); dir != "" {
		if err := makeReceipt(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("PALERMO_LONG") == "" {
		fmt.Println("testlong: these tests take minutes; `make test-long` runs them")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func exitWith(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(statusOf(err))
	}
	os.Exit(0)
}

// statusOf is the exit status that the command has for the error.
func statusOf(err error) int {
	var env *pipeline.EnvironmentError
	var gate *pipeline.GateError
	switch {
	case errors.As(err, &env):
		return 3
	case errors.As(err, &gate):
		return 4
	}
	return 1
}

func runOnce(dir string) error {
	h, err := pipeline.OpenHome(dir, "")
	if err != nil {
		return err
	}
	o := pipeline.Options{}
	if seconds, err := strconv.Atoi(os.Getenv(clockVariable)); err == nil {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(seconds) * time.Second) }
	}
	s, err := h.Run(context.Background(), o)
	if name := os.Getenv(runSummary); name != "" && err == nil {
		b, err := json.Marshal(s)
		return errors.Join(err, os.WriteFile(name, b, 0o600))
	}
	return err
}

// full reports whether the tests run on their full scale.
func full() bool { return os.Getenv("PALERMO_LONG") != "sample" }

// scale is whole, or sample where PALERMO_LONG=sample.
func scale(whole, sample int) int {
	if full() {
		return whole
	}
	return sample
}
