"""A run's settings in Splink's words."""

from __future__ import annotations

import splink.comparison_level_library as cll
from splink import SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator
from splink.internals.comparison_level_creator import ComparisonLevelCreator
from splink.comparison_library import CustomComparison

from settings import Comparison, Level, Rule, Run, Set

LINK_TYPES = {"dedupe": "dedupe_only", "two_files": "link_only", "one_to_one": "link_only"}


def model(s: Set, run: Run) -> SettingsCreator:
    return SettingsCreator(
        link_type=LINK_TYPES[s.link],
        unique_id_column_name="id",
        probability_two_random_records_match=1 / run.training.one_in if run.training.one_in else 0.0001,
        blocking_rules_to_generate_predictions=[rule(r) for r in run.rules],
        comparisons=[comparison(c) for c in run.comparisons],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def rule(r: Rule) -> str | BlockingRuleCreator:
    if r.condition:
        return r.condition
    return block_on(*(p.sql() for p in r.parts))


def comparison(c: Comparison) -> CustomComparison:
    missing = [cll.NullLevel(f) for f in c.fields]
    null = missing[0] if len(missing) == 1 else cll.And(*missing).configure(is_null_level=True)
    levels = [null, *(level(v) for v in c.levels), cll.ElseLevel()]
    return CustomComparison(output_column_name=c.name, comparison_levels=levels)


def level(v: Level) -> ComparisonLevelCreator:
    parts = [one_level(v, c) for c in v.columns] if v.kind != "swapped" else [swapped(v)]
    made = parts[0] if len(parts) == 1 else cll.And(*parts)
    if v.tf:
        made = made.configure(tf_adjustment_column=v.tf)
    return made


def swapped(v: Level) -> ComparisonLevelCreator:
    return cll.ColumnsReversedLevel(*v.columns, symmetrical=True)


def one_level(v: Level, column: str) -> ComparisonLevelCreator:
    match v.kind:
        case "equal":
            return cll.ExactMatchLevel(column)
        case "jaro_winkler":
            return cll.JaroWinklerLevel(column, v.limit)
        case "levenshtein":
            return cll.LevenshteinLevel(column, int(v.limit))
        case "damerau":
            return cll.DamerauLevenshteinLevel(column, int(v.limit))
        case "days":
            return cll.CustomLevel(f"abs({column}_l - {column}_r) <= {v.limit}")
        case "days_after":
            return cll.CustomLevel(f"{column}_r - {column}_l between 0 and {v.limit}")
        case "ratio":
            return cll.PercentageDifferenceLevel(column, v.limit)
    raise ValueError(f"level {v.kind!r}")
