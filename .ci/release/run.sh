#!/usr/bin/env bash
# Attacks 200 sets of protected tables, and holds releases of the demo against software of others.
# run.sh PALERMO SHARED
set -euo pipefail
palermo=$1 shared=$2 python=.venv-release/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/sets"
PALERMO_ATTACK="$work/sets" go test ./transform/disclose -run '^TestWriteAttackSets$' -count=1 >/dev/null
$python .ci/release/attack.py "$work/sets"
PALERMO_ATTACK="$work/sets" go test ./pipeline -run '^TestRelease$' -count=1
"$palermo" demo --home "$work/home" --quiet >/dev/null 2>&1
for k in 5 10; do
	"$palermo" release tables sdmx --k "$k" --home "$work/home" --approved-by test --out "$work/tables$k" --quiet >/dev/null
	rm -r "$work/home/state/releases" # each k by itself
	"$palermo" release microdata htcds --k "$k" --home "$work/home" --approved-by test --out "$work/rows$k" --quiet >/dev/null
	rm -r "$work/home/state/releases"
	$python .ci/release/check.py "$work/rows$k" "$work/tables$k" "$k" "$shared/data/htcds/v2.0/HTCDS Excel Spreadsheet single select with validation v2.0.xlsx"
	for f in "rows$k/microdata.csv" "rows$k/htcds.xlsx" "tables$k/sdmx.csv"; do
		"$palermo" check "$work/$f" >"$work/said" 2>&1 || true
		grep -q 'nothing to fix' "$work/said" || { cat "$work/said"; exit 1; }
		echo "$(basename "$f"): read back, nothing to fix"
	done
done
