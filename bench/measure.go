package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// measured is one run of a contestant, from the start of its process to its end.
type measured struct {
	seconds float64
	cpu     float64 // seconds of all its threads, in user mode
	peakMiB float64 // most memory resident at once
	rows    int64
	bytes   int64 // of what it wrote
}

// child plays the role in a process of its own. The program that starts it holds little memory:
// on Linux a child's peak starts from that of its parent.
func child(ctx context.Context, name string, o options, in, to string) (measured, error) {
	exe, err := os.Executable()
	if err != nil {
		return measured{}, err
	}
	cmd := exec.CommandContext(ctx, exe, "-role", name, "-in", in, "-to", to,
		"-sheet-rows", strconv.Itoa(o.sheetRows), "-sheet-cols", strconv.Itoa(o.sheetCols), "-csv-rows", strconv.Itoa(o.csvRows),
		"-ctm-records", strconv.Itoa(o.ctmRecords), "-home-records", strconv.Itoa(o.homeRecords), "-nth", strconv.Itoa(o.nth), "-version", o.version)
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	m := measured{seconds: time.Since(start).Seconds()}
	if err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	var s said
	if err := json.Unmarshal(out, &s); err != nil {
		return m, fmt.Errorf("%s: read its answer: %w", name, err)
	}
	m.rows = s.Rows
	m.cpu = cmd.ProcessState.UserTime().Seconds()
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peakMiB = float64(use.Maxrss) * maxrssUnit / (1 << 20)
	}
	return m, nil
}

// sizeOf is the bytes of a file, or of the files in a folder; 0 where there is neither.
func sizeOf(path string) (int64, error) {
	var n int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		if err == nil {
			n += fi.Size()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return n, err
}

// spread is the median and the range of some figures.
type spread struct{ median, low, high float64 }

func spreadOf(xs []float64) spread {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	return spread{median: (s[(n-1)/2] + s[n/2]) / 2, low: s[0], high: s[n-1]}
}

func (s spread) format(digits int) string {
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', digits, 64) }
	return fmt.Sprintf("%s (%s to %s)", f(s.median), f(s.low), f(s.high))
}
