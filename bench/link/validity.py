"""Whether Splink runs as its authors run it: its published figures beside ours, and palermo's own
evaluation beside ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evaluate import Evaluation
from result import Contest

# PUBLISHED is read from the charts of Splink's v4.0.16 notebooks: set, run, best F1, F1 at p >= 0.5.
PUBLISHED = (
    ("fake_1000", "notebook", 0.8617, 0.8058),
    ("febrl3", "notebook", 0.9954, 0.9929),
)
# SAME is how far two evaluations of one output may be apart.
SAME = 1e-6


@dataclass(frozen=True)
class Line:
    """A figure in two versions."""

    title: str
    figure: str
    theirs: float
    ours: float

    @property
    def difference(self) -> float:
        return self.ours - self.theirs


@dataclass(frozen=True)
class Validity:
    published: list[Line]
    disagreements: list[Line]
    agreed: int


def compare(contests: list[Contest]) -> Validity:
    agreed, differing = 0, []
    for c in contests:
        for line in own_evaluation(c):
            if abs(line.difference) > SAME:
                differing.append(line)
            else:
                agreed += 1
    return Validity(published(contests), differing, agreed)


def published(contests: list[Contest]) -> list[Line]:
    found = {(c.set.name, c.run.name): c for c in contests}
    lines = []
    for name, run, best, half in PUBLISHED:
        c = found.get((name, run))
        o = c.outcomes.get("Splink") if c else None
        if c is None or o is None or not o.evaluated:
            continue
        lines.append(Line(c.title, "best pair F1", best, o.score("best", "f1").median))
        lines.append(Line(c.title, "pair F1 at p ≥ 0.5", half, o.score("at_half", "f1").median))
    return lines


def own_evaluation(c: Contest) -> list[Line]:
    """palermo's evaluation of the same output, as far as it says one, beside ours."""
    o = c.outcomes.get("palermo")
    if o is None or not o.evaluated or o.beside.evaluation is None:
        return []
    ours, theirs = ours_by_name(o.evaluated[-1]), theirs_by_name(o.beside.evaluation)
    if c.run.equal:
        ours["ceiling"], theirs["ceiling"] = o.evaluated[-1].ceiling, o.beside.evaluation["ceiling"]
    return [Line(c.title, k, theirs[k], ours[k]) for k in ours]


def ours_by_name(e: Evaluation) -> dict[str, float]:
    found: dict[str, float] = {"true pairs": e.true_pairs, "largest cluster": e.largest_cluster}
    parts = {"pairs at 0.5": e.at_half, "pairs at best": e.best, "clusters": e.clusters, "B-cubed": e.b_cubed}
    for name, s in parts.items():
        found |= {f"{name}, precision": s.precision, f"{name}, recall": s.recall, f"{name}, F1": s.f1}
    return found


def theirs_by_name(v: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {"true pairs": v["true_pairs"], "largest cluster": v["largest"]}
    parts = {"pairs at 0.5": "pairs_at_half", "pairs at best": "pairs_best", "clusters": "clusters", "B-cubed": "b_cubed"}
    for name, key in parts.items():
        q = v[key]
        found |= {f"{name}, precision": q["precision"], f"{name}, recall": q["recall"], f"{name}, F1": q["f1"]}
    return found
