"""The settings of a data set: read from settings/<set>.yaml, the one place both engines are told from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "settings"

# LEVELS is every kind of level and the word that holds its limit, if it has one.
LEVELS: dict[str, str | None] = {
    "equal": None,
    "swapped": None,
    "jaro_winkler": "at_least",
    "levenshtein": "at_most",
    "damerau": "at_most",
    "days": "at_most",
    "days_after": "at_most",
    "ratio": "below",
}
LINKS = ("dedupe", "two_files", "one_to_one")
PART = re.compile(r"^([a-z_0-9]+)(?:\[(\d+):(\d+)\])?$")


@dataclass(frozen=True)
class Part:
    """A part of a blocking key: a column, or its characters first to last, counted from 1."""

    column: str
    first: int = 0
    last: int = 0

    @staticmethod
    def of(text: str) -> Part:
        m = PART.match(text)
        if m is None:
            raise ValueError(f"part of a rule: {text!r}")
        return Part(m[1], int(m[2] or 0), int(m[3] or 0))

    def sql(self, table: str = "") -> str:
        column = f"{table}.{self.column}" if table else self.column
        if not self.first:
            return column
        return f"substr({column}, {self.first}, {self.last - self.first + 1})"


@dataclass(frozen=True)
class Rule:
    """A blocking rule: parts that are all equal, or a condition in SQL, which only Splink can be told."""

    parts: tuple[Part, ...] = ()
    condition: str = ""

    @staticmethod
    def of(value: str | list[str]) -> Rule:
        if isinstance(value, str):
            return Rule(condition=value)
        return Rule(parts=tuple(Part.of(p) for p in value))

    def sql(self) -> str:
        if self.condition:
            return self.condition
        return " and ".join(f"{p.sql('l')} = {p.sql('r')}" for p in self.parts)


@dataclass(frozen=True)
class Level:
    """A level of a comparison: the columns it looks at and, but for equality, a limit."""

    kind: str
    columns: tuple[str, ...]
    limit: float = 0
    tf: str = ""

    @staticmethod
    def of(value: dict[str, Any]) -> Level:
        kinds = [k for k in value if k in LEVELS]
        if len(kinds) != 1:
            raise ValueError(f"a level has one kind: {value!r}")
        kind = kinds[0]
        limit = LEVELS[kind]
        extra = set(value) - {kind, limit, "tf"}
        if extra or (limit and limit not in value):
            raise ValueError(f"level {kind}: {value!r}")
        columns = value[kind]
        return Level(
            kind,
            tuple([columns] if isinstance(columns, str) else columns),
            value[limit] if limit else 0,
            value.get("tf", ""),
        )


@dataclass(frozen=True)
class Comparison:
    """Levels, best first; the level of everything else is implied. It is missing where each of its
    fields is null on one side or the other."""

    name: str
    fields: tuple[str, ...]
    levels: tuple[Level, ...]

    @staticmethod
    def of(value: dict[str, Any]) -> Comparison:
        levels = tuple(Level.of(v) for v in value["levels"])
        return Comparison(value["name"], tuple(value["fields"]), levels)


@dataclass(frozen=True)
class Training:
    """How Splink is trained, as its notebooks do it. palermo is told none of this."""

    one_in: float
    prior_rules: tuple[Rule, ...]
    recall: float
    max_pairs: int
    seed: int | None
    em: tuple[Rule, ...]
    em_without_tf: bool

    @staticmethod
    def of(value: dict[str, Any]) -> Training:
        prior, u = value["prior"], value["u"]
        return Training(
            one_in=prior.get("one_in", 0),
            prior_rules=tuple(Rule.of(r) for r in prior.get("rules", [])),
            recall=prior.get("recall", 0),
            max_pairs=u["max_pairs"],
            seed=u.get("seed"),
            em=tuple(Rule.of(r) for r in value["em"]),
            em_without_tf=value.get("em_without_tf", False),
        )


@dataclass(frozen=True)
class Run:
    """One configuration of a set. In "best" palermo reads the published columns and infers its model."""

    name: str
    input: str
    rules: tuple[Rule, ...]
    comparisons: tuple[Comparison, ...]
    training: Training
    cluster_at: float  # the probability from which Splink, and palermo in an equal run, join records
    palermo: dict[str, Any] | None  # in "best", a link.yaml where the columns alone do not say the task

    @property
    def equal(self) -> bool:
        """Whether both engines are told the same rules and levels."""
        return self.name != "best"


@dataclass(frozen=True)
class Set:
    name: str
    title: str
    link: str
    runs: tuple[Run, ...] = field(default=())

    def run(self, name: str) -> Run:
        for r in self.runs:
            if r.name == name:
                return r
        raise KeyError(f"{self.name} has no run {name!r}")


def names() -> list[str]:
    return sorted(p.stem for p in FOLDER.glob("*.yaml"))


def load(name: str) -> Set:
    value = _document(name)
    if value["link"] not in LINKS:
        raise ValueError(f"{name}: link: {value['link']!r}")
    runs = tuple(_run(value, r) for r in value["runs"])
    return Set(value["set"], _title(name), value["link"], runs)


def _document(name: str) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    if value["set"] != name:
        raise ValueError(f"{name}.yaml says it is {value['set']!r}")
    like = value.pop("like", None)
    return {**_document(like), **value} if like else value


def _title(name: str) -> str:
    lines = (FOLDER / f"{name}.yaml").read_text().splitlines()
    head = []
    for line in lines:
        if not line.startswith("#"):
            break
        head.append(line.lstrip("# "))
    return " ".join(head)


def _run(value: dict[str, Any], run: dict[str, Any]) -> Run:
    return Run(
        name=run["name"],
        input=run.get("input", "plain"),
        rules=tuple(Rule.of(r) for r in value["rules"][run["rules"]]),
        comparisons=tuple(Comparison.of(c) for c in value["comparisons"][run["comparisons"]]),
        training=Training.of(value["training"][run["training"]]),
        cluster_at=run.get("cluster_at", value["cluster_at"]),
        palermo=run.get("palermo"),
    )
