"""The data sets, made ready: one Parquet per file and input, the same for both engines, and the truth apart.

Text is trimmed and lower-cased, and an empty cell is null. Ids are hashes and rows stand in their order,
since in the published files an id or a row's neighbours tell the truth. Columns that a rule or a level
needs (a date as a date, the parts of a postcode) are made here, once, for both. Beside it stands a file of
the published columns alone, as they were published, from which palermo infers its model in the best runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

import romanise
import synthetic


@dataclass(frozen=True)
class Prepared:
    """Where a set's files are: one file to find duplicates in or two to link, and the truth of each id."""

    files: tuple[Path, ...]
    published: tuple[Path, ...]
    truth: Path
    truth_csv: Path


@dataclass(frozen=True)
class Table:
    """A published file: what is read, what says its truth, the columns to make and those to leave."""

    source: str
    truth: str
    columns: str
    published: str


def text(path: Path, **options: str) -> str:
    extra = "".join(f", {k}={v}" for k, v in options.items())
    return f"(select * from read_csv('{path}', all_varchar=true, header=true{extra}))"


def plain(*columns: str) -> str:
    return ", ".join(f"nullif(trim({c}), '') as {c}" for c in columns)


def lower(column: str, name: str = "") -> str:
    return f"nullif(lower(trim(\"{column}\")), '') as {name or column}"


def fake_1000(folder: Path) -> list[Table]:
    columns = ", ".join(
        [
            lower("first_name"),
            lower("surname"),
            "nullif(lower(first_name || ' ' || surname), '') as full_name",
            lower("dob"),
            "try_cast(trim(dob) as date) as dob_date",
            lower("city"),
            lower("email"),
            "nullif(regexp_extract(lower(email), '^[^@]+'), '') as email_user",
        ]
    )
    published = plain("first_name", "surname", "dob", "city", "email")
    return [Table(text(folder / "fake_1000.csv"), "cluster", columns, published)]


FEBRL = (
    "given_name",
    "surname",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "state",
    "soc_sec_id",
)


def febrl_columns() -> str:
    columns = [lower(c) for c in FEBRL]
    columns.append(lower("date_of_birth", "dob"))
    columns.append("try_strptime(trim(date_of_birth), '%Y%m%d')::date as dob_date")
    return ", ".join(columns)


def febrl(name: str, truth: str, folder: Path) -> list[Table]:
    return [Table(text(folder / name), truth, febrl_columns(), plain(*FEBRL, "date_of_birth"))]


def clkhash(folder: Path) -> list[Table]:
    names = ["clkhash_dirty_1000_50_1.csv", "clkhash_dirty_1000_50_2.csv"]
    return [found for n in names for found in febrl(n, "trim(rec_id)", folder)]


def historical_50k(folder: Path) -> list[Table]:
    source = f"'{folder / 'historical_figures_with_errors_50k.parquet'}'"
    postcode = {
        "sector": "^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9]",
        "district": "^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?",
        "area": "^[A-Za-z]{1,2}",
    }
    columns = [
        lower("first_name"),
        lower("surname"),
        "lower(first_name || ' ' || surname) as full_name",
        lower("dob"),
        "try_strptime(dob, '%Y-%m-%d')::date as dob_date",
        lower("birth_place"),
        lower("postcode_fake", "postcode"),
        *(f"nullif(regexp_extract(postcode_fake, '{p}'), '') as postcode_{n}" for n, p in postcode.items()),
        lower("gender"),
        lower("occupation"),
    ]
    published = plain("first_name", "surname", "dob", "birth_place", "postcode_fake", "gender", "occupation")
    return [Table(source, "cluster", ", ".join(columns), published)]


def rldata500(folder: Path) -> list[Table]:
    dob = "printf('%04d-%02d-%02d', \"by\"::int, bm::int, bd::int)"
    columns = ", ".join(
        [
            lower("fname_c1", "first_name"),
            lower("lname_c1", "surname"),
            f"{dob} as dob",
            f"try_cast({dob} as date) as dob_date",
        ]
    )
    published = f"fname_c1 as first_name, lname_c1 as surname, {dob} as birth_date"
    return [Table(text(folder / "RLdata500.csv"), "identity", columns, published)]


def transactions(folder: Path) -> list[Table]:
    """The keys that Splink's notebook writes as conditions on one side or the other."""
    band = "ln(greatest(amount, 0.01)) / (2 * ln(1.3))"
    both = [
        lower("memo"),
        "transaction_date",
        "amount",
        "strftime(transaction_date, '%Y%m') as month",
        "yearweek(transaction_date)::varchar as week",
        f"floor({band})::int::varchar as amount_band",
        f"floor({band} + 0.5)::int::varchar as amount_band_half",
        "(round(amount / 2, 0) * 2)::int::varchar as amount_even",
    ]
    origin = [
        "strftime(transaction_date + 15, '%Y%m') as month_15",
        "yearweek(transaction_date + 4)::varchar as week_4",
        "(round(amount / 2, 0) * 2)::int::varchar as amount_odd",
    ]
    destination = [
        "strftime(transaction_date, '%Y%m') as month_15",
        "yearweek(transaction_date)::varchar as week_4",
        "(round((amount + 1) / 2, 0) * 2)::int::varchar as amount_odd",
    ]
    return [
        Table(
            f"'{folder / f'transactions_{side}.parquet'}'",
            "ground_truth",
            ", ".join(both + moved),
            "memo, transaction_date, amount",
        )
        for side, moved in (("origin", origin), ("destination", destination))
    ]


def bg_mps_terms(folder: Path, roman: bool) -> list[Table]:
    name = romanise.sql("name_latin") if roman else "lower(trim(name_latin))"
    place = romanise.sql("birth_place") if roman else "lower(trim(birth_place))"
    words = f"string_split_regex({name}, '\\s+')"
    columns = ", ".join(
        [
            f"{words}[1] as given_name",
            f"case when len({words}) > 2 then {words}[2] end as middle_name",
            f"{words}[-1] as surname",
            "substr(birth_date, 1, 4) as birth_year",
            f"nullif({place}, '') as birth_place",
        ]
    )
    published = "name_latin as name, substr(birth_date, 1, 4) as birth_year, birth_place"
    return [Table(text(folder / "bg_mps_terms_dev.csv"), "person_id", columns, published)]


def word_columns(column: str, roman: bool) -> str:
    """The first and the last word of a name, its words sorted, for names come surname first or last."""
    name = romanise.sql(column) if roman else f"lower({column})"
    words = f"list_sort(list_filter(string_split_regex({name}, '[\\s,.]+'), w -> w <> ''))"
    return f"{words}[1] as first_word, {words}[-1] as last_word, array_to_string({words}, ' ') as name"


def ep_name_variants(folder: Path, roman: bool) -> list[Table]:
    columns = word_columns("name", roman) + ", 'all' as everything"
    return [Table(text(folder / "ep_name_variants_dev.csv"), "person_id", columns, "name")]


def opensanctions_pairs(folder: Path, roman: bool) -> list[Table]:
    path = folder / "opensanctions_name_pairs_dev.csv"
    source = f"(select *, row_number() over () as pair from {text(path)})"
    same = "case when is_match = 'true' then pair::varchar else pair || '-{side}' end"
    return [
        Table(
            f"(select *, {same.format(side=side)} as person from {source})",
            "person",
            word_columns(f"name{side}", roman) + ", pair::varchar as pair",
            f"name{side} as name, pair::varchar as pair",
        )
        for side in (1, 2)
    ]


def tables(name: str, folder: Path, kind: str) -> list[Table]:
    roman = kind == "romanised"
    makers = {
        "fake_1000": lambda: fake_1000(folder),
        "febrl1": lambda: febrl("febrl1.csv", "split_part(rec_id, '-', 2)", folder),
        "febrl3": lambda: febrl("febrl3.csv", "split_part(rec_id, '-', 2)", folder),
        "febrl_C_10000": lambda: febrl("febrl_C_10000.csv", "rec_id[:-2]", folder),
        "clkhash_dirty_1000": lambda: clkhash(folder),
        "historical_50k": lambda: historical_50k(folder),
        "RLdata500": lambda: rldata500(folder),
        "transactions": lambda: transactions(folder),
        "bg_mps_terms": lambda: bg_mps_terms(folder, roman),
        "ep_name_variants": lambda: ep_name_variants(folder, roman),
        "opensanctions_pairs": lambda: opensanctions_pairs(folder, roman),
    }
    return makers[name]()


def prepare(name: str, kind: str, rows: int, shared: Path, work: Path) -> Prepared:
    """Write the set's files below work, unless they are there, and say where they are."""
    folder = work / "data" / (f"{name}-{rows}" if rows else f"{name}-{kind}")
    done = folder / "done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        con = duckdb.connect()
        if rows:
            synthetic.write(folder / "raw.parquet", rows, seed=1)
            found = [Table(f"'{folder / 'raw.parquet'}'", "person", febrl_columns(), plain(*FEBRL, "date_of_birth"))]
        else:
            found = tables(name, shared / "data" / "linkage", kind)
        write(con, found, folder)
        done.touch()
    return Prepared(
        tuple(sorted(folder.glob("file[12].parquet"))),
        tuple(sorted(folder.glob("published[12].parquet"))),
        folder / "truth.parquet",
        folder / "truth.csv",
    )


def write(con: duckdb.DuckDBPyConnection, found: list[Table], folder: Path) -> None:
    for side, table in enumerate(found, 1):
        con.execute(f"create temp table read{side} as select row_number() over () as _row, * from {table.source}")
        identity = f"md5('{side}:' || _row)[1:16] as id"
        for name, columns in (("file", table.columns), ("published", table.published)):
            copy(con, f"select {identity}, {columns} from read{side}", folder / f"{name}{side}.parquet")
        con.execute(
            f"create temp table truth{side} as "
            f"select {identity}, ({table.truth})::varchar as truth, {side} as side from read{side}"
        )
    sides = " union all ".join(f"from truth{n}" for n in range(1, len(found) + 1))
    copy(con, sides, folder / "truth.parquet")
    con.execute(f"copy (select id, truth as cluster from ({sides}) order by id) to '{folder / 'truth.csv'}' (header)")


def copy(con: duckdb.DuckDBPyConnection, sql: str, to: Path) -> None:
    con.execute(f"copy (from ({sql}) order by id) to '{to}' (format parquet)")
