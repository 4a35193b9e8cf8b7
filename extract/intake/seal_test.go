package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// shouting is what a copy is sealed with here: what it makes of a text can be told from it.
type shouting struct {
	w   io.Writer
	end error
}

func (s shouting) Write(p []byte) (int, error) { return s.w.Write(bytes.ToUpper(p)) }

func (s shouting) Close() error {
	_, err := io.WriteString(s.w, " END")
	return errors.Join(err, s.end)
}

// TestSealedCopy: what lies in the inbox is sealed, under the hash of what was received; a copy that cannot be sealed ends
// the run, and leaves nothing.
func TestSealedCopy(t *testing.T) {
	d := home(t, map[string]string{"iom/a.csv": "names"})
	claimed, _, _ := run(t, d, Limits{Seal: func(w io.Writer) (io.WriteCloser, error) { return shouting{w, nil}, nil }}, nil)
	if len(claimed) != 1 || claimed[0].SHA256 != hashOf("names") || claimed[0].Bytes != 5 {
		t.Fatalf("claimed: %+v", claimed)
	}
	b, err := os.ReadFile(claimed[0].Path)
	must(t, err)
	if string(b) != "NAMES END" {
		t.Errorf("the inbox has %q", b)
	}
	for name, seal := range map[string]func(io.Writer) (io.WriteCloser, error){
		"begin": func(io.Writer) (io.WriteCloser, error) { return nil, syscall.ENOSPC },
		"end":   func(w io.Writer) (io.WriteCloser, error) { return shouting{w, syscall.ENOSPC}, nil },
	} {
		d := home(t, map[string]string{"iom/a.csv": "names"})
		if _, _, err := Claim(context.Background(), d, Limits{Seal: seal}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: error %v", name, err)
		}
		noneLeft(t, d.Tmp)
		noneLeft(t, d.Inbox)
	}
}
