#!/usr/bin/env bash
# The Python package lifetimes and this engine, one after the other over one invented population, on the
# same machine: CPU seconds of a BG/NBD fit and of twelve months of values, and the most memory.
#
#   benches/clv/versus_lifetimes.sh [CUSTOMERS]
#
# Variables: BENCH, the program of `cargo bench --bench clv` (else it is built); VENV, the folder of a
# Python environment with lifetimes (else a temporary one, removed at the end); RUNS, 1 unless set.
set -euo pipefail

customers=${1:-1000000}
here=$(cd "$(dirname "$0")" && pwd)
runs=${RUNS:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ours() {
    if [ -n "${BENCH:-}" ]; then
        "$BENCH" "$@"
    else
        (cd "$here/../.." && cargo bench --quiet --bench clv -- "$@")
    fi
}
venv=${VENV:-$work/venv}
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check \
        lifetimes==0.11.3 pandas numpy scipy autograd
fi

ours --customers "$customers" --out "$work/customers.csv" >/dev/null
for run in $(seq "$runs"); do
    # One thread: the CPU time of idle ones that wait is nobody's work.
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
        "$venv/bin/python" -W ignore "$here/run_lifetimes.py" "$work/customers.csv" >"$work/lifetimes.json"
    ours --customers "$customers" >"$work/c360.json"
    RUN=$run WORK=$work "$venv/bin/python" - <<'PYTHON'
import json, os

work = os.environ["WORK"]
print(f"run {os.environ['RUN']}")
print(f"{'':12}{'fit CPU s':>11}{'score CPU s':>13}{'MB':>7}{'log-likelihood':>20}{'sum of values':>17}")
figures = {}
for name in ("lifetimes", "c360"):
    answer = json.load(open(f"{work}/{name}.json"))
    figures[name] = answer
    print(
        f"{name:12}{answer['fit_cpu_s']:11.3f}{answer['score_cpu_s']:13.3f}"
        f"{answer['peak_rss_bytes'] / 1e6:7.0f}{answer['log_likelihood']:20.4f}{answer['sum_value']:17.1f}"
    )
theirs, ours = figures["lifetimes"], figures["c360"]
print(
    f"lifetimes needs {theirs['fit_cpu_s'] / ours['fit_cpu_s']:.1f} times the CPU for the fit "
    f"(asked: 15), {theirs['score_cpu_s'] / ours['score_cpu_s']:.1f} times for the scoring (asked: 50), "
    f"{theirs['peak_rss_bytes'] / ours['peak_rss_bytes']:.1f} times the memory"
)
PYTHON
done
