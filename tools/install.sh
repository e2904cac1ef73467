#!/usr/bin/env bash
# Install the locked set $1 (base, dev, bench or mutate) and slaengine itself into .venv.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "installing what requirements/$1.txt lists …"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
.venv/bin/python -m pip install --quiet --require-hashes --requirement "requirements/$1.txt"
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
# Compiled once here: where Python is told to write no bytecode, each command would compile everything anew, for seconds.
.venv/bin/python -m compileall -q .venv/lib src || true
