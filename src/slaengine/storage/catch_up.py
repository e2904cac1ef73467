"""Bringing the read models up to the end of the log: batch by batch, each with its position in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from uuid import UUID

from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import COMPILED_FACTS_MIN
from slaengine.policies.compiled import available
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import CaseFile, moment_of
from slaengine.projections.entry import Entry, Judge, judge_of
from slaengine.projections.promises import fingerprint
from slaengine.storage.log import FactLog, StoredFact
from slaengine.storage.read_models import Build, ReadModels, case_files, chunks, hold, next_seq, put
from slaengine.storage.tiles import TILES_AT_ONCE, keep, missing

BATCH = 10_000
"""Facts a transaction: enough that its own cost does not show, few enough that memory and waiting writers do not feel it."""

LOOSE_TILES_MAX = 2
"""Tiles that may be missing: those of the orders that change these days."""

WORK_ORDER = "work_order."
"""What the topics of facts about orders begin with; the log holds others too."""

Progress = Callable[[int], None]


def catch_up(
    log: FactLog, models: ReadModels, book: PolicyBook, *, batch: int = BATCH, progress: Progress = lambda _: None
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
    build = build_for(models, book)
    judge = Judge(book, fast=True) if _pays(log, build) else judge_of(book)
    while facts := log.read(build.position, batch):
        build = _apply(models, build, judge, facts)
        progress(len(facts))
    _keep_tiles(models, build)
    if build.state == "building":
        with models.database.writing() as connection:
            models.swap_in(connection, build)
        build = replace(build, state="live")
    return build


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
    """Whether so many facts wait that loading the compiled kernel pays, though no batch alone is large enough."""
    return log.head().position - build.position >= COMPILED_FACTS_MIN and available()


def build_for(models: ReadModels, book: PolicyBook) -> Build:
    """Return the live build, if it fits the book; else the one begun for it; else a new one, in state `building`."""
    texts = fingerprint(book)
    with models.database.reading() as connection:
        fitting = [build for build in models.builds(connection, book.name) if build.fits(texts) and build.state != "retired"]
    if fitting:
        return next((build for build in fitting if build.state == "live"), fitting[-1])
    with models.database.writing() as connection:
        return models.begin(connection, book.name, texts)


def _apply(models: ReadModels, build: Build, judge: Judge, facts: Sequence[StoredFact]) -> Build:
    position = facts[-1].position
    entries, replaced = judged(models, build, judge, _moments_by_order(facts))
    with models.database.writing() as connection:
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
    fresh = count(free)
    places = {order_id: known[order_id][0] if order_id in known else next(fresh) for order_id in touched}
    files = [_file(order_id, known).plus(moments) for order_id, moments in touched.items()]
    entries = {places[entry.case_file.order_id]: entry for entry in judge.entries(files)}
    return entries, [seq for seq, _ in known.values()]


def _file(order_id: UUID, known: Mapping[UUID, tuple[int, CaseFile]]) -> CaseFile:
    return known[order_id][1] if order_id in known else CaseFile(order_id, ())


def _moments_by_order(facts: Sequence[StoredFact]) -> dict[UUID, list[Moment]]:
    found: dict[UUID, list[Moment]] = {}
    for fact in facts:
        if fact.topic.startswith(WORK_ORDER):
            moment = moment_of(fact.topic, fact.state, fact.version, fact.recorded_at)
            found.setdefault(fact.order_id, []).append(moment)
    return found


def _continued(touched: Mapping[UUID, Sequence[Moment]]) -> list[UUID]:
    """Return the orders whose first fact is not among these: the read models must know them already."""
    return [order_id for order_id, moments in touched.items() if moments[0].version > 1]
