package load

import (
	"os"
	"testing"

	"palermo/sandbox"
)

// The roles in which tests run this binary again.
func TestMain(m *testing.M) {
	sandbox.Main(map[string]sandbox.Role{
		"publish snapshot": sandbox.Func(publishSnapshot),
		"write parquet":    sandbox.Func(writeManyRows),
		"build database":   sandbox.Func(BuildDatabase),
	})
	os.Exit(m.Run())
}
