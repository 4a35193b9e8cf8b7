"""The page docs/link-benchmarks.md, from what was measured."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from measure import Spread
from result import Contest, Outcome
from validity import Line, Validity

WORSE = " ▼"
# WARNED finds the lines of Splink's warnings that say something about this run.
WARNED = re.compile(r"unable to train|default value for `max_pairs`|led to no observed|[Ee]rror")
SCORES = (("at_half", "pairs, p ≥ 0.5"), ("best", "pairs, best"), ("clusters", "clusters"), ("b_cubed", "B³"))
HEADER = (
    "set, run", "engine", "pairs scored", "ceiling", "seconds", "without start", "peak MiB",
    *(f"{title}: P / R / F1" for _, title in SCORES), "joined from p ≥", "largest cluster",
)  # fmt: skip


def page(
    contests: list[Contest], checked: Validity, rounds: int, threads: int, palermo: Path, day: datetime.date
) -> str:
    parts = [
        head(rounds, threads, day),
        table(("", ""), facts(palermo)),
        "## Record linkage beside Splink\n\n" + LEGEND,
        table(HEADER, [row for c in contests for row in rows(c)]),
        "## Where palermo is not better\n\n" + losses(contests),
        failures(contests),
        warnings(contests),
        "## Is it Splink as its authors run it?\n\n" + PUBLISHED,
        lines(checked.published, "published", "here"),
        "## Do the evaluations agree?\n\n" + agreement(checked),
        growth(contests),
        "## The sets\n\n" + "\n".join(sorted({f"- {c.set.name}: {c.set.title}" for c in contests})),
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def head(rounds: int, threads: int, day: datetime.date) -> str:
    return (
        f"# Benchmarks of record linkage\n\nWritten by `make bench-link` on {day.isoformat()}. Each run of an engine is a "
        f"process of its own with {threads} threads, and the engines take turns, {rounds} rounds each, on the same "
        "files. Figures are the median, with the range in brackets where it is one. What is measured, and the "
        "settings of both engines, set by set, are described in `bench/link/README.md`."
    )


LEGEND = (
    "In all runs but *best* both engines have the same rules, levels and way to join records. In *best* each is at its "
    "best: Splink has the settings that its documentation advises, more columns and rules, and the threshold of "
    "clusters that the truth says is best for it; palermo is told nothing but the file, and infers the rest. "
    "The ceiling is the share of true pairs that the rules bring together. Recall is of all true pairs. "
    "▼ marks a figure of palermo that is worse than Splink's."
)
PUBLISHED = (
    "The figures of Splink's notebooks (v4.0.16), read from their charts, beside the same settings here. The notebooks "
    "do not lower-case, and another version of Splink made them, so that a small difference is expected."
)


def facts(palermo: Path) -> list[list[str]]:
    libraries = [[n, version(n)] for n in ("splink", "duckdb", "sqlglot", "pyarrow")]
    return [
        ["machine", f"{os.cpu_count()} cores, {memory()}, {platform.system()}/{platform.machine()}"],
        ["palermo", first_line([str(palermo), "version"])],
        ["Python", platform.python_version()],
        *libraries,
    ]


def memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB memory"


def first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not run"
    return done.stdout.splitlines()[0].removeprefix("palermo ") if done.stdout else "unknown"


def table(header: tuple[str, ...], body: list[list[str]]) -> str:
    marks = ["---"] * len(header)
    return "\n".join("| " + " | ".join(r) + " |" for r in [list(header), marks, *body])


def rows(c: Contest) -> list[list[str]]:
    return [row(c, o) for o in c.outcomes.values() if o.evaluated and not o.failure]


def row(c: Contest, o: Outcome) -> list[str]:
    other = opponent(c, o)
    ceiling = c.ceiling(o)
    largest = max(e.largest_cluster for e in o.evaluated)
    return [
        c.title,
        o.engine,
        f"{o.pairs:,}" if o.pairs is not None else "not said",
        f"{ceiling:.3f}" if ceiling is not None else "not said",
        o.seconds.format(2) + worse(o, other, lambda x: -x.seconds.median),
        o.work_seconds.format(2),
        o.peak_mib.format(0) + worse(o, other, lambda x: -x.peak_mib.median),
        *(scores(o, other, of) for of, _ in SCORES),
        f"{joined_from(c, o)}",
        f"{largest} of {o.evaluated[-1].largest_true}",
    ]


def joined_from(c: Contest, o: Outcome) -> str:
    if o.engine == "palermo" and not c.run.equal:
        return f"{o.said[-1].details.get('link', 'its default')}"
    return f"{c.run.cluster_at}"


def opponent(c: Contest, o: Outcome) -> Outcome | None:
    """Whom palermo is marked against."""
    other = c.outcomes.get("Splink")
    if o.engine != "palermo" or other is None or not other.evaluated or other.failure:
        return None
    return other


def worse(o: Outcome, other: Outcome | None, value: Callable[[Outcome], float]) -> str:
    return WORSE if other is not None and value(o) < value(other) else ""


def scores(o: Outcome, other: Outcome | None, of: str) -> str:
    p, r, f = (o.score(of, what) for what in ("precision", "recall", "f1"))
    mark = worse(o, other, lambda x: round(x.score(of, "f1").median, 4))
    return f"{p.median:.3f} / {r.median:.3f} / {spread(f)}{mark}"


def spread(s: Spread) -> str:
    same = f"{s.low:.4f}" == f"{s.high:.4f}"
    return f"{s.median:.4f}" if same else s.format(4)


def losses(contests: list[Contest]) -> str:
    found, compared = [], 0
    for c in contests:
        o = c.outcomes.get("palermo")
        if o is None:
            continue
        if o.failure or not o.evaluated:
            found.append(f"- {c.title}: palermo failed")
            continue
        other = opponent(c, o)
        if other is not None:
            compared += 1
            found += [f"- {c.title}: {text}" for text in lost(o, other)]
    if not found:
        found = [f"Nowhere in the {compared} runs in which both ended."]
    return "\n".join(found)


def lost(o: Outcome, other: Outcome) -> list[str]:
    texts = []
    for of, title in SCORES:
        ours, theirs = o.score(of, "f1").median, other.score(of, "f1").median
        if round(ours, 4) < round(theirs, 4):
            texts.append(f"{title}, F1 {ours:.4f} to {theirs:.4f}")
    if o.seconds.median > other.seconds.median:
        texts.append(f"{o.seconds.median:.2f} s to {other.seconds.median:.2f} s")
    if o.peak_mib.median > other.peak_mib.median:
        texts.append(f"{o.peak_mib.median:.0f} MiB to {other.peak_mib.median:.0f} MiB")
    return texts


def failures(contests: list[Contest]) -> str:
    found = [
        f"- {c.title}, {o.engine}: {o.reason}"
        for c in contests
        for o in c.outcomes.values()
        if o.failure
    ]
    return "## Failures\n\n" + "\n".join(found) if found else ""


def warnings(contests: list[Contest]) -> str:
    """What Splink warned of, each once a run. None is silenced; a level that could not be trained keeps
    Splink's default."""
    found = []
    for c in contests:
        o = c.outcomes.get("Splink")
        if o is None or not o.measured:
            continue
        said = dict.fromkeys(text.strip() for text in o.measured[-1].stderr.splitlines() if WARNED.search(text))
        found += [f"- {c.title}: {text}" for text in said]
    return "## What Splink warned of\n\n" + "\n".join(found) if found else ""


def lines(found: list[Line], theirs: str, ours: str) -> str:
    body = [[v.title, v.figure, f"{v.theirs:.4f}", f"{v.ours:.4f}", f"{v.difference:+.4f}"] for v in found]
    return table(("set, run", "figure", theirs, ours, "difference"), body)


def agreement(checked: Validity) -> str:
    text = (
        f"palermo's own evaluation (`--truth`) and the one here give the same for {checked.agreed} figures, and "
        f"differ in {len(checked.disagreements)}."
    )
    return text + "\n\n" + lines(checked.disagreements, "palermo", "here") if checked.disagreements else text


def growth(contests: list[Contest]) -> str:
    """Seconds and memory as the records grow, where a set was run in several sizes."""
    sized = [(c, o) for c in contests if c.rows for o in c.outcomes.values() if o.evaluated and not o.failure]
    if not sized:
        return ""
    body = [
        [f"{c.rows:,}", c.run.name, o.engine, f"{o.pairs or 0:,}", o.seconds.format(2), o.peak_mib.format(0),
         f"{c.rows / o.seconds.median:,.0f}"]
        for c, o in sized
    ]  # fmt: skip
    header = ("records", "run", "engine", "pairs scored", "seconds", "peak MiB", "records a second")
    return "## Growth\n\n" + table(header, body)
