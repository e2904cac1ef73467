# mypy: disable-error-code="no-untyped-call,untyped-decorator,call-overload,call-arg,override"
# Numba's extension interface has no types; what is behind it has.
"""How Numba compiles the kernel: what it must know of bisect and of our tuples. Imported only where Numba is installed.

The kernel passes one order's case, a tuple of some thirty arrays, from function to function. Passed by value that would be
most of the work, so the compiled kernel gets it by reference: `Pointed` is a type whose fields are read where they lie.
Nothing here allocates, so reference counting is off (`_nrt`); the caller holds every array while the loop runs.
"""

from __future__ import annotations

import bisect
from functools import cache
from hashlib import sha256
from inspect import getmembers, isfunction
from types import ModuleType
from typing import Any, Final

from numba import njit
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, overload, register_jitable, register_model

from slaengine.policies import beginning, business, changing, kernel, reckoning, tables
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
    """Return a digest of all that is compiled, as it is in memory: its instructions, its constants, its tables' columns."""
    parts: list[Any] = []
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


class Pointed(types.Type):
    """A reference to a named tuple that lies on the stack."""

    def __init__(self, to: Any) -> None:
        self.to = to
        super().__init__(f"Pointed({to})")


@register_model(Pointed)
class PointedModel(models.PrimitiveModel):
    """Represents the reference as a plain pointer."""

    def __init__(self, manager: Any, pointed: Pointed) -> None:
        super().__init__(manager, pointed, manager.lookup(pointed.to).get_value_type().as_pointer())


@infer_getattr
class PointedFields(AttributeTemplate):
    """Types the fields: a tuple within is referred to in turn, anything else is read."""

    key = Pointed

    def generic_resolve(self, pointed: Pointed, field: str) -> Any:
        """Return the type of a field."""
        found = pointed.to.types[pointed.to.fields.index(field)]
        return Pointed(found) if isinstance(found, types.BaseNamedTuple) else found


@lower_getattr_generic(Pointed)
def _read_field(_: Any, builder: Any, pointed: Pointed, value: Any, field: str) -> Any:
    n = pointed.to.fields.index(field)
    place = cgutils.gep_inbounds(builder, value, 0, n)
    return place if isinstance(pointed.to.types[n], types.BaseNamedTuple) else builder.load(place)


@intrinsic
def point_to(_: Any, case: Any) -> Any:
    """Put a named tuple on the stack and return a reference to it."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return cgutils.alloca_once_value(builder, values[0])

    return Pointed(case)(case), generate


@overload(bisect.bisect_right)
def _bisect_right(a: Any, x: Any, lo: Any, hi: Any) -> Any:  # noqa: ARG001 - called with types
    def search(a: Any, x: Any, lo: Any, hi: Any) -> Any:
        many = hi - lo
        while many > 1:  # the answer does not choose a path, so the processor has nothing to guess wrong
            half = many >> 1
            lo += half * (a[lo + half - 1] <= x)
            many -= half
        return lo + (many == 1 and a[lo] <= x)

    return search


@overload(bisect.bisect_left)
def _bisect_left(a: Any, x: Any, lo: Any, hi: Any) -> Any:  # noqa: ARG001 - called with types
    def search(a: Any, x: Any, lo: Any, hi: Any) -> Any:
        many = hi - lo
        while many > 1:
            half = many >> 1
            lo += half * (a[lo + half - 1] < x)
            many -= half
        return lo + (many == 1 and a[lo] < x)

    return search
