"""One run of Splink in a process of its own: files in, clusters.parquet and pairs.parquet out.

It prints what it measured as JSON. `work_seconds` begins when Splink and DuckDB are imported and ends when
both files are written; the process that started this one measures the whole.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker

import settings
import splink_model

# KEEP is the probability above which both engines write a pair; palermo's default.
KEEP = 0.001


@dataclass(frozen=True)
class Arguments:
    set: settings.Set
    run: settings.Run
    files: list[Path]
    out: Path
    threads: int
    count: bool


def arguments() -> Arguments:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--set", required=True)
    p.add_argument("--run", required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--count", action="store_true", help="only count the pairs that the rules give")
    p.add_argument("files", type=Path, nargs="+")
    a = p.parse_args()
    s = settings.load(a.set)
    return Arguments(s, s.run(a.run), a.files, a.out, a.threads, a.count)


def main() -> None:
    start = time.perf_counter()
    a = arguments()
    linker, api = open_linker(a)
    if a.count:
        print(json.dumps({"pairs": count(linker)}))
        return
    stages: dict[str, float] = {}
    with timed(stages, "train"):
        train(linker, a.run.training)
    with timed(stages, "predict"):
        pairs = linker.inference.predict(threshold_match_probability=KEEP)
    with timed(stages, "cluster"):
        clusters = cluster(linker, pairs, a.set.link, a.run.cluster_at)
    with timed(stages, "write"):
        write(api.duckdb_con, pairs, clusters, a.out)
    print(json.dumps({"work_seconds": time.perf_counter() - start, "stages": stages, "prior": prior(linker)}))


class timed:
    """Adds the seconds of a block to stages."""

    def __init__(self, stages: dict[str, float], name: str):
        self.stages, self.name = stages, name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.stages[self.name] = time.perf_counter() - self.start


def open_linker(a: Arguments) -> tuple[Linker, DuckDBAPI]:
    con = duckdb.connect(":memory:")
    con.execute(f"set threads = {a.threads}")
    api = DuckDBAPI(connection=con)
    frames = []
    for n, path in enumerate(a.files, 1):
        con.execute(f"create table file{n} as from '{path}'")
        frames.append(api.register(f"file{n}", dataset_display_name=f"file{n}"))
    inputs = frames if len(frames) > 1 else frames[0]
    # Warnings stay on: they go to standard error, and the page says which were seen.
    return Linker(inputs, splink_model.model(a.set, a.run), log_level=logging.WARNING), api


def count(linker: Linker) -> int:
    rows = linker.inference.compute_blocked_pairs_for_predict()
    return int(rows.as_duckdbpyrelation().count("*").fetchone()[0])


def train(linker: Linker, t: settings.Training) -> None:
    if t.prior_rules:
        rules = [splink_model.rule(r) for r in t.prior_rules]
        linker.training.estimate_probability_two_random_records_match(rules, recall=t.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=t.max_pairs, seed=t.seed)
    for r in t.em:
        linker.training.estimate_parameters_using_expectation_maximisation(
            splink_model.rule(r), estimate_without_term_frequencies=t.em_without_tf
        )


def cluster(linker: Linker, pairs: Any, link: str, at: float) -> Any:
    if link == "one_to_one":
        return linker.clustering.cluster_using_single_best_links(
            pairs,
            duplicate_free_datasets=["file1", "file2"],
            threshold_match_probability=at,
        )
    return linker.clustering.cluster_pairwise_predictions_at_threshold(
        pairs, threshold_match_probability=at
    )


def prior(linker: Linker) -> float:
    return float(linker.misc.save_model_to_json()["probability_two_random_records_match"])


def write(con: duckdb.DuckDBPyConnection, pairs: Any, clusters: Any, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"copy (select id_l, id_r, match_probability as probability from {pairs.physical_name}) "
        f"to '{out / 'pairs.parquet'}' (format parquet)"
    )
    con.execute(
        f"copy (select id, cluster_id from {clusters.physical_name}) "
        f"to '{out / 'clusters.parquet'}' (format parquet)"
    )


if __name__ == "__main__":
    main()
