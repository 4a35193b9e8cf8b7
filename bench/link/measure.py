"""A command in a process of its own: its wall time, the most memory it held, and what it said."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

KIB = 1024
LAUNCH = Path(__file__).parent / "launch.py"


class Failed(Exception):
    """The command ended with an error; the message ends with the last lines that it wrote."""


@dataclass(frozen=True)
class Measured:
    seconds: float
    peak_mib: float
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Spread:
    """The median and the range of some figures."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: list[float]) -> Spread:
        return Spread(median(values), min(values), max(values))

    def format(self, digits: int) -> str:
        if self.low == self.high:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def child(command: list[str], environment: dict[str, str]) -> Measured:
    """Run the command, a path and its arguments, to its end; launch.py says why it is between."""
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        launch = [sys.executable, "-I", "-S", str(LAUNCH), out.name, err.name, *command]
        said = subprocess.run(launch, env=environment, capture_output=True, text=True, check=True).stdout
        status, seconds, peak = said.split()
        m = Measured(float(seconds), int(peak) / KIB, out.read().decode(), err.read().decode())
    if status != "0":
        last = "\n".join((m.stderr + m.stdout).splitlines()[-12:])
        raise Failed(f"status {status}: {last}")
    return m
