"""What was measured: a contest is one run of one set, with an outcome of each engine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engines import Said
from evaluate import Evaluation
from measure import Measured, Spread
from settings import Run, Set

# MESSAGE is the text of the error in what palermo prints with --json.
MESSAGE = re.compile(r'"message": "(.*)"')


@dataclass
class Outcome:
    """The rounds of an engine. Where it failed, failure says how, and there may be no rounds."""

    engine: str
    measured: list[Measured] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    evaluated: list[Evaluation] = field(default_factory=list)
    beside: Said = field(default_factory=Said)
    start: list[float] = field(default_factory=list)
    failure: str = ""

    def add(self, m: Measured, said: Said, e: Evaluation) -> None:
        self.measured.append(m)
        self.said.append(said)
        self.evaluated.append(e)

    @property
    def reason(self) -> str:
        """The failure in a line: palermo's message, the last line of Splink's, else the status."""
        message = MESSAGE.search(self.failure)
        if message:
            return message[1]
        lines = [line for line in self.failure.splitlines() if line.strip(" {}")]
        return lines[-1].strip() if lines else ""

    def last(self) -> str:
        if self.failure:
            return f"failed: {self.reason}"
        m, e = self.measured[-1], self.evaluated[-1]
        return (
            f"{m.seconds:.2f} s, {m.peak_mib:.0f} MiB, pair F1 {e.at_half.f1:.4f} and {e.best.f1:.4f} at best, "
            f"cluster F1 {e.clusters.f1:.4f}, B3 {e.b_cubed.f1:.4f}"
        )

    @property
    def seconds(self) -> Spread:
        return Spread.of([m.seconds for m in self.measured])

    @property
    def work_seconds(self) -> Spread:
        """The time without the start: as the engine says, or the whole less what its start alone takes."""
        start = Spread.of(self.start).median if self.start else 0
        pairs = zip(self.measured, self.said)
        return Spread.of([max(m.seconds - start, 0) if s.work_seconds is None else s.work_seconds for m, s in pairs])

    @property
    def peak_mib(self) -> Spread:
        return Spread.of([m.peak_mib for m in self.measured])

    @property
    def pairs(self) -> int | None:
        return self.said[-1].pairs if self.said[-1].pairs is not None else self.beside.pairs

    def score(self, of: str, what: str) -> Spread:
        """A figure of every round's evaluation: of is a field of Evaluation, what one of Scores."""
        return Spread.of([getattr(getattr(e, of), what) for e in self.evaluated])


@dataclass
class Contest:
    set: Set
    run: Run
    rows: int
    outcomes: dict[str, Outcome]

    @property
    def title(self) -> str:
        return f"{self.set.name} {self.rows:,}, {self.run.name}" if self.rows else f"{self.set.name}, {self.run.name}"

    def ceiling(self, o: Outcome) -> float | None:
        """The share of true pairs that blocking lets through. In an equal run, and for Splink, the rules
        say it; in its best run palermo has its own rules, and only it can say."""
        if self.run.equal or o.engine == "Splink":
            return o.evaluated[-1].ceiling
        return o.beside.ceiling
