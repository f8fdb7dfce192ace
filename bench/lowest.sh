#!/usr/bin/env bash
# Install the lowest versions that pyproject.toml allows for what it names, and run a part of the tests with them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$PYTHON" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
# shellcheck disable=SC2086
VIRTUAL_ENV="$folder/venv" "$folder/venv/bin/uv" pip install --quiet --resolution lowest-direct ${INSTALL_ARGS:-} .
VIRTUAL_ENV="$folder/venv" "$folder/venv/bin/uv" pip install --quiet 'pytest>=8' pytest-timeout pytest-xdist pytest-cov hypothesis beartype httpx 'psycopg[binary]'
"$folder/venv/bin/python" -m pip list --format=freeze
OMP_NUM_THREADS=1 "$folder/venv/bin/python" -m pytest -q -p no:cacheprovider -o addopts=--import-mode=importlib -o filterwarnings=default ${TESTS:-tests/test_losses.py tests/test_checkpoint.py tests/test_engine.py tests/test_files.py tests/test_config.py tests/test_predictions.py tests/test_proposals.py tests/data/test_pack.py tests/data/test_dataset.py tests/data/formats tests/data/logs tests/metrics tests/web/test_store.py tests/web/routes tests/cli/test_commands.py}
