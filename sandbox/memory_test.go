//go:build linux && !race

// The race detector maps several times the memory of the program itself, so that a limit on it
// says nothing about the program's.

package sandbox

import (
	"context"
	"errors"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	limit := Options{MemoryBytes: 256 << 20}
	var got answer
	if err := Run(context.Background(), "allocate", job{N: 64}, &got, limit); err != nil || got.N != 64 {
		t.Errorf("64 MiB: Run = %+v, %v", got, err)
	}
	err := Run(context.Background(), "allocate", job{N: 1024}, &got, limit)
	var e *WorkerError
	if !errors.As(err, &e) || !e.OutOfMemory() || e.Error() != "worker allocate ran out of memory" {
		t.Errorf("1 GiB: Run = %v", err)
	}
}
