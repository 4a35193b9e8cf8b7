package pipeline

import "testing"

// TestReportNumbers: whole numbers are read as DuckDB writes them, of either type.
func TestReportNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"": 0, "7": 7, "-1": -1, "2.785284301e+09": 2785284301, "1e+300": 1 << 53, "inf": 1 << 53} {
		a := &reportAnswer{}
		if n := a.int([]string{text}, 0); n != want || a.err != nil {
			t.Errorf("%q is %d, %v", text, n, a.err)
		}
	}
	for _, text := range []string{"nan", "many"} {
		a := &reportAnswer{}
		if a.int([]string{text}, 0); a.err == nil {
			t.Errorf("%q is a number", text)
		}
	}
}
