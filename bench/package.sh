#!/usr/bin/env bash
# Build wheel and sdist, install each into a clean environment, and run the command. Torch comes from this environment's index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$PYTHON
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/build"
"$folder/build/bin/python" -m pip install --quiet --disable-pip-version-check build
"$folder/build/bin/python" -m build --outdir "$folder/dist" .
for file in "$folder"/dist/*.whl "$folder"/dist/*.tar.gz; do
  rm -rf "$folder/clean"
  "$python" -m venv "$folder/clean"
  # shellcheck disable=SC2086
  "$folder/clean/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt ${INSTALL_ARGS:-} "$file"
  (cd "$folder" && clean/bin/s2c2 demo --help >/dev/null && clean/bin/s2c2 config show >/dev/null)
  (cd "$folder" && rm -rf data && clean/bin/s2c2 data synthetic data --images 60 >/dev/null)
  (cd "$folder" && clean/bin/python -c "from importlib.resources import files; assert (files('s2c2') / 'web').is_dir()")
  echo "$(basename "$file"): installs and runs"
done
