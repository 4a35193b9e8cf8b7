package testlong

import (
	"context"
	"fmt"
	"os"
	"testing"

	"palermo/pipeline"
	"palermo/sandbox"
)

// runHome names the home that this program, executed again, is to run in place of the tests: so a
// run can be killed from outside.
const runHome = "PALERMO_LONG_RUN_HOME"

func TestMain(m *testing.M) {
	sandbox.Main(pipeline.Roles())
	if dir := os.Getenv(runHome); dir != "" {
		if err := runOnce(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
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

func runOnce(dir string) error {
	h, err := pipeline.OpenHome(dir, "")
	if err != nil {
		return err
	}
	_, err = h.Run(context.Background(), pipeline.Options{})
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
