package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"palermo/pipeline"
	"palermo/sandbox"
)

func TestMain(m *testing.M) {
	sandbox.Main(pipeline.Roles())
	testscript.Main(m, map[string]func(){"palermo": main, "duckdb": duckdbCLI})
}
