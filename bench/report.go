package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// result is one comparison, measured: runs of palermo, then of the other.
type result struct {
	comparison
	inputBytes int64
	runs       [2][]measured
}

// page is docs/benchmarks.md.
type page struct {
	options options
	day     time.Time
	results []result
	nights  *nightTable // nil where they were not measured
}

func newPage(o options, now time.Time) *page { return &page{options: o, day: now} }

func (p *page) writeFile(path string) error {
	var b bytes.Buffer
	if err := p.write(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func (p *page) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `# Benchmarks

Written by `+"`make bench`"+` on %s. Each contestant runs in a process of its own, and they take turns
(A B A B), %d rounds each, on the same made-up file. Figures are the median, and the range in brackets;
seconds, CPU seconds in user mode and peak resident memory are of the whole process. The ratio is taken round by round.

| | |
| --- | --- |
`, p.day.UTC().Format(time.DateOnly), p.options.rounds)
	for _, f := range p.facts() {
		fmt.Fprintf(b, "| %s | %s |\n", f[0], f[1])
	}
	for _, r := range p.results {
		r.write(b, p.options)
	}
	if p.nights != nil {
		p.nights.write(b)
	}
	return b.Flush()
}

// facts is the machine and the versions.
func (p *page) facts() [][2]string {
	facts := [][2]string{
		{"machine", fmt.Sprintf("%d cores, %s memory, %s/%s", runtime.NumCPU(), memorySize(), runtime.GOOS, runtime.GOARCH)},
		{"palermo", p.options.version},
		{"Go", runtime.Version()},
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return facts
	}
	names := map[string]string{
		"github.com/apache/arrow-go/v18": "arrow-go",
		"github.com/duckdb/duckdb-go/v2": "duckdb-go",
		"github.com/xuri/excelize/v2":    "excelize",
	}
	for _, d := range info.Deps {
		if name := names[d.Path]; name != "" {
			facts = append(facts, [2]string{name, d.Version})
		}
	}
	return facts
}

// memorySize is the machine's memory, or "unknown" where the system does not say in Linux's way.
func memorySize() string {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
			kib, err := strconv.ParseFloat(f[1], 64)
			if err == nil {
				return fmt.Sprintf("%.1f GiB", kib/(1<<20))
			}
		}
	}
	return "unknown"
}

func (r *result) write(b io.Writer, o options) {
	fmt.Fprintf(b, "\n## %s\n\n%s The input has %.0f MiB.\n\n", r.title(o), r.note, mib(r.inputBytes))
	fmt.Fprint(b, "| | seconds | CPU seconds | peak MiB |")
	if r.withFiles {
		fmt.Fprint(b, " output MiB |")
	}
	fmt.Fprint(b, "\n| --- | --- | --- | --- |")
	if r.withFiles {
		fmt.Fprint(b, " --- |")
	}
	fmt.Fprintln(b)
	for side, runs := range r.runs {
		fmt.Fprintf(b, "| %s | %s | %s | %s |", r.labels[side], spreadOf(seconds(runs)).format(2), spreadOf(cpus(runs)).format(2), spreadOf(peaks(runs)).format(0))
		if r.withFiles {
			fmt.Fprintf(b, " %.0f |", mib(runs[0].bytes))
		}
		fmt.Fprintln(b)
	}
	ratio := spreadOf(ratios(seconds(r.runs[0]), seconds(r.runs[1])))
	cpu := spreadOf(ratios(cpus(r.runs[0]), cpus(r.runs[1])))
	fmt.Fprintf(b, "\nTime of palermo over that of the other: %s; CPU time: %s.\n", ratio.format(2), cpu.format(2))
}

func seconds(runs []measured) []float64 {
	var out []float64
	for _, m := range runs {
		out = append(out, m.seconds)
	}
	return out
}

func cpus(runs []measured) []float64 {
	var out []float64
	for _, m := range runs {
		out = append(out, m.cpu)
	}
	return out
}

func peaks(runs []measured) []float64 {
	var out []float64
	for _, m := range runs {
		out = append(out, m.peakMiB)
	}
	return out
}

// ratios is a over b, round by round.
func ratios(a, b []float64) []float64 {
	var out []float64
	for i := range a {
		out = append(out, a[i]/b[i])
	}
	return out
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// thousands writes 1000000 as 1,000,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
