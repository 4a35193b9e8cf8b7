package pipeline

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// settingLine is a line of the starter that is a setting behind a "#": a comment has one space there.
var settingLine = regexp.MustCompile(`(?m)^#(  |[a-z])`)

// TestStarterSaysAllThatCanBeSet: with every "#" taken away palermo.yaml can be read, and has every setting.
func TestStarterSaysAllThatCanBeSet(t *testing.T) {
	if c, err := readConfig(writeStarter(t, string(starter))); err != nil || len(c.Agencies) > 0 {
		t.Errorf("as it is: %v", err)
	}
	c, err := readConfig(writeStarter(t, settingLine.ReplaceAllString(string(starter), "$1")))
	if err != nil {
		t.Fatal(err)
	}
	unset(t, "", reflect.ValueOf(*c))
}

func writeStarter(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "palermo.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// unset says which settings have no value. Zero is one where the starter gives it.
func unset(t *testing.T, at string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			unset(t, at+"."+name, v.Field(i))
		}
	case reflect.Map:
		if v.Len() == 0 {
			t.Errorf("%s is not in starter.yaml", at)
		}
		for _, k := range v.MapKeys() {
			if v.MapIndex(k).Kind() == reflect.Struct && at != ".checks.source_rows.only" {
				unset(t, at+"."+k.String(), v.MapIndex(k))
			}
		}
	default:
		if v.IsZero() && at != ".threads" {
			t.Errorf("%s is not in starter.yaml", at)
		}
	}
}
