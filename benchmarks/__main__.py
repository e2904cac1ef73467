"""Run the benchmarks that are named, or all of them: `python -m benchmarks business_time kernel`."""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import signal
import sys
from datetime import UTC, datetime

import benchmarks


def main(names: list[str]) -> int:
    known = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d}  {platform.machine()}  {os.cpu_count()} cores  Python {platform.python_version()}")
    for name in names or known:
        print(f"\n== {name}")
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that servers that were started are stopped
sys.exit(main(sys.argv[1:]))
