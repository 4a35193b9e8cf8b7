package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime/debug"
)

// limits is what a worker sets for itself before it runs its role.
type limits struct {
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
	FileBytes   int64 `json:"file_bytes,omitempty"`
	Seconds     int64 `json:"seconds,omitempty"` // of processor time
	Descriptors int   `json:"descriptors,omitempty"`
	Handed      int   `json:"handed,omitempty"` // how many files it was handed
	Confined    bool  `json:"confined,omitempty"`
}

// softMemory is the part of a worker's memory at which Go's collector begins to work harder: the
// rest is for what it does not count, stacks of threads and memory of C libraries.
const softMemory = 0.8

// setLimits sets the limits of this process, once and for good.
func setLimits(text string) error {
	var l limits
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return err
	}
	if l.MemoryBytes > 0 {
		debug.SetMemoryLimit(int64(math.Ceil(softMemory * float64(l.MemoryBytes))))
	}
	for i := range l.Handed {
		received = append(received, os.NewFile(uintptr(firstFD+i), fmt.Sprintf("/dev/fd/%d", firstFD+i)))
	}
	if err := l.apply(); err != nil || !l.Confined {
		return err
	}
	var names []string
	for _, f := range received {
		names = append(names, f.Name())
	}
	return confine(os.TempDir(), names)
}

// received is the files that this worker was handed: set once, before its role begins. They are kept
// here, since a file that nothing holds is closed.
var received []*os.File

// Received is the i-th of the files that the worker was handed, from 0. Its name leads to the
// opened file.
func Received(i int) (*os.File, error) {
	if i < 0 || i >= len(received) {
		return nil, fmt.Errorf("no file %d was handed to this worker", i)
	}
	return received[i], nil
}
