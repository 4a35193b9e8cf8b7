"""An independent client reads the published database while the next run publishes.

Usage: python-client.py PALERMO HOME, after a demo was made in HOME. Needs the PyPI package duckdb.
It fails where a table, view or column has no comment, where an open connection's answers change
under it, or where a new connection does not see what the next run published.
"""

import pathlib
import subprocess
import sys

import duckdb

palermo, home = sys.argv[1], pathlib.Path(sys.argv[2])


def connect():
    return duckdb.connect(str((home / "current" / "palermo.duckdb").resolve()), read_only=True)


def answers(db):
    return db.sql("SELECT count(*), sum(value_high) FROM statistic").fetchone(), db.sql(
        "SELECT count(*), count(DISTINCT record_id) FROM record"
    ).fetchone()


old = connect()
bare = old.sql(
    """SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''
    UNION ALL SELECT table_name FROM duckdb_tables() WHERE NOT internal AND coalesce(comment, '') = ''
    UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND coalesce(comment, '') = ''"""
).fetchall()
assert not bare, f"without comment: {bare}"

before = answers(old)
assert before[0][0] > 0, "the demo published no statistic"
with open(home / "drop" / "unodc" / "one_more.csv", "w", encoding="utf-8") as f:
    f.write("Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,Unit of measurement,txtVALUE,Source\n")
    f.write("ALB,Albania,Europe,Southern Europe,Detected trafficking victims,Total,Total,Total,Total,2019,Counts,7,GLOTIP\n")
run = subprocess.Popen([palermo, "run", "--home", str(home), "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
asked = 0
while run.poll() is None:
    assert answers(old) == before, "an open connection saw another snapshot"
    asked += 1
assert run.returncode == 0, f"the run ended with {run.returncode}"
assert answers(old) == before, "an open connection saw another snapshot"

now = answers(connect())
assert now[0][0] == before[0][0] + 1, f"a new connection sees {now[0][0]} rows, want one more than {before[0][0]}"
print(f"1 passed, 0 failed: DuckDB {duckdb.__version__} in Python kept its answers over {asked} questions while a run published")
