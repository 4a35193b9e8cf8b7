package receipt

import (
	"os"
	"testing"
)

// TestPicture writes the receipt of which the manual has a picture: .ci/pictures runs it.
func TestPicture(t *testing.T) {
	dir := os.Getenv("PALERMO_PICTURES")
	if dir == "" {
		t.Skip(".ci/pictures runs this")
	}
	page(t, dir, "receipt", sample(English))
}
