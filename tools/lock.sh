#!/usr/bin/env bash
# Resolve pyproject.toml to exact versions with hashes, for every platform and Python that we support.
set -euo pipefail
cd "$(dirname "$0")/.."
resolve() {  # resolve FILE ARGS…
  local file=$1; shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
    --custom-compile-command "make lock" --output-file "requirements/$file.txt" "$@"
}
.venv/bin/python -m pip install --quiet uv
resolve base pyproject.toml requirements/build.in
resolve dev pyproject.toml requirements/build.in --extra all --group dev
resolve bench pyproject.toml requirements/build.in --extra all --group dev --group bench
resolve mutate pyproject.toml requirements/build.in --extra all --group dev --group mutate
