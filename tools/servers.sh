#!/usr/bin/env bash
# Get the real servers that the tests run against. What cannot be had is named; its tests are then skipped, aloud.
set -uo pipefail
cd "$(dirname "$0")/.."
tools/install_postgres.sh
PYTHON=.venv/bin/python tools/install_kafka.sh
exit 0
