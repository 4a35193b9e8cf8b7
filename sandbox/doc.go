// Package sandbox runs a part of the program in a worker: the same binary, executed again in a
// Role, with its own limits of memory, file size and time, a clean environment and a private
// folder for temporary files. What touches strangers' bytes runs in a worker, and so does what
// must start from memory that never held a name.
//
// Main is called first in main, and in TestMain of every test that runs workers; Run starts a
// worker, hands it a job as JSON and takes its result as JSON; Start starts a Worker that is talked
// with while it works. A worker dies with its parent. An error that a role returns comes back as a
// *RoleError; a worker that dies, is killed or answers nonsense comes back as a *WorkerError.
//
// A confined worker reaches no file but those that it was handed, opened, and its temporary
// folder; no network; no other process. Kernel says what of that this kernel can do: the rest stays
// within reach.
//
// The limits of memory, processor time, open files and file size, confinement, and death with the
// parent by signal, are Linux's; on other systems a worker has its limit of time, Go's soft limit
// of memory, and ends when the pipe to its parent closes.
package sandbox
