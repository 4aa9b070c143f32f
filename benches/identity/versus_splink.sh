#!/usr/bin/env bash
# Splink and c360 one after the other over the same table of people, on the same machine:
# CPU seconds (user and system of the whole process), the most memory, F1 of the clusters.
#
#   benches/identity/versus_splink.sh people.csv.gz [TRUTH_COLUMN]
#
# Variables: C360, the command (else it is built for release); VENV, the folder of Splink's own
# Python environment (else a temporary one, removed at the end); RUNS, 1 unless set.
set -euo pipefail

file=${1:?which CSV file?}
truth=${2:-true_id}
here=$(cd "$(dirname "$0")" && pwd)
runs=${RUNS:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${C360:-}" ]; then
    cargo build --release --bin c360 --manifest-path "$here/../../Cargo.toml"
    target=${CARGO_TARGET_DIR:-$here/../../target}
    C360=$target/release/c360
fi
venv=${VENV:-$work/venv}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check splink==5.0.0
fi

# timed NAME COMMAND...: its answer in NAME.json, its user and system seconds in NAME.cpu.
timed() {
    local name=$1
    shift
    local TIMEFORMAT='%U %S'
    { time "$@" >"$work/$name.json" 2>"$work/$name.err"; } 2>"$work/$name.cpu" ||
        { cat "$work/$name.err" >&2; exit 1; }
}

for run in $(seq "$runs"); do
    timed splink "$venv/bin/python" "$here/run_splink.py" "$file" --truth "$truth"
    timed c360 "$C360" identity evaluate "$file" --kind person --truth "$truth" --json
    RUN=$run WORK=$work "$venv/bin/python" - <<'PYTHON'
import json, os

work = os.environ["WORK"]
figures = {}
print(f"run {os.environ['RUN']}")
print(f"{'':8}{'CPU s':>9}{'to clusters':>13}{'MB':>8}{'precision':>11}{'recall':>9}{'F1':>9}{'largest':>9}")
for name in ("splink", "c360"):
    answer = json.load(open(f"{work}/{name}.json"))
    # Splink's process also tries other thresholds; only what leads to the clusters is compared.
    cpu = sum(map(float, open(f"{work}/{name}.cpu").read().split()))
    scores = answer["pairwise"]
    largest = answer.get("largest_cluster", scores.get("largest_cluster"))
    clusters = answer["cpu_seconds"]["total"]
    memory = answer["peak_rss_bytes"] / 1e6
    figures[name] = (cpu, clusters, memory)
    print(
        f"{name:8}{cpu:9.2f}{clusters:13.2f}{memory:8.0f}{scores['precision']:11.4f}"
        f"{scores['recall']:9.4f}{scores['f1']:9.4f}{largest:9}"
    )
    if "best" in answer:
        best = answer["best"]
        at = f"at {best['threshold']}"
        print(f"{at:>38}{best['precision']:11.4f}{best['recall']:9.4f}{best['f1']:9.4f}{best['largest_cluster']:9}")
    else:
        print(f"{'at the best cut-off':>38}{'':20}{answer['best_f1']:9.4f}")
cpu, clusters, memory = (a / b for a, b in zip(figures["splink"], figures["c360"]))
print(f"to the clusters Splink needs {clusters:.1f} times the CPU and {memory:.1f} times the memory")
print("(the CPU of a whole process has the comparison with the truth in it)")
PYTHON
done
