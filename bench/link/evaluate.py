"""The one evaluation of both engines: from what an engine wrote and the truth, by SQL.

Pairs are judged against all true pairs, not only those that blocking found. Where two files are linked, a
true pair has a record in each; pairs inside a file are left out on both sides.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

import settings


@dataclass(frozen=True)
class Scores:
    """Precision, recall and their harmonic mean; for pairs also from which counts."""

    precision: float
    recall: float
    f1: float
    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0

    @staticmethod
    def counted(right: int, found: int, true: int) -> Scores:
        """Where nothing was found, precision is 0, as palermo's own evaluation has it."""
        precision = right / found if found else 0.0
        recall = right / true if true else 0.0
        f1 = 2 * right / (found + true) if found + true else 0.0
        return Scores(precision, recall, f1, right, found - right, true - right)


@dataclass(frozen=True)
class Evaluation:
    true_pairs: int
    written_pairs: int
    ceiling: float
    at_half: Scores
    best: Scores
    best_at: float
    clusters: Scores
    b_cubed: Scores
    largest_cluster: int
    largest_true: int


def evaluate(truth: Path, out: Path, files: tuple[Path, ...], rules: tuple[settings.Rule, ...]) -> Evaluation:
    """Judge the pairs.parquet and clusters.parquet in out. The ceiling is the share of the true pairs that
    the rules can find in the files; without rules it is the share that was written."""
    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create table truth as from '{truth}'")
    con.execute("create table size as select count(distinct side) > 1 as linked from truth")
    read_pairs(con, out)
    read_clusters(con, out)
    true = one(con, f"select count(*) from ({TRUE_PAIRS})")
    best, best_at = best_scores(con, true)
    return Evaluation(
        true_pairs=true,
        written_pairs=one(con, "select count(*) from pairs"),
        ceiling=ceiling(con, files, rules, true),
        at_half=pair_scores(con, true),
        best=best,
        best_at=best_at,
        clusters=cluster_scores(con, true),
        b_cubed=b_cubed(con),
        largest_cluster=one(con, "select max(n) from (select count(*) n from clusters group by cluster_id)"),
        largest_true=one(con, "select max(n) from (select count(*) n from truth group by truth)"),
    )


# A pair of records counts where it may be linked: any two, or one of each file.
MAY_LINK = "(a.side <> b.side or not (select linked from size))"
TRUE_PAIRS = f"select a.id as a, b.id as b from truth a join truth b on a.truth = b.truth and a.id < b.id and {MAY_LINK}"


def one(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0


def read_pairs(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    con.execute(
        "create table pairs as select max(p.probability) as probability, any_value(a.truth = b.truth) as same "
        f"from '{out / 'pairs.parquet'}' p join truth a on a.id = p.id_l join truth b on b.id = p.id_r "
        f"where {MAY_LINK} group by least(p.id_l, p.id_r), greatest(p.id_l, p.id_r)"
    )


def read_clusters(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Every record has one cluster; anything else is a mistake of the engine or of the driver."""
    con.execute(
        f"create table clusters as select t.id, t.side, t.truth, c.cluster_id::varchar as cluster_id "
        f"from truth t join '{out / 'clusters.parquet'}' c using (id)"
    )
    records, found = one(con, "select count(*) from truth"), one(con, "select count(distinct id) from clusters")
    rows = one(con, "select count(*) from clusters")
    if not records == found == rows:
        raise ValueError(f"{records} records, but {found} of them in {rows} rows of clusters.parquet")


def pair_scores(con: duckdb.DuckDBPyConnection, true: int) -> Scores:
    found = one(con, "select count(*) from pairs where probability >= 0.5")
    right = one(con, "select count(*) from pairs where probability >= 0.5 and same")
    return Scores.counted(right, found, true)


def best_scores(con: duckdb.DuckDBPyConnection, true: int) -> tuple[Scores, float]:
    """The scores at the threshold that gives the best F1; a user does not know it, so it is a bound."""
    row = con.execute(
        "with t as (select probability p, count(*) n, count(*) filter (same) k from pairs group by 1), "
        "c as (select p, sum(n) over (order by p desc) found, sum(k) over (order by p desc) hit from t) "
        "select hit, found, p from c order by 2 * hit / (found + $1) desc, p desc limit 1",
        [true],
    ).fetchone()
    if row is None:
        return Scores.counted(0, 0, true), 1.0
    return Scores.counted(int(row[0]), int(row[1]), true), float(row[2])


def cluster_scores(con: duckdb.DuckDBPyConnection, true: int) -> Scores:
    """Pairs of records in one cluster, against the true pairs."""
    found = cluster_pairs(con, "cluster_id")
    right = cluster_pairs(con, "cluster_id, truth")
    return Scores.counted(right, found, true)


def cluster_pairs(con: duckdb.DuckDBPyConnection, group: str) -> int:
    return one(
        con,
        "select sum(case when (select linked from size) then n1 * n2 else n * (n - 1) // 2 end) from ("
        "select count(*) n, count(*) filter (side = 1) n1, count(*) filter (side = 2) n2 "
        f"from clusters group by {group})",
    )


def b_cubed(con: duckdb.DuckDBPyConnection) -> Scores:
    row = con.execute(
        "with x as (select cluster_id, truth, count(*) n from clusters group by all), "
        "c as (select cluster_id, sum(n) n from x group by all), t as (select truth, sum(n) n from x group by all) "
        "select sum(x.n * x.n / c.n::double) / sum(x.n), sum(x.n * x.n / t.n::double) / sum(x.n) "
        "from x join c using (cluster_id) join t using (truth)"
    ).fetchone()
    assert row is not None
    precision, recall = float(row[0]), float(row[1])
    return Scores(precision, recall, 2 * precision * recall / (precision + recall))


def ceiling(
    con: duckdb.DuckDBPyConnection, files: tuple[Path, ...], rules: tuple[settings.Rule, ...], true: int
) -> float:
    if not rules:
        return one(con, "select count(*) from pairs where same") / true if true else 1.0
    con.execute("create table rows as " + " union all by name ".join(f"from '{f}'" for f in files))
    # A condition may hold with the first file's record on the left only, so the left is of side 1.
    held = " or ".join(f"coalesce({r.sql()}, false)" for r in rules)
    found = one(
        con,
        f"with p as (select case when x.side <= y.side then a else b end a, case when x.side <= y.side then b else a end b "
        f"from ({TRUE_PAIRS}) join truth x on x.id = a join truth y on y.id = b) "
        f"select count(*) from p join rows l on l.id = p.a join rows r on r.id = p.b where {held}",
    )
    return found / true if true else 1.0


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("truth", type=Path, help="Parquet with id, truth, side")
    p.add_argument("out", type=Path, help="folder with pairs.parquet and clusters.parquet")
    a = p.parse_args()
    print(json.dumps(asdict(evaluate(a.truth, a.out, (), ())), indent=2))


if __name__ == "__main__":
    main()
