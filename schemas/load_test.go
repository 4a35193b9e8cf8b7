package schemas

import "testing"

func TestBuiltin(t *testing.T) {
	if _, err := Load(embedded); err != nil {
		t.Fatal(err)
	}
}
