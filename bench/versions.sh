#!/usr/bin/env bash
# Install the lowest or the highest versions that pyproject.toml allows for what it names, and run a part of the
# tests with them: versions.sh lowest-direct, versions.sh highest. Torch is the one of constraints.txt, because
# another may be gigabytes to fetch; TORCH='torch' for any that is allowed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
resolution=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=$folder/venv/bin/python

"$PYTHON" -m venv "$folder/venv"
"$python" -m pip install --quiet --disable-pip-version-check uv
export VIRTUAL_ENV=$folder/venv
# What is needed to test may be newer.
# shellcheck disable=SC2086
"$folder/venv/bin/uv" pip install --quiet --resolution "$resolution" ${INSTALL_ARGS:-} . "${TORCH:-$(grep '^torch==' constraints.txt)}"
# shellcheck disable=SC2086
"$folder/venv/bin/uv" pip install --quiet ${INSTALL_ARGS:-} 'pytest>=8' pytest-timeout pytest-xdist pytest-cov hypothesis beartype httpx 'psycopg[binary]'
"$python" -m pip list --format=freeze
OMP_NUM_THREADS=1 "$python" -m pytest -q -p no:cacheprovider -o addopts=--import-mode=importlib -o filterwarnings=default ${TESTS:-tests/test_losses.py tests/test_checkpoint.py tests/test_engine.py tests/test_files.py tests/test_config.py tests/test_predictions.py tests/test_proposals.py tests/data/test_pack.py tests/data/test_dataset.py tests/data/formats tests/data/logs tests/metrics tests/web/test_store.py tests/web/routes tests/cli/test_commands.py}
