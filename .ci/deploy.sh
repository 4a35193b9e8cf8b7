#!/usr/bin/env bash
# The files of deploy/, the manual page, the completions and the metrics, each by the tool that reads such files, as far as it
# is here: what is not is said. Call with palermo's binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
palermo=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checked=0 missing=()

check() { # check TOOL COMMAND...
	local tool=$1
	shift
	if ! command -v "$tool" >/dev/null; then
		missing+=("$tool")
		return
	fi
	if "$@" >"$scratch/out" 2>&1; then
		checked=$((checked + 1))
		echo "$tool: passed"
	else
		echo "$tool: FAILED: $*"
		cat "$scratch/out"
		exit 1
	fi
}

# The units name /usr/bin/palermo, which need not be here: verified is a copy that names the binary.
mkdir "$scratch/units"
for unit in palermo.service palermo.timer; do
	sed -e "s|/usr/bin/palermo|$palermo|; /^Documentation=/d" "deploy/systemd/$unit" >"$scratch/units/$unit"
done
# It says what is wrong and ends with 0 where that is a setting of no meaning, so that what it says counts.
verify() { ! systemd-analyze verify --man=no "$scratch/units/palermo.service" "$scratch/units/palermo.timer" 2>&1 | grep -F "$scratch/units"; }
check systemd-analyze verify
# 30 is 3.0 of 10, where 10 is a service that may do everything.
check systemd-analyze systemd-analyze security --offline=true --threshold=30 "$scratch/units/palermo.service"

"$palermo" man >"$scratch/palermo.1"
page() { ! man --warnings=w -E UTF-8 -l -Tutf8 -Z "$scratch/palermo.1" 2>&1 >/dev/null | grep .; }
check man page
for shell in bash zsh fish; do
	"$palermo" completion "$shell" >"$scratch/completion.$shell"
	check "$shell" "$shell" -n "$scratch/completion.$shell"
done

# A night that publishes, and one that a check refuses.
"$palermo" init "$scratch/home" --agency unodc --quiet >/dev/null
printf 'telemetry: {textfile: state/palermo.prom, openlineage: state/lineage.jsonl}\n' >"$scratch/home/palermo.yaml"
cp fixtures/unodc_glotip/in/glotip_2025_zeros.csv "$scratch/home/drop/unodc/"
"$palermo" run --home "$scratch/home" --quiet --log /dev/null >/dev/null
rm "$scratch"/home/inbox/*
status=0
"$palermo" run --home "$scratch/home" --full --quiet --log /dev/null >/dev/null 2>&1 || status=$?
if [[ $status != 4 ]]; then
	echo "a night without its inbox: exit status $status, want 4"
	exit 1
fi
metrics() { promtool check metrics <"$scratch/home/state/palermo.prom"; }
check promtool metrics

PATH=$PWD/.venv-deploy/bin:$PATH
check kubernetes-validate kubernetes-validate --strict deploy/kubernetes/cronjob.yaml
events() { python .ci/lineage-events.py "$scratch/home/state/lineage.jsonl" && grep -q '"eventType":"FAIL"' "$scratch/home/state/lineage.jsonl"; }
if .venv-deploy/bin/python -c 'import openlineage.client' 2>/dev/null; then
	check python events
else
	missing+=(openlineage-python)
fi
check hadolint hadolint deploy/container/Containerfile

echo "$checked checks passed${missing[*]:+; not here: ${missing[*]}}"
