#!/usr/bin/env bash
# Makes a small home as a version of palermo leaves it after two nights, and packs it: make.sh COMMIT NAME. Run it when what a
# version writes into a home changes, with the last commit before.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/src" && git -C "$root" archive "$1" | tar -x -C "$scratch/src"
(cd "$scratch/src" && go build -trimpath -buildvcs=false -ldflags "-X main.version=$2" -o "$scratch/palermo" ./cmd/palermo)

# The key of all homes in the tests.
printf '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n' >"$scratch/key"
export PALERMO_KEY_FILE=$scratch/key
home=$scratch/home
mkdir -p "$home/drop/unodc" "$home/drop/iom"
printf 'agencies: {iom: {title: Made up}}\n' >"$home/palermo.yaml"
cp "$root/fixtures/unodc_glotip/in/glotip_2025_zeros.csv" "$home/drop/unodc/"
"$scratch/palermo" run --home "$home" --quiet --log /dev/null >/dev/null
cp "$root"/fixtures/iom_ctm/in/* "$home/drop/iom/"
"$scratch/palermo" run --home "$home" --quiet --log /dev/null >/dev/null
# The first snapshot shows nothing that the second does not.
first=$(ls "$home/snapshots" | head -1)
rm -r "$home/snapshots/$first" "$home/steward/$first"
tar -C "$scratch" --sort=name --owner=0 --group=0 -cf - home | gzip -9n >"$here/$2.tar.gz"
ls -l "$here/$2.tar.gz"
