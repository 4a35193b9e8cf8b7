package schemas_test

import (
	"regexp"
	"testing"

	"palermo/schemas"
)

// TestEstimatesStandApart: no view reads estimates or cited figures together with cases or counts.
func TestEstimatesStandApart(t *testing.T) {
	modelled := regexp.MustCompile(`\b(FROM|JOIN)\s+(estimate|claim)\b`)
	counted := regexp.MustCompile(`\b(FROM|JOIN)\s+(record\w*|person\w*|episode|statistic\w*|released_case)\b`)
	for _, v := range schemas.Builtin().Views {
		if modelled.MatchString(v.SQL) && counted.MatchString(v.SQL) {
			t.Errorf("view %s puts estimates beside cases or counts", v.Name)
		}
	}
}
