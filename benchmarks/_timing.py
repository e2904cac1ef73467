"""What the benchmarks share: timing a call, the memory of a process, a table of rows."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import Any


def seconds(call: Callable[[], Any], repeat: int = 3) -> float:
    """Return the median wall time of `repeat` calls, after one that is not counted when there are several."""
    if repeat > 1:
        call()
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def peak_memory_mb() -> float:
    """Return this process's largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(header: list[str], rows: list[list[Any]]) -> None:
    """Print rows under a header, columns aligned."""
    cells = [header, *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for row in cells:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
