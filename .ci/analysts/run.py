"""Run every query and command of docs/analysts.md on a home, in its own language: run.py PALERMO-DIR HOME.

sh by the shell, sql by DuckDB's command line and by Python's duckdb, python by this Python, r by Rscript. What is not
on the machine is not tested, and said. With --read-only-sql only the queries are run, by this Python's duckdb, and
every view is read: that is for another version of DuckDB.
"""
import os
import re
import shutil
import subprocess
import sys

import duckdb

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "analysts.md")


def blocks(home):
    with open(PAGE, encoding="utf-8") as page:
        for language, text in re.findall(r"^```(\w+)\n(.*?)\n```$", page.read(), re.S | re.M):
            yield language, text.replace("demo-home", home)


def run(what, command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout.strip():
        sys.exit(f"{what}: exit {done.returncode}, {len(done.stdout)} bytes\n{command[-1]}\n{done.stderr}")


def main():
    args = [a for a in sys.argv[1:] if not a.startswith("--")]
    os.environ["PATH"] = os.pathsep.join([os.path.abspath(args[0]), os.path.dirname(sys.executable), os.environ["PATH"]])
    home, ran, missing = os.path.abspath(args[1]), {}, set()
    file = os.path.join(home, "current", "palermo.duckdb")
    db = duckdb.connect(file, read_only=True)
    only_sql = "--read-only-sql" in sys.argv
    for language, text in blocks(home):
        if language == "sql":
            db.sql(text.rstrip(";")).fetchall()
            if not only_sql:
                run("duckdb", ["duckdb", "-readonly", file, text])
        elif only_sql:
            continue
        elif language == "python":
            run("python", [sys.executable, "-c", text])
        elif language == "sh":
            run("sh", ["sh", "-ec", text])
        elif language == "r":
            if not shutil.which("Rscript"):
                missing.add("R")
                continue
            run("Rscript", ["Rscript", "-e", text])
        ran[language] = ran.get(language, 0) + 1
    views = [v for v, in db.sql("SELECT object FROM dictionary WHERE kind = 'view' AND ordinal = 0").fetchall()]
    for view in views:
        db.sql(f"FROM {view}").fetchall()
    differing = db.sql("""
        SELECT count(*) FROM dictionary d FULL JOIN (
          SELECT table_name AS object, column_name, comment FROM duckdb_columns() WHERE NOT internal
          UNION ALL SELECT table_name, NULL, comment FROM duckdb_tables() WHERE NOT internal
          UNION ALL SELECT view_name, NULL, comment FROM duckdb_views() WHERE NOT internal
          UNION ALL SELECT DISTINCT function_name, NULL, comment FROM duckdb_functions() WHERE NOT internal
        ) c ON c.object = d.object AND c.column_name IS NOT DISTINCT FROM d.column_name
        WHERE c.comment IS DISTINCT FROM d.comment""").fetchall()[0][0]
    if differing or not ran.get("sql") or not views:
        sys.exit(f"{differing} comments are not what the dictionary says; {ran} were run")
    print(f"DuckDB {duckdb.__version__}: {ran} of the page, {len(views)} views" + "".join(f"; not tested: {m} is not here" for m in missing))


main()
