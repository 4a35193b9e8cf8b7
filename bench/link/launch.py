"""Start a command and wait for it: the one small process between the driver and what is measured.

On Linux the peak that is told of a child is never less than what its parent held when it was started, and
the driver holds DuckDB. This program holds almost nothing. It is called with the files for standard output
and error and the command, and prints status, seconds and peak in KiB.
"""

import os
import sys
import time

out, err, *command = sys.argv[1:]
start = time.perf_counter()
pid = os.posix_spawn(
    command[0],
    command,
    os.environ,
    file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_TRUNC, 0o600),
    ],
)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - start, usage.ru_maxrss)
