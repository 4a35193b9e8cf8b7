package testlong

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("PALERMO_LONG") == "" {
		fmt.Println("testlong: these tests take minutes; `make test-long` runs them")
		os.Exit(0)
	}
	os.Exit(m.Run())
}
