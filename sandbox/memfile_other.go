//go:build !linux

package sandbox

import (
	"errors"
	"fmt"
	"os"
)

// MemoryFile is for Linux alone: elsewhere what is handed to a worker would have to lie on a disk.
func MemoryFile() (*os.File, error) {
	return nil, fmt.Errorf("make a file in memory: %w", errors.ErrUnsupported)
}

// Freeze is for Linux alone.
func Freeze(*os.File) error { return errors.ErrUnsupported }
