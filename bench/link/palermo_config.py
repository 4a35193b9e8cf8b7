"""A run's settings as palermo's link.yaml, so that both engines are told the same.

The words of an equal run are compared as they stand: every field but dates and numbers is of kind text. The
caps of blocks are lifted, and records are joined as Splink joins them, by every link over the threshold.
"""

from __future__ import annotations

from typing import Any

import yaml

from settings import Comparison, Level, Part, Rule, Run, Set

KINDS = {"dob_date": "date", "transaction_date": "date", "amount": "number"}
NO_CAP = 1_000_000_000

# TESTS is each kind of level in palermo's words, and which of its limits it has. palermo counts no
# exchange of neighbours in a distance of two: damerau of 2 becomes levenshtein of 2.
TESTS = {
    "equal": ("equal", ""),
    "swapped": ("exchanged", ""),
    "jaro_winkler": ("jaro_winkler", "least"),
    "levenshtein": ("levenshtein", "most"),
    "days": ("days", "most"),
    "days_after": ("days_after", "most"),
    "ratio": ("share", "most"),
}


class NotSaid(Exception):
    """palermo cannot be told this run's settings."""


def config(s: Set, run: Run) -> str:
    """The link.yaml of an equal run."""
    value: dict[str, Any] = {
        "fields": [field(c) for c in columns(run)],
        "comparisons": [comparison(c) for c in run.comparisons],
        "blocking": [{"on": rule(r)} for r in run.rules],
        "limits": {"block": NO_CAP, "pairs_per_record": NO_CAP},
        "thresholds": {"link": run.cluster_at, "review": min(run.cluster_at, 0.5)},
        "guard": {"off": True},
    }
    if s.link == "one_to_one":
        value["one_to_one"] = True
    if s.link != "dedupe":
        value["across"] = True
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def columns(run: Run) -> list[str]:
    """Every column that a rule or a level names, in the order in which they are named."""
    named: dict[str, None] = {}
    for r in run.rules:
        named.update(dict.fromkeys(p.column for p in r.parts))
    for c in run.comparisons:
        named.update(dict.fromkeys(c.fields))
        for v in c.levels:
            named.update(dict.fromkeys(v.columns))
            named.update(dict.fromkeys([v.tf] if v.tf else []))
    return list(named)


def field(column: str) -> dict[str, Any]:
    return {"name": column, "kind": KINDS.get(column, "text")}


def rule(r: Rule) -> list[str]:
    if r.condition:
        raise NotSaid(f"a rule in SQL: {r.condition}")
    return [feature(p) for p in r.parts]


def feature(p: Part) -> str:
    if not p.first:
        return p.column
    if p.first == 1:
        return f"{p.column}.first{p.last}"
    return f"{p.column}.chars{p.first}to{p.last}"


def comparison(c: Comparison) -> dict[str, Any]:
    return {"name": c.name, "levels": [level(c, v) for v in c.levels]}


def level(c: Comparison, v: Level) -> dict[str, Any]:
    kind, of = v.kind, list(v.columns)
    if kind == "equal" and len(c.fields) > 1 and not set(of) & set(c.fields):
        of = list(c.fields)  # a joined column: its parts are equal, and it says how rare they are together
    if kind == "damerau":
        kind = "levenshtein" if v.limit > 1 else "one_edit"
    test, limit = TESTS[kind] if kind != "one_edit" else ("one_edit", "")
    made: dict[str, Any] = {"is": test, "of": of}
    if limit:
        made[limit] = v.limit
    if v.tf:
        made["frequency"] = v.tf
    return made
