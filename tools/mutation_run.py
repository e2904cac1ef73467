"""How mutants are tried: a pytest plugin that, instead of running the tests, runs those that matter once for each mutant."""

from __future__ import annotations

import functools
import gc
import json
import os
import resource
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Literal, Protocol

import pytest
from _pytest.runner import runtestprotocol

Verdict = Literal["killed", "survived", "too long", "no test"]
MEMORY_BYTES = 6 << 30
"""A mutant may ask for room for ever; it fails here instead of on the machine."""
PATIENCE, PATIENCE_S = 2, 5
"""A test may take so many times the processor time that it took when it was watched, and so many seconds more."""
COMPILED = frozenset({"business", "tables", "reckoning", "beginning", "changing", "kernel"})
"""What Numba compiles: what is changed here in memory is not what it has compiled."""
SOURCES = str(Path("src", "slaengine", "policies"))


class Changed(Protocol):
    """What is known of a mutant here."""

    name: str
    module: str
    function: str
    code: CodeType


class Workers:
    """The plugin. `verdicts` are the mutants' by name, once pytest has run."""

    def __init__(self, mutants: Sequence[Any], jobs: int) -> None:
        self.mutants = mutants
        self.jobs = jobs
        self.verdicts: dict[str, Verdict] = {}
        self._calls: dict[str, list[int]] = {}
        self._seconds: list[float] = []
        self._running: dict[int, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once in a fork to learn which calls what, then those that matter in a fork for each mutant."""
        if session.testsfailed:
            raise session.Failed(f"{session.testsfailed} errors while the tests were collected")
        for item in session.items:
            getattr(getattr(item, "module", None), "before_mutants", int)()
        if not self._learn(session):
            session.testsfailed += 1
            return True
        begun = time.monotonic()
        try:
            for number, mutant in enumerate(self.mutants, 1):
                self._start(session, mutant)
                if number % 50 == 0:
                    print(f"{number} of {len(self.mutants)} mutants, {time.monotonic() - begun:.0f} s", flush=True)
        except KeyboardInterrupt:
            print("stopped; what was tried so far:", flush=True)
        while self._running:
            self._wait()
        return True

    def _learn(self, session: pytest.Session) -> bool:
        """Note which tests call which function, and how long they take; False when one fails as it is."""
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as out:
                json.dump(_observed(session.items), out)
                out.flush()
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            seen = json.load(answer)
        os.wait()
        self._seconds = [seconds for seconds, _, _ in seen]
        calls = defaultdict(list)
        for number, (_, _, functions) in enumerate(seen):
            for function in functions:
                calls[function].append(number)
        self._calls = calls
        failed = [item.nodeid for item, (_, passed, _) in zip(session.items, seen, strict=True) if not passed]
        print(f"{len(seen)} tests in {sum(self._seconds):.0f} s; failing without a change: {failed or 'none'}", flush=True)
        return not failed

    def _start(self, session: pytest.Session, mutant: Changed) -> None:
        tests = sorted(self._calls.get(f"{mutant.module}.{mutant.function}", ()), key=self._seconds.__getitem__)
        if mutant.module in COMPILED:
            tests = [n for n in tests if "compiled" not in session.items[n].name]
        if not tests:
            self.verdicts[mutant.name] = "no test"
            return
        while len(self._running) >= self.jobs:
            self._wait()
        child = os.fork()
        if child == 0:
            _try(mutant, [session.items[n] for n in tests], [self._seconds[n] for n in tests])
        self._running[child] = mutant.name

    def _wait(self) -> None:
        child, status = os.wait()
        name = self._running.pop(child)
        self.verdicts[name] = "too long" if os.WIFSIGNALED(status) else "survived" if os.WEXITSTATUS(status) == 0 else "killed"
        if self.verdicts[name] == "survived":
            print(f"survived: {name}", flush=True)


def _observed(items: Sequence[pytest.Item]) -> list[tuple[float, bool, list[str]]]:
    """Run the tests; return for each its seconds, whether it passed, and the policies' functions that it called."""
    seen = []
    called: set[str] = set()

    def notice(frame: FrameType, _event: str, _arg: Any) -> None:
        if SOURCES in frame.f_code.co_filename:
            called.add(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname.partition('.<locals>')[0]}")

    threading.settrace(notice)
    for item, following in zip(items, [*items[1:], None], strict=True):
        called.clear()
        begun = time.process_time()
        sys.settrace(notice)
        reports = runtestprotocol(item, nextitem=following, log=False)
        sys.settrace(None)
        seen.append((time.process_time() - begun, not any(r.failed for r in reports), sorted(called)))
    return seen


def _try(mutant: Changed, items: Sequence[pytest.Item], seconds: Sequence[float]) -> None:
    """Change the function in this process and run the tests; exit with 1 at the first that fails, with 0 when none does.

    A test that takes too long ends the process by a signal.
    """
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        _change(mutant)
        for item, following, usual in zip(items, [*items[1:], None], seconds, strict=True):
            signal.setitimer(signal.ITIMER_PROF, usual * PATIENCE + PATIENCE_S)
            if any(report.failed for report in runtestprotocol(item, nextitem=following, log=False)):
                os._exit(1)
    except BaseException:  # noqa: BLE001 - whatever goes wrong was noticed
        os._exit(1)
    os._exit(0)


def _change(mutant: Changed) -> None:
    """Put the mutant's code in the place of the function's, wherever it is held, and forget what was worked out before."""
    path = str(Path(SOURCES, f"{mutant.module}.py"))
    for thing in gc.get_objects():
        if (
            isinstance(thing, FunctionType)
            and thing.__code__.co_qualname == mutant.function
            and thing.__code__.co_filename.endswith(path)
        ):
            thing.__code__ = mutant.code.replace(co_name=thing.__code__.co_name, co_qualname=thing.__code__.co_qualname)
        elif isinstance(thing, functools._lru_cache_wrapper) and (thing.__module__ or "").startswith("slaengine."):  # noqa: SLF001
            thing.cache_clear()
