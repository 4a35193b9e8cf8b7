"""The quality of the working binary on every set at once, beside what Splink got, in a minute or two.

    python bench/link/quality.py --label idea [--sets febrl3 synthetic] [--runs best] [--against before]

It is for judging an idea: a rule that is better on one set and worse on three is no rule. Splink runs once
for each set, and what it got is kept beside the prepared files; so is what palermo got, under the label. No
times are taken. `run.py` is what measures.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import engines
import settings
from engines import Engine, Task
from evaluate import evaluate
from measure import Failed, child
from prepare import prepare
from run import SYNTHETIC, clear

FIGURES = ("at_half", "best", "clusters", "b_cubed")


def options() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--palermo", type=Path, default=Path("bin/palermo"))
    p.add_argument("--shared", type=Path, default=Path("../shared"), help="has data/linkage")
    p.add_argument("--work", type=Path, default=Path(".bench-link"), help="keeps the prepared files and the figures")
    p.add_argument("--sets", nargs="*", default=settings.names(), choices=settings.names())
    p.add_argument("--runs", nargs="*", default=[], help="names of runs; all by default")
    p.add_argument("--sizes", nargs="*", type=int, default=[10_000, 100_000], help="of the synthetic set")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--label", default="now", help="what palermo's figures are kept under")
    p.add_argument("--against", default="", help="a label: print the difference from it too")
    return p.parse_args()


def main() -> None:
    o = options()
    o.work.mkdir(parents=True, exist_ok=True)
    kept = Kept(o.work.resolve() / "quality.json")
    print(f"{'set, run':32} {'pairs':>10} {'ceiling':>7}   " + "   ".join(f"{f:>19}" for f in FIGURES))
    for name in o.sets:
        s = settings.load(name)
        for size in o.sizes if name == SYNTHETIC else [0]:
            for run in s.runs:
                if not o.runs or run.name in o.runs:
                    one(o, kept, s, run, size)


class Kept:
    """Figures by engine or label, and by set and run."""

    def __init__(self, path: Path):
        self.path = path
        self.all: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def put(self, label: str, key: str, value: dict[str, Any]) -> dict[str, Any]:
        self.all.setdefault(label, {})[key] = value
        self.path.write_text(json.dumps(self.all, indent=1))
        return value

    def get(self, label: str, key: str) -> dict[str, Any] | None:
        return self.all.get(label, {}).get(key)


def one(o: argparse.Namespace, kept: Kept, s: settings.Set, run: settings.Run, size: int) -> None:
    key = f"{s.name} {size}, {run.name}" if size else f"{s.name}, {run.name}"
    palermo, splink = engines.ENGINES
    data = prepare(s.name, run.input, size, o.shared, o.work.resolve())

    def task(label: str) -> Task:
        return Task(s, run, data, o.work.resolve() / f"out-{label}", o.palermo.resolve(), o.threads)

    other = kept.get("Splink", key) or kept.put("Splink", key, judged(splink, task("Splink")))
    mine = kept.put(o.label, key, judged(palermo, task(o.label)))
    print(line(key, mine, other, kept.get(o.against, key)), flush=True)


def judged(e: Engine, t: Task) -> dict[str, Any]:
    clear(t.out)
    try:
        m = child(e.command(t), {**os.environ, **e.environment(t)})
        said = e.said(m.stdout)
        found = evaluate(t.data.truth, t.out, t.data.files, t.run.rules if t.run.equal else ())
        return {"pairs": said.pairs, "seconds": m.seconds, "mib": m.peak_mib, **asdict(found)}
    except (Failed, ValueError, OSError) as err:
        return {"failure": str(err)}


def line(key: str, mine: dict[str, Any], other: dict[str, Any], before: dict[str, Any] | None) -> str:
    """A figure of each kind, palermo's before Splink's; with < where it is less, and what it was before."""
    if "failure" in mine:
        return f"{key:32} failed: {mine['failure'].splitlines()[-1][:120]}"
    cells = []
    for f in FIGURES:
        a = mine[f]["f1"]
        b = other[f]["f1"] if f in other else float("nan")
        change = ""
        if before and f in before:
            change = f"{1000 * (a - before[f]['f1']):+5.0f}"
        cells.append(f"{a:.4f}{'<' if round(a, 4) < round(b, 4) else ' '}{b:.4f} {change:>5}")
    return f"{key:32} {mine['pairs'] or 0:>10} {mine['ceiling']:>7.4f}   " + "   ".join(cells) + f"   {mine['seconds']:.1f} s"


if __name__ == "__main__":
    main()
