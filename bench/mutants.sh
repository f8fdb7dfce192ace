#!/usr/bin/env bash
# Change one place of the metrics that mutmut cannot, and see whether a test notices: each change in a fork of a
# process that has not used polars, because its threads do not survive the forks of mutmut. In a copy.
# MODULES='traps' for some.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
python=$(cd "$(dirname "$PYTHON")" && pwd)/$(basename "$PYTHON")
folder=$(mktemp -d)
trap 'kill "${server-}" 2>/dev/null || true; rm -rf "$folder"' EXIT

# Tests of a module beside those that are named after it, and its doctests.
declare -A others=(
  [annotation_log]="metrics/test_consistency metrics/test_annotation_study"
  [captions]="metrics/test_scores"
  [consistency]="metrics/test_annotation_study"
  [traps]="experiments/test_records"
)

"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check cosmic-ray
git clone --quiet "$root" "$folder/copy"
cd "$folder/copy"
export PYTHONPATH="$PWD/src:$PWD" OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PATH="$folder/venv/bin:$PATH"
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
"$python" -m bench.mutants serve "$folder/asked" -x -q --noconftest -p pytest_timeout -p no:cacheprovider \
  -o addopts=--import-mode=importlib --doctest-modules &
server=$!
until [ -S "$folder/asked" ]; do
  kill -0 "$server"
  sleep 1
done

modules="aggregation aligned ambiguity annotation_log annotation_study baselines captions comparison consistency"
modules+=" coverage default_effect equal_coverage pooling scores traps"
for module in ${MODULES:-$modules}; do
  tests=src/s2c2/metrics/$module.py
  for name in metrics/test_$module ${others[$module]-}; do
    [ ! -f "tests/$name.py" ] || tests+=" tests/$name.py"
  done
  "$python" -IS bench/mutants.py ask "$folder/asked" $tests # all pass as long as nothing is changed
  cat >"$module.toml" <<EOF
[cosmic-ray]
module-path = "src/s2c2/metrics/$module.py"
timeout = 600.0
excluded-modules = []
test-command = "$python -IS bench/mutants.py ask $folder/asked $tests"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
EOF
  cosmic-ray init "$module.toml" "$module.sqlite"
  cr-filter-operators "$module.sqlite" "$module.toml"
  cosmic-ray exec "$module.toml" "$module.sqlite"
  cr-report --show-diff --surviving-only "$module.sqlite"
done
