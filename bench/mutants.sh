#!/usr/bin/env bash
# Change one place of the metrics that read tables at a time, and see whether a test notices: each change in a process of
# its own, because the threads of polars do not survive the forks of mutmut. In a copy; MODULES='consistency' for some.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
python=$(cd "$(dirname "$PYTHON")" && pwd)/$(basename "$PYTHON")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check cosmic-ray
git clone --quiet "$root" "$folder/copy"
cd "$folder/copy"
export PYTHONPATH="$PWD/src" OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PATH="$folder/venv/bin:$PATH"
for module in ${MODULES:-annotation_log consistency}; do
  cat >"$module.toml" <<EOF
[cosmic-ray]
module-path = "src/s2c2/metrics/$module.py"
timeout = 90.0
excluded-modules = []
test-command = "$python -m pytest -x -q -p no:cacheprovider -o addopts=--import-mode=importlib --doctest-modules tests/metrics/test_consistency.py tests/metrics/test_annotation_study.py src/s2c2/metrics/$module.py"

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
