"""Tests of what the figures rest on: `make test-bench-link`."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import duckdb
import yaml

import page
import palermo_config
import settings
import splink_model
import synthetic
from evaluate import Evaluation, evaluate
from measure import Failed, Measured, Spread, child
from engines import Said
from result import Contest, Outcome
from settings import Level, Part, Rule


def judged(truth: str, pairs: str, clusters: str, rows: str = "", rules: tuple[Rule, ...] = ()) -> Evaluation:
    """The evaluation of tables that are written as SQL values."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        con = duckdb.connect()

        def put(file: str, columns: str, values: str) -> Path:
            path = folder / file
            body = f"(values {values}) t({columns})" if values else f"(select {columns} where false)"
            con.execute(f"copy (from {body}) to '{path}' (format parquet)")
            return path

        at = put("truth.parquet", "id, truth, side", truth)
        put("pairs.parquet", "id_l, id_r, probability", pairs)
        put("clusters.parquet", "id, cluster_id", clusters)
        files = (put("file1.parquet", "id, k", rows),) if rows else ()
        return evaluate(at, folder, files, rules)


# Persons p (a, b, c) and q (d, e): four true pairs.
TRUTH = "('a','p',1), ('b','p',1), ('c','p',1), ('d','q',1), ('e','q',1)"
PAIRS = "('a','b',0.9), ('d','c',0.8), ('e','d',0.4), ('a','c',0.1)"
CLUSTERS = "('a','1'), ('b','1'), ('c','2'), ('d','2'), ('e','3')"


class Evaluating(unittest.TestCase):
    def test_pairs_against_all_true_pairs(self) -> None:
        e = judged(TRUTH, PAIRS, CLUSTERS)
        self.assertEqual(e.true_pairs, 4)
        self.assertEqual((e.at_half.precision, e.at_half.recall), (0.5, 0.25))
        self.assertAlmostEqual(e.at_half.f1, 2 * 1 / (2 + 4))

    def test_best_threshold(self) -> None:
        e = judged(TRUTH, PAIRS, CLUSTERS)
        self.assertEqual((e.best.true_positive, e.best.false_positive, e.best_at), (3, 1, 0.1))

    def test_a_pair_written_twice_counts_once(self) -> None:
        e = judged(TRUTH, "('a','b',0.9), ('b','a',0.7)", CLUSTERS)
        self.assertEqual((e.written_pairs, e.at_half.true_positive), (1, 1))

    def test_clusters(self) -> None:
        e = judged(TRUTH, PAIRS, CLUSTERS)
        self.assertEqual((e.clusters.true_positive, e.clusters.false_positive, e.clusters.false_negative), (1, 1, 3))
        self.assertEqual((e.largest_cluster, e.largest_true), (2, 3))

    def test_b_cubed(self) -> None:
        e = judged(TRUTH, PAIRS, CLUSTERS)
        # a and b: 1, c and d: 1/2, e: 1; recall: a and b 2/3, c 1/3, d and e 1/2.
        self.assertAlmostEqual(e.b_cubed.precision, 4 / 5)
        self.assertAlmostEqual(e.b_cubed.recall, (2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)

    def test_of_two_files_only_pairs_across_count(self) -> None:
        truth = "('a','p',1), ('b','p',2), ('c','p',2), ('d','q',1)"
        e = judged(truth, "('b','c',0.9), ('b','a',0.9)", "('a','1'), ('b','1'), ('c','1'), ('d','2')")
        self.assertEqual((e.true_pairs, e.at_half.true_positive, e.at_half.false_positive), (2, 1, 0))
        self.assertEqual((e.clusters.true_positive, e.clusters.false_positive), (2, 0))

    def test_ceiling(self) -> None:
        rows = "('a','x'), ('b','x'), ('c',null), ('d','x'), ('e','y')"
        e = judged(TRUTH, PAIRS, CLUSTERS, rows, (Rule.of(["k"]),))
        self.assertEqual(e.ceiling, 0.25)

    def test_nothing_written(self) -> None:
        e = judged(TRUTH, "('a','x',0.9)", CLUSTERS)
        self.assertEqual((e.written_pairs, e.best.recall), (0, 0))

    def test_a_record_without_a_cluster_is_an_error(self) -> None:
        with self.assertRaises(ValueError):
            judged(TRUTH, PAIRS, "('a','1')")


class Settings(unittest.TestCase):
    def test_every_set_says_the_same_to_both(self) -> None:
        for name in settings.names():
            s = settings.load(name)
            for run in s.runs:
                with self.subTest(f"{name}, {run.name}"):
                    model = splink_model.model(s, run).create_settings_dict("duckdb")
                    if not run.equal:
                        continue
                    told = yaml.safe_load(palermo_config.config(s, run))
                    self.assertEqual(len(told["blocking"]), len(model["blocking_rules_to_generate_predictions"]))
                    levels = [len(c["levels"]) for c in told["comparisons"]]
                    # Splink's are two more: missing, and everything else.
                    self.assertEqual(levels, [len(c["comparison_levels"]) - 2 for c in model["comparisons"]])

    def test_every_set_has_an_equal_and_a_best_run(self) -> None:
        for name in settings.names():
            runs = settings.load(name).runs
            self.assertTrue(any(r.equal for r in runs) and any(not r.equal for r in runs), name)

    def test_parts(self) -> None:
        self.assertEqual(Part.of("surname[2:4]").sql("l"), "substr(l.surname, 2, 3)")
        self.assertEqual(palermo_config.feature(Part.of("surname[1:4]")), "surname.first4")
        self.assertEqual(palermo_config.feature(Part.of("dob[6:10]")), "dob.chars6to10")
        with self.assertRaises(ValueError):
            Part.of("surname[2]")

    def test_a_level_that_is_wrongly_written(self) -> None:
        for wrong in ({"equal": "a", "days": "b", "at_most": 1}, {"jaro_winkler": "a"}, {"equal": "a", "at_most": 1}):
            with self.assertRaises(ValueError):
                Level.of(wrong)

    def test_a_rule_in_sql_cannot_be_told(self) -> None:
        with self.assertRaises(palermo_config.NotSaid):
            palermo_config.rule(Rule.of("l.a = r.b"))


class Page(unittest.TestCase):
    def contest(self) -> Contest:
        """palermo slower and better, Splink faster, with a warning."""
        s = settings.load("fake_1000")
        good, bad = judged(TRUTH, "('a','b',0.9)", CLUSTERS), judged(TRUTH, "('a','d',0.9)", CLUSTERS)
        c = Contest(s, s.run("notebook"), 0, {n: Outcome(n) for n in ("palermo", "Splink")})
        c.outcomes["palermo"].add(Measured(3, 50, "", ""), Said(pairs=7), good)
        c.outcomes["Splink"].add(Measured(1, 90, "", "Level x, unable to train m value\nother\n"), Said(pairs=7), bad)
        return c

    def test_losses_are_named_and_marked(self) -> None:
        c = self.contest()
        self.assertEqual(page.losses([c]), "- fake_1000, notebook: 3.00 s to 1.00 s")
        ours, theirs = page.rows(c)
        self.assertEqual([cell for cell in ours if "▼" in cell], ["3.00 ▼"])
        self.assertFalse(any("▼" in cell for cell in theirs))

    def test_warnings_and_failures_are_printed(self) -> None:
        c = self.contest()
        self.assertIn("fake_1000, notebook: Level x, unable to train", page.warnings([c]))
        c.outcomes["Splink"].failure = "status 1: it stopped"
        self.assertIn("Splink: status 1: it stopped", page.failures([c]))
        self.assertEqual(len(page.rows(c)), 1)

    def test_a_failure_of_palermo_is_a_loss(self) -> None:
        c = self.contest()
        c.outcomes["palermo"].failure = 'status 2: {\n"message": "unknown command",\n}'
        self.assertEqual(page.losses([c]), "- fake_1000, notebook: palermo failed")
        self.assertEqual(c.outcomes["palermo"].reason, "unknown command")


class Synthetic(unittest.TestCase):
    def test_the_same_seed_gives_the_same_records(self) -> None:
        first, second = list(synthetic.records(2_000, 1)), list(synthetic.records(2_000, 1))
        self.assertEqual(first, second)
        self.assertEqual(len(first), 2_000)
        self.assertNotEqual(first, list(synthetic.records(2_000, 2)))


class Measuring(unittest.TestCase):
    def test_spread(self) -> None:
        self.assertEqual(Spread.of([3, 1, 2]).format(1), "2.0 (1.0 to 3.0)")
        self.assertEqual(Spread.of([2, 2]).format(0), "2")

    def test_peak_is_of_the_child_alone(self) -> None:
        held = bytearray(200 << 20)
        small = child(["/bin/sh", "-c", "echo said"], {})
        self.assertEqual(small.stdout, "said\n")
        self.assertLess(small.peak_mib, 50, f"beside {len(held) >> 20} MiB of this process")

    def test_a_child_that_fails(self) -> None:
        with self.assertRaises(Failed):
            child(["/bin/sh", "-c", "exit 3"], {})


if __name__ == "__main__":
    unittest.main()
