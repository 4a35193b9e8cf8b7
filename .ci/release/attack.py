"""Attacks protected tables with linear programs, knowing nothing of how they were protected.

Each file of the folder is one set: what one release shows, or two, and the people whom they are of. The attacker has what is
shown, to the unit, knows that nobody is counted less than not at all, and which people are in which release where the releases
say so. Whatever is smaller than the threshold must be left with a span of at least that. Prints one line, and fails where any is
not.

The variables are people by the categories of all dimensions together (the strongest attack there is on tables of the same people),
not the cells of the tables apart.
"""
import itertools
import json
import pathlib
import sys

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

PARTS = {1: [("new",)], 2: [("gone", "both"), ("both", "new")]}


def atoms(sizes):
    return list(itertools.product(*(range(n) for n in sizes)))


def attack(path):
    s = json.loads(path.read_text())
    places = atoms(s["sizes"])
    two = len(s["shown"]) == 2
    parts = ["both", "new"] + (["gone"] if s["leave"] else []) if two else ["new"]
    releases = [[p for p in r if p in parts] for r in PARTS[len(s["shown"])]]
    number = {(part, at): i for i, (part, at) in enumerate(itertools.product(parts, places))}
    rows, columns, right = [], [], []

    def members(dims, at, which):
        for place in places:
            if all(place[d] == a for d, a in zip(dims, at)):
                for part in which:
                    yield number[part, place]

    shown_small, withheld = 0, []
    truth = {}
    for a in s["atoms"]:
        for part, key in (("gone", "Gone"), ("both", "Both"), ("new", "New")):
            truth[part, tuple(a["At"])] = a[key]
    count = lambda dims, at, which: sum(
        n for (part, place), n in truth.items() if part in which and all(place[d] == a for d, a in zip(dims, at)))
    n = seen = inhabited = 0
    cells = {}
    for which, cells_shown in zip(releases, s["shown"]):
        for c in cells_shown:
            c["dims"], c["at"] = c["dims"] or [], c["at"] or []
            cells[tuple(c["dims"]), tuple(c["at"])] = True
            inhabited += count(c["dims"], c["at"], which) > 0
            if c["withheld"]:
                continue
            seen += count(c["dims"], c["at"], which) > 0
            if 0 < c["count"] < s["least"]:
                shown_small += 1
            for j in members(c["dims"], c["at"], which):
                rows.append(n)
                columns.append(j)
            right.append(c["count"])
            n += 1
    a = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, len(number))).tocsr()
    narrow, targets = float("inf"), 0
    quantities = [(r, []) for r in releases]  # what is added, and what is taken from it
    if two:
        quantities += [(["new"], [])] + ([(["gone"], []), (["new"], ["gone"])] if s["leave"] else [])
    for (dims, at) in cells:
        for plus, minus in quantities:
            if not 0 < abs(count(dims, at, plus) - count(dims, at, minus)) < s["least"]:
                continue
            targets += 1
            goal = np.zeros(len(number))
            goal[list(members(dims, at, plus))] = 1
            goal[list(members(dims, at, minus))] = -1
            ends = []
            for sign in (1, -1):
                r = linprog(sign * goal, A_eq=a, b_eq=right, bounds=(0, None), method="highs")
                if r.status == 3:
                    ends.append(sign * float("-inf"))
                elif r.status != 0:
                    raise SystemExit(f"{path.name}: the program has no answer: {r.message}")
                else:
                    ends.append(sign * r.fun)
            narrow = min(narrow, ends[1] - ends[0] - s["least"])
    return shown_small, targets, narrow, seen, inhabited


def main():
    sets, small, targets, bad, seen, inhabited, worst = 0, 0, 0, 0, 0, 0, float("inf")
    for path in sorted(pathlib.Path(sys.argv[1]).glob("set*.json")):
        shown, n, narrow, cells_seen, cells = attack(path)
        sets, small, targets, seen, inhabited = sets + 1, small + shown, targets + n, seen + cells_seen, inhabited + cells
        worst = min(worst, narrow)
        if narrow < -1e-6:
            bad += 1
            print(f"{path.name}: a number is left with {-narrow:.3f} less than it needs", file=sys.stderr)
    print(f"{sets} sets, {targets} small numbers attacked: {small} shown, {bad} sets in which one is bounded too narrowly; the narrowest span is {worst:.3f} above what is asked for; {seen} of {inhabited} cells with people are shown")
    sys.exit(bool(small or bad or not sets))


main()
