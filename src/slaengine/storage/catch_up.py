"""Bringing the read models up to the end of the log: batch by batch, each with its position in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID

from slaengine.errors import CorruptFact, Overtaken, StorageError
from slaengine.garbage import searched_seldom
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import COMPILED_FACTS_MIN
from slaengine.policies.compiled import available
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import CaseFile
from slaengine.projections.entry import Entry, Judge, judge_of
from slaengine.projections.promises import fingerprint
from slaengine.storage.at_hand import at_hand, forget, leave
from slaengine.storage.bulk import chunks
from slaengine.storage.checking import check
from slaengine.storage.fact_rows import FactRow, facts_after
from slaengine.storage.first_build import FirstBuild
from slaengine.storage.kernel_code import compiled_before
from slaengine.storage.log import FactLog
from slaengine.storage.making import WORK_ORDER, Maker
from slaengine.storage.read_models import (
    TOLD_AT_ONCE_MAX,
    Build,
    ReadModels,
    case_files,
    hold,
    live,
    next_seq,
    put,
    rows_of,
)
from slaengine.storage.tiles import keep, missing
from slaengine.storage.waiting import waiting

LOADED_FACTS_MIN = 150_000
"""Facts from which the compiled kernel pays when it was compiled before: it takes some seconds to load."""

BATCH = 10_000
"""Facts a transaction: enough that its own cost does not show, few enough that memory and waiting writers do not feel it."""

FACTS_A_LOOK = 256
"""How often, by position in the log, to look which tiles are missing: a fact alone is to be visible within a few ms."""

LOOSE_TILES_MAX = 2
"""Tiles that may be missing: those of the orders that change these days."""

TILES_AT_ONCE = 32
"""Tiles made from rows in one go: it bounds memory, and how long a writer is kept waiting."""

Progress = Callable[[int], None]


def catch_up(
    log: FactLog,
    models: ReadModels,
    book: PolicyBook,
    *,
    batch: int = BATCH,
    progress: Progress = lambda _: None,
) -> Build:
    """Bring the read models of `book` up to the end of the log, and return the build that is then live.

    When there are none for these texts of the policy, or only such as another version of slaengine made, new ones are built
    beside, which readers see when they are whole. A build that was interrupted is gone on with. `progress` is told the
    number of facts of each batch once they are in.

    Raises:
        Overtaken: another worker is at it too; what it does is not lost, try again.
        CorruptFact: a fact cannot be read.
        CalendarError: a calendar of the policy does not know a time that a limit reaches into.
        ConcurrencyError, StorageError: as `Database.writing`.
    """
    ready = _few(log, models, book, batch)
    if ready is not None:
        build, count = ready
        if count:
            progress(count)
        return build
    build = build_for(models, book)
    judge = Judge(book, fast=True) if _pays(log, build) else judge_of(book)
    with searched_seldom():
        build = FirstBuild(log, models, build, judge).run(progress)
        begun, maker, more = build.position, Maker(judge), True
        while more and (facts := _read(log, build.position, batch)):
            build = _apply(models, build, maker, *facts)
            progress(len(facts[0]))
            more = len(facts[0]) == batch
        if build.state == "building" or begun // FACTS_A_LOOK != build.position // FACTS_A_LOOK:
            _keep_tiles(models, build)
    if build.state == "building":
        _check(log, models, build, judge)
        with models.database.writing() as connection:
            models.swap_in(connection, build)
        build = replace(build, state="live")
    return build


def _few(log: FactLog, models: ReadModels, book: PolicyBook, batch: int) -> tuple[Build, int] | None:
    """Take in the few facts that came since the last time, in two transactions; return the build and how many they were.

    None when there is more to do than that. A fact that comes alone is to be visible within a few ms, and each transaction
    costs a good part of one.
    """
    few, maker = min(batch, FACTS_A_LOOK), Maker(judge_of(book))
    if (done := _at_hand(log, models, book, maker)) is not None:
        return done
    with models.database.reading() as connection:
        found = waiting(connection, models, book.name, fingerprint(book), few)
        if found is None:
            return None
        build, facts, position, known, free = found
        if not facts:
            return build, 0
        if len(facts) == few or _time_to_look(build, position):
            return None
        entries = _entries(maker.judge, _moments_by_order(maker, facts), known, free)
    models.take_in(build, position, rows_of(entries), [seq for seq, _ in known.values()])
    return _left(models, replace(build, position=position), entries, free), len(facts)


def _at_hand(log: FactLog, models: ReadModels, book: PolicyBook, maker: Maker) -> tuple[Build, int] | None:
    """Take in what this process has just recorded without reading it back, on PostgreSQL; None if it cannot be done so."""
    if log.database is not models.database or models.database.dialect == "sqlite" or models.database.within:
        return None
    found = at_hand(log, book.name, fingerprint(book))
    if found is None or _time_to_look(found.build, found.position):
        return None
    build, facts, position, end, free = found
    entries = _entries(maker.judge, _moments_by_order(maker, facts), {}, free)
    rows = rows_of(entries)
    if sum(map(len, rows)) > TOLD_AT_ONCE_MAX:
        return None
    try:
        models.take_in(build, position, rows, [], end=end)
    except Overtaken:  # others recorded or showed something meanwhile
        forget(models.database, book.name)
        return None
    return _left(models, replace(build, position=position), entries, free), len(facts)


def _left(models: ReadModels, build: Build, entries: Mapping[int, Entry], free: int) -> Build:
    leave(models.database, build, max([free, *(seq + 1 for seq in entries)]))
    return build


def _time_to_look(build: Build, position: int) -> bool:
    """Whether it is time to look which tiles are missing when the build gets there."""
    return build.position // FACTS_A_LOOK != position // FACTS_A_LOOK


def _check(log: FactLog, models: ReadModels, build: Build, judge: Judge) -> None:
    """Look at a build before it is shown; one that is not right is forgotten, so that the next attempt begins anew."""
    try:
        check(log, build, judge)
    except CorruptFact:
        raise
    except StorageError:
        with models.database.writing() as connection:
            models.retire(connection, build)
        raise


def _keep_tiles(models: ReadModels, build: Build) -> None:
    """Make the tiles that reports read, unless only so few are missing that reports may as well make them for themselves."""
    with models.database.reading() as connection:
        numbers = missing(connection, build.tables)
    if len(numbers) <= LOOSE_TILES_MAX:
        return
    for some in chunks(numbers, TILES_AT_ONCE):
        with models.database.writing() as connection:
            hold(connection, build)
            there = set(missing(connection, build.tables))
            keep(connection, build.tables, [number for number in some if number in there])


def _pays(log: FactLog, build: Build) -> bool:
    """Whether so many facts wait that loading the compiled kernel pays, or compiling it, though no batch alone is so large."""
    facts = log.head().position - build.position
    return facts >= LOADED_FACTS_MIN and available() and (facts >= COMPILED_FACTS_MIN or compiled_before())


def build_for(models: ReadModels, book: PolicyBook) -> Build:
    """Return the build that `found_for` finds; else a new one, in state `building`."""
    found = found_for(models, book)
    if found is not None:
        return found
    with models.database.writing() as connection:
        return models.begin(connection, book.name, fingerprint(book))


def found_for(models: ReadModels, book: PolicyBook) -> Build | None:
    """Return the live build, if it fits the book; else the one begun for it; None when there is neither."""
    texts = fingerprint(book)
    with models.database.reading() as connection:
        fitting = [build for build in models.builds(connection, book.name) if build.fits(texts) and build.state != "retired"]
    return live(fitting, texts) or (fitting[-1] if fitting else None)


def _read(log: FactLog, position: int, batch: int) -> tuple[list[FactRow], int] | None:
    """Return the next facts, and the position of the last of them; None when there are no more."""
    with log.database.reading() as connection:
        facts, last = facts_after(connection, position, batch)
    return (facts, last) if facts else None


def _apply(models: ReadModels, build: Build, maker: Maker, facts: Sequence[FactRow], position: int) -> Build:
    entries, replaced = judged(models, build, maker.judge, _moments_by_order(maker, facts))
    with models.database.writing(derived=True) as connection:
        models.advance(connection, build, position)
        put(connection, build.tables, entries, replaced)
    return replace(build, position=position)


def judged(
    models: ReadModels, build: Build, judge: Judge, touched: Mapping[UUID, Sequence[Moment]]
) -> tuple[dict[int, Entry], list[int]]:
    """Return the entries (place → entry) of orders with these further moments, and the places that hold an earlier state.

    Raises:
        CorruptFact: a version is missing before one of the moments.
    """
    with models.database.reading() as connection:
        known = case_files(connection, build.tables, _continued(touched))
        free = next_seq(connection, build.tables)
    return _entries(judge, touched, known, free), [seq for seq, _ in known.values()]


def _entries(
    judge: Judge, touched: Mapping[UUID, Sequence[Moment]], known: Mapping[UUID, tuple[int, CaseFile]], free: int
) -> dict[int, Entry]:
    """Return the entries of orders by their place: that of its case file for one that is known, from `free` on for new ones."""
    fresh = count(free)
    places = {order_id: known[order_id][0] if order_id in known else next(fresh) for order_id in touched}
    files = [_file(order_id, known).plus(moments) for order_id, moments in touched.items()]
    return {places[entry.case_file.order_id]: entry for entry in judge.entries(files)}


def _file(order_id: UUID, known: Mapping[UUID, tuple[int, CaseFile]]) -> CaseFile:
    return known[order_id][1] if order_id in known else CaseFile(order_id, ())


def _moments_by_order(maker: Maker, facts: Sequence[FactRow]) -> dict[UUID, list[Moment]]:
    found: dict[bytes, list[Moment]] = {}
    for fact in facts:
        if fact[2].startswith(WORK_ORDER):
            found.setdefault(fact[0], []).append(maker.moment(fact))
    return {UUID(bytes=key): moments for key, moments in found.items()}


def _continued(touched: Mapping[UUID, Sequence[Moment]]) -> list[UUID]:
    """Return the orders whose first fact is not among these: the read models must know them already."""
    return [order_id for order_id, moments in touched.items() if moments[0].version > 1]
