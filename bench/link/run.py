"""Measure palermo's record linkage beside Splink's on every set, and write the page.

    python bench/link/run.py --palermo bin/palermo --shared ../shared --out docs/link-benchmarks.md

Each run of an engine is a process of its own, and the engines take turns, so that a slow minute of the
machine hits both. What is needed beside the times (counts, the engines' own evaluation) is got from further
processes, beside the clock.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import engines
import page
import settings
import validity
from engines import Engine, Task
from evaluate import evaluate
from measure import Failed, child
from prepare import prepare
from result import Contest, Outcome

SYNTHETIC = "synthetic"
# ALONE is the size from which only palermo runs, and only to show how it grows.
ALONE = 3_000_000


@dataclass(frozen=True)
class Options:
    palermo: Path
    shared: Path
    work: Path
    out: Path | None
    rounds: int
    threads: int
    sets: list[str]
    sizes: list[int]
    engines: list[str]


def options() -> Options:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--palermo", type=Path, default=Path("bin/palermo"))
    p.add_argument("--shared", type=Path, default=Path("../shared"), help="has data/linkage")
    p.add_argument("--work", type=Path, default=Path(".bench-link"), help="keeps the prepared files between runs")
    p.add_argument("--out", type=Path, help="the page to write; standard output by default")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--sets", nargs="*", default=settings.names(), choices=settings.names())
    p.add_argument("--sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000, ALONE])
    p.add_argument("--engines", nargs="*", default=[e.name for e in engines.ENGINES])
    a = p.parse_args()
    return Options(
        a.palermo.resolve(), a.shared, a.work.resolve(), a.out, a.rounds, a.threads, a.sets, a.sizes, a.engines
    )


def main() -> None:
    o = options()
    o.work.mkdir(parents=True, exist_ok=True)
    contests = [contest(o, *planned) for planned in plan(o)]
    text = page.page(contests, validity.compare(contests), o.rounds, o.threads, o.palermo, datetime.date.today())
    if o.out is None:
        print(text, end="")
    else:
        o.out.write_text(text)


def plan(o: Options) -> Iterator[tuple[settings.Set, settings.Run, int]]:
    """What is run: every run of every set, and the synthetic set in every size."""
    for name in o.sets:
        s = settings.load(name)
        for size in o.sizes if name == SYNTHETIC else [0]:
            for run in s.runs:
                yield s, run, size


def contest(o: Options, s: settings.Set, run: settings.Run, rows: int) -> Contest:
    data = prepare(s.name, run.input, rows, o.shared, o.work)
    here = [e for e in engines.ENGINES if e.name in o.engines and (rows < ALONE or e.name == "palermo")]
    c = Contest(s, run, rows, {e.name: Outcome(e.name) for e in here})
    for n in range(o.rounds):
        for e in here:
            t = Task(s, run, data, o.work / f"out-{e.name}", o.palermo, o.threads)
            one_round(e, t, c.outcomes[e.name])
            say(f"{n + 1}/{o.rounds} {c.title} {e.name}: {c.outcomes[e.name].last()}")
    for e in here:
        t = Task(s, run, data, o.work / f"out-{e.name}", o.palermo, o.threads)
        beside(e, t, c.outcomes[e.name])
    return c


def one_round(e: Engine, t: Task, outcome: Outcome) -> None:
    """Run the engine once and judge what it wrote. A failure is a result too: it is printed."""
    if outcome.failure:
        return
    clear(t.out)
    try:
        m = child(e.command(t), e.environment(t))
        said = e.said(m.stdout)
        outcome.add(m, said, evaluate(t.data.truth, t.out, t.data.files, t.run.rules))
    except (Failed, ValueError, OSError) as err:
        outcome.failure = str(err)


def beside(e: Engine, t: Task, outcome: Outcome) -> None:
    """Once more beside the clock, for what a timed run does not say."""
    if outcome.failure or e.beside is None:
        return
    try:
        outcome.beside = e.said(child(e.beside(t), e.environment(t)).stdout)
        outcome.start = [child(e.start(t), e.environment(t)).seconds for _ in range(3)]
    except (Failed, ValueError) as err:
        outcome.failure = f"beside the clock: {err}"


def clear(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for f in folder.iterdir():
        f.unlink()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
