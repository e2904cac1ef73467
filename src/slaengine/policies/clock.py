"""When is this due, and was it kept: an order's moments judged by a policy book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from slaengine.policies import tables as t
from slaengine.policies.book import PolicyBook
from slaengine.policies.compile import Compiled, compiled
from slaengine.policies.compiled import available, judge_columns
from slaengine.policies.kernel import judge_order
from slaengine.policies.moment import Moment
from slaengine.policies.prepare import Batch
from slaengine.policies.readout import Readout
from slaengine.policies.rows import ClockRow
from slaengine.policies.settle import settled

COMPILED_FACTS_MIN = 1_000_000
"""From so many facts on the compiled kernel is used unasked: interpreting them would take as long as compiling it."""
ROWS_FIRST = 32
"""Room for rows and spans to begin with; doubled when an order needs more."""


def judge(book: PolicyBook, moments: Iterable[Moment], *, as_of: int | None, known_at: int | None = None) -> list[ClockRow]:
    """Return the clocks of one order, target by target, cycle by cycle.

    Args:
        book: what was promised.
        moments: the order's facts, in any order.
        as_of: judge what was so at this instant (µs), inclusive. None: all that is recorded, with an open end: then no
            clock is overdue, and a running one has no elapsed time; `ClockRow.at` and `valid_until` say what time changes.
        known_at: leave out facts and publications recorded after this instant (µs).

    Raises:
        CalendarError: a calendar does not know the time that a limit reaches into.
    """
    tables = compiled(book.known_at(known_at))
    whole = settled(moments, as_of, known_at)
    if not whole or not tables.editions:
        return []
    batch = Batch(tables)
    batch.add(whole, whole[-1].occurred_at if as_of is None else as_of)
    return next(_judged(tables, batch, [whole], as_of))


def judge_many(
    book: PolicyBook,
    orders: Sequence[Iterable[Moment]],
    *,
    as_of: int | None,
    known_at: int | None = None,
    fast: bool | None = None,
) -> list[list[ClockRow]]:
    """Return what `judge` answers for each of many orders, at less cost for each.

    `fast` asks for the compiled kernel or forbids it. Without either it is used when it is installed and there are
    so many facts that compiling it, once for an installation, pays.

    Raises:
        MissingExtra: the compiled kernel is asked for and not installed.
    """
    tables = compiled(book.known_at(known_at))
    settled_orders = [settled(moments, as_of, known_at) for moments in orders]
    whole = [moments for moments in settled_orders if moments]
    if not whole or not tables.editions:
        return [[] for _ in settled_orders]
    batch = Batch(tables)
    for moments in whole:
        batch.add(moments, moments[-1].occurred_at if as_of is None else as_of)
    if fast is None:
        fast = len(batch.times) >= COMPILED_FACTS_MIN and available()
    found = (_judged_fast if fast else _judged)(tables, batch, whole, as_of)
    return [next(found) if moments else [] for moments in settled_orders]


def _judged(tables: Compiled, batch: Batch, orders: list[list[Moment]], as_of: int | None) -> Iterator[list[ClockRow]]:
    facts = batch.facts()
    now = t.NONE if as_of is None else as_of
    first, last = min(facts.times), max(now, *facts.times)
    rows, spans, walk = [0] * (ROWS_FIRST * t.WIDTH), [0] * (ROWS_FIRST * t.SPAN_WIDTH), [0] * t.WALK_WIDTH
    readout = Readout(tables, batch.versions, rows, spans, as_of)
    givens = len(tables.given_names)
    for n, moments in enumerate(orders):
        lo, hi = batch.bounds[n], batch.bounds[n + 1]
        answer = t.FULL
        while answer < 0:
            case = t.Case(tables.promises(first, last), facts, lo, hi, batch.given, n * givens, now, rows, spans, walk)
            answer = judge_order(case)
            if answer == t.FULL:
                rows.extend([0] * len(rows))
                spans.extend([0] * len(spans))
            elif answer < 0:
                tables.reach_further(t.SHORT - answer)
        yield readout.of(moments, answer)


def _judged_fast(tables: Compiled, batch: Batch, orders: list[list[Moment]], as_of: int | None) -> Iterator[list[ClockRow]]:
    try:
        columns = batch.columns()
    except OverflowError:  # more triggers or pause reasons than fit a machine word
        yield from _judged(tables, batch, orders, as_of)
        return
    first, last = min(batch.times), max(batch.times if as_of is None else (as_of, *batch.times))
    judged = judge_columns(lambda: tables.promises(first, last), tables.reach_further, columns, as_of, spans=True)
    readout = Readout(tables, batch.versions, judged.rows.ravel().tolist(), judged.spans.ravel().tolist(), as_of)
    begins = 0
    for moments, ends in zip(orders, judged.ends.tolist(), strict=True):
        yield readout.of(moments, ends - begins, begins)
        begins = ends
