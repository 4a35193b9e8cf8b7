//go:build !linux

package load

// exchange lets two folders change places at one moment: here none can.
func exchange(string, string) (done bool, err error) { return false, nil }
