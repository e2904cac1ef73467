#!/usr/bin/env bash
# What the tests need for PostgreSQL: its server programs. Says aloud what it cannot do; never fails.
set -u
if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
if [ -n "${SLAENGINE_POSTGRES:-}" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -q && apt-get install -y -q --no-install-recommends postgresql; } >/dev/null 2>&1 && exit 0
    echo "install_postgres: apt-get could not install postgresql; tests against PostgreSQL will be skipped"
else
    echo "install_postgres: PostgreSQL is missing and not installable here; tests against it will be skipped (or set SLAENGINE_POSTGRES)"
fi
exit 0
