# mypy: disable-error-code="no-untyped-call,untyped-decorator,call-overload,call-arg,override"
# Numba's extension interface has no types; what is behind it has.
"""How Numba compiles the kernel. Imported only where Numba is installed.

Nothing here allocates, so reference counting is off (`_nrt`); the caller holds every array while the loop runs.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from inspect import getmembers, getsource, isfunction
from types import ModuleType
from typing import Any, Final

from numba import njit
from numba.extending import register_jitable

from slaengine.policies import beginning, business, changing, compiled_references, kernel, reckoning, tables
from slaengine.policies.compiled_references import point_to
from slaengine.policies.kernel import judge_order
from slaengine.policies.tables import NO, SPAN_WIDTH, SPANS_AT, SPANS_N, WIDTH, Case

SOURCES: Final[tuple[ModuleType, ...]] = (business, tables, reckoning, beginning, changing, kernel)
"""The modules that are compiled; what Numba keeps of a compilation holds for them as they are only."""
INLINED: Final = frozenset(
    {
        "bounds_of",
        "deadline_passed",
        "edition_at",
        "follow_life",
        "follow_pause",
        "go_on",
        "judge_order",
        "judge_target",
        "measure",
        "moves",
        "next_touching",
        "open_between",
        "open_time",
        "rule_at",
        "start",
        "take",
    }
)
"""What runs for every fact or row; to put it in line makes the loop half as fast again."""


def compile_loop() -> Any:
    """Return the compiled form of `_judge_all`; Numba keeps it on disk where it may."""
    return compile_with_kernel(_judge_all)


def compile_with_kernel(loop: Any, *parts: Any) -> Any:
    """Return the compiled form of a loop over `judge_order`, which allocates nothing.

    `parts` are functions that it calls; they are put in line. Its name says what the kernel, the loop and the parts are like,
    so that Numba's kept compilations hold for these only.
    """
    _register_kernel()
    for part in parts:
        register_jitable(_nrt=False, forceinline=True)(part)
    own = repr([(_instructions(function), _numbers_named(function)) for function in (loop, *parts)])
    loop.__qualname__ = f"{loop.__name__}_{sha256((_digest() + own).encode()).hexdigest()[:16]}"
    try:
        return njit(cache=True, nogil=True, _nrt=False)(loop)
    except RuntimeError:  # there is nowhere to keep it
        return njit(nogil=True, _nrt=False)(loop)


@cache
def _register_kernel() -> None:
    for module in SOURCES:
        for name, function in getmembers(module, isfunction):
            if function.__module__ == module.__name__:
                register_jitable(_nrt=False, forceinline=name in INLINED)(function)


def _judge_all(  # noqa: PLR0913, PLR0917 - compiled code takes plain positional arrays
    promises: Any,
    facts: Any,
    bounds: Any,
    given: Any,
    givens: Any,
    as_of: Any,
    rows: Any,
    spans: Any,
    ends: Any,
    walk: Any,
    done: Any,
) -> Any:
    """Judge orders from `done[0]` on; `done[1]` and `done[2]` count the rows and spans that stand."""
    for n in range(done[0], len(bounds) - 1):
        here, noted = rows[done[1] * WIDTH :], spans[done[2] * SPAN_WIDTH :]
        case = Case(promises, facts, bounds[n], bounds[n + 1], given, n * givens, as_of, here, noted, walk)
        answer = judge_order(point_to(case))
        if answer < NO:
            return answer
        if answer > 0 and len(spans) > 0:
            last = (answer - 1) * WIDTH
            used = here[last + SPANS_AT] + here[last + SPANS_N]
            for row in range(answer):
                here[row * WIDTH + SPANS_AT] += done[2]
            done[2] += used
        done[1] += answer
        ends[n] = done[1]
        done[0] = n + 1
    return NO


def _digest() -> str:
    """Return a digest of all that is compiled: its instructions, its constants, its tables' columns, what Numba makes of them."""
    parts: list[Any] = [getsource(compiled_references)]
    for module in SOURCES:
        for name, thing in sorted(vars(module).items()):
            if isfunction(thing) and thing.__module__ == module.__name__:
                parts.append(_instructions(thing))
            elif isinstance(thing, int):
                parts.append((name, thing))
            elif isinstance(thing, type) and issubclass(thing, tuple):
                parts.append((name, getattr(thing, "_fields", ())))
    return sha256(repr(parts).encode()).hexdigest()[:16]


def _instructions(function: Any) -> Any:
    code = function.__code__
    constants = [c for c in code.co_consts if isinstance(c, (int, tuple))]
    return (function.__name__, code.co_code, code.co_names, code.co_varnames, constants)


def _numbers_named(function: Any) -> list[tuple[str, int]]:
    """Return the constants of its module that a function names."""
    known = function.__globals__
    return [(name, known[name]) for name in function.__code__.co_names if isinstance(known.get(name), int)]
