package sandbox

import (
	"encoding/json"
	"math"
	"runtime/debug"
)

// limits is what a worker sets for itself before it runs its role.
type limits struct {
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
	FileBytes   int64 `json:"file_bytes,omitempty"`
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
	return l.apply()
}
