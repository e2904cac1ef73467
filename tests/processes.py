"""Processes for tests that need several: forked from one that has imported everything, since importing takes longest."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

PRELOADED = ["tests.engine.callers", "tests.storage.hammer", "slaengine.testing.examples"]


def processes(count: int) -> ProcessPoolExecutor:
    """Return a pool of so many processes, none of which shares connections or locks with this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return ProcessPoolExecutor(count, mp_context=context)
