"""The engines: for each, the command of one run and how to read what it said.

A further engine is a function here. It is given the run and its files, and a folder in which its command
writes clusters.parquet (id, cluster_id) and pairs.parquet (id_l, id_r, probability).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import palermo_config
from prepare import Prepared
from settings import Run, Set

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Task:
    """One run of a set, and where things are."""

    set: Set
    run: Run
    data: Prepared
    out: Path
    palermo: Path
    threads: int


@dataclass(frozen=True)
class Said:
    """What an engine says of its own run: the pairs it scored, the time without its start, its own
    evaluation. What it does not say is None."""

    pairs: int | None = None
    work_seconds: float | None = None
    ceiling: float | None = None
    evaluation: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    name: str
    command: Callable[[Task], list[str]]
    said: Callable[[str], Said]
    environment: Callable[[Task], dict[str, str]]
    start: Callable[[Task], list[str]]  # a command that only starts the engine
    beside: Callable[[Task], list[str]] | None = None  # what else it can say, beside the clock


def splink_command(t: Task) -> list[str]:
    return [
        sys.executable, str(HERE / "splink_run.py"), "--set", t.set.name, "--run", t.run.name,
        "--out", str(t.out), "--threads", str(t.threads), *map(str, t.data.files),
    ]  # fmt: skip


def splink_said(stdout: str) -> Said:
    value = json.loads(stdout)
    return Said(pairs=value.get("pairs"), work_seconds=value.get("work_seconds"), details=value)


def palermo_command(t: Task) -> list[str]:
    """An equal run has the same files and a link.yaml; the best one has the published columns."""
    files = t.data.files if t.run.equal else t.data.published
    command = [str(t.palermo), "link", *map(str, files), "--id", "id", "--out", str(t.out), "--json", "--quiet", "--brief"]
    text = config(t)
    if text:
        path = t.out.with_name(t.out.name + ".link.yaml")
        path.write_text(text)
        command += ["--config", str(path)]
    if t.set.link == "one_to_one":
        command.append("--one-to-one")
    return command


def config(t: Task) -> str:
    if t.run.equal:
        return palermo_config.config(t.set, t.run)
    return yaml.safe_dump(t.run.palermo, sort_keys=False) if t.run.palermo else ""


def palermo_said(stdout: str) -> Said:
    result = json.loads(stdout)["result"]
    truth = result.get("truth")
    return Said(
        pairs=(result.get("pairs") or {}).get("compared", 0),
        ceiling=truth["ceiling"] if truth else None,
        details={"link": result["thresholds"]["link"]},
        evaluation=truth,
    )


def threads(t: Task) -> dict[str, str]:
    return {**os.environ, "GOMAXPROCS": str(t.threads)}


def splink_count(t: Task) -> list[str]:
    """Splink counts the pairs that its rules give."""
    return [*splink_command(t), "--count"]


def palermo_truth(t: Task) -> list[str]:
    """palermo with its own evaluation, to hold against ours."""
    return [*palermo_command(t), "--truth", str(t.data.truth_csv)]


ENGINES = (
    Engine(
        "palermo",
        palermo_command,
        palermo_said,
        threads,
        start=lambda t: [str(t.palermo), "version"],
        beside=palermo_truth,
    ),
    Engine(
        "Splink",
        splink_command,
        splink_said,
        lambda _: dict(os.environ),
        start=lambda _: [sys.executable, "-c", "import splink"],
        beside=splink_count,
    ),
)
