package sandbox

// Confinement is what a kernel can do to confine a worker.
type Confinement struct {
	Landlock int  // the version of its Landlock, by which files are out of reach; 0 for none
	Calls    bool // it can forbid system calls, and so the network and other processes
}

// Whole reports whether a confined worker has neither files nor network nor other processes.
func (c Confinement) Whole() bool { return c.Landlock > 0 && c.Calls }
