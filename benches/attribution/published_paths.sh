#!/usr/bin/env bash
# The published sample of 10,000 paths (the R and Python package ChannelAttribution brings it) through
# `c360 metrics attribution`, beside the credit of its channel "alpha" in closed form and, for first,
# last and linear touch, beside what a few lines of Python count from the same file.
#
#   benches/attribution/published_paths.sh
#
# Variables: C360, the program (else `cargo run --release`); PATHS, the file Data.csv (else the package
# is downloaded for it). Exits with 1 if a figure differs.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${PATHS:-}" ]; then
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary ChannelAttribution \
        --dest "$work" ChannelAttribution==2.2.5
    tar -xzf "$work"/channelattribution-*.tar.gz -C "$work"
    PATHS=$(find "$work" -name Data.csv | head -1)
fi
map=conversions=total_conversions,value=total_conversion_value,nulls=total_null
for model in first last linear u markov; do
    if [ -n "${C360:-}" ]; then
        "$C360" metrics attribution --paths "$PATHS" --model $model --map $map --json
    else
        (cd "$here/../.." && cargo run --quiet --release -- metrics attribution --paths "$PATHS" --model $model --map $map --json)
    fi >"$work/$model.json"
done
WORK=$work PATHS=$PATHS python3 - <<'PYTHON'
import collections, csv, fractions, json, os

published = {  # channel alpha
    "first": 6308, "last": 8447, "linear": 7574.718594, "u": 7444.823759, "markov": 5344.947682,
}
counted = {model: collections.Counter() for model in ("first", "last", "linear")}
for row in csv.DictReader(open(os.environ["PATHS"]), delimiter=";"):
    touches = row["path"].split(" > ")
    conversions = int(row["total_conversions"])
    counted["first"][touches[0]] += conversions
    counted["last"][touches[-1]] += conversions
    for touch in touches:
        counted["linear"][touch] += fractions.Fraction(conversions, len(touches))

wrong = 0
print(f"{'model':10}{'alpha':>16}{'published':>16}{'channels':>10}{'sum':>14}{'furthest from the count':>26}")
for model, alpha in published.items():
    answer = json.load(open(f"{os.environ['WORK']}/{model}.json"))
    credit = {c["channel"]: c["conversions"] for c in answer["channels"]}
    total = sum(credit.values()) + answer["unattributed"]["conversions"]
    off = max((abs(credit[k] - float(v)) for k, v in counted[model].items()), default=0) if model in counted else None
    wrong += abs(credit["alpha"] - alpha) > 1e-6 or len(credit) != 12 or abs(total - 19785) > 1e-6 or (off or 0) > 1e-6
    print(f"{model:10}{credit['alpha']:16.6f}{alpha:16.6f}{len(credit):10}{total:14.6f}{'' if off is None else f'{off:26.9f}'}")
base = json.load(open(f"{os.environ['WORK']}/markov.json"))["base_conversion"]
wrong += abs(base - 0.2238451356) > 1e-9
print(f"base conversion {base:.10f} (published .2238451356)")
raise SystemExit(1 if wrong else 0)
PYTHON
