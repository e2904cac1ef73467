"""The read models as a view of the stream: the same tables, by the same judging, as those made straight from the log."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import Connection, select, text

from slaengine.policies.book import PolicyBook
from slaengine.policies.compiled import available
from slaengine.policies.moment import PASSED_OVER, Moment
from slaengine.projections.entry import Judge, judge_of
from slaengine.projections.promises import fingerprint
from slaengine.projections.reading import Reader
from slaengine.storage.catch_up import build_for, judged
from slaengine.storage.database import Database
from slaengine.storage.making import WORK_ORDER
from slaengine.storage.read_models import Build, ReadModels, put
from slaengine.storage.read_models_schema import catalogue
from slaengine.streaming.envelope import StreamedFact
from slaengine.streaming.publications import is_publication

_BEGINNING_LOCK = 0x51AE_0008

BULK_MIN = 1_000
"""Facts at once from which the compiled kernel is quicker than the interpreted one, once it is loaded."""

LOADED_FROM = 100_000
"""Facts that came in bulk before the compiled kernel is loaded unasked: it takes two seconds, and half a minute once for an
installation, so a worker must be far behind."""


@dataclass
class ReadModelView:
    """The read models of one policy in one database; other texts of the policy make another view, read from the start.

    Workers on several partitions put different orders' rows in, and take turns at it: SQLite has one writer anyway, and on
    PostgreSQL they line up at the build's row in the catalogue.

    `fast` asks for the compiled kernel for facts that come in bulk, or forbids it; None leaves it to how many there are.
    `known` says which publications, by id and version, the book is made of: `outdated` is set when another comes along. None:
    the book is nobody's but yours.
    """

    database: Database
    book: PolicyBook
    fast: bool | None = None
    known: Collection[tuple[UUID, int]] | None = None
    outdated: threading.Event = field(default_factory=threading.Event)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = f"read-models.{self.book.name}.{fingerprint(self.book)[:8]}"
        self._models = ReadModels(self.database)
        self._judge, self._fast = judge_of(self.book), Judge(self.book, fast=True)
        self._in_bulk = 0
        self._reader = Reader()
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":  # one worker begins a build, the others find it
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BEGINNING_LOCK})
            self._build: Build = build_for(self._models, self.book)

    def handle(self, connection: Connection, facts: Sequence[StreamedFact]) -> None:
        """Judge the touched orders anew and replace their rows."""
        touched: dict[UUID, list[Moment]] = {}
        for fact in facts:
            if self.known is not None and is_publication(fact) and (fact.order_id, fact.version) not in self.known:
                self.outdated.set()
            if not fact.type or fact.type.startswith(WORK_ORDER):
                touched.setdefault(fact.order_id, []).append(self._moment(fact))
        if touched:
            here = catalogue.c.generation == self._build.tables.number
            connection.execute(select(catalogue.c.generation).where(here).with_for_update())
            entries, replaced = judged(self._models, self._build, self._judge_for(len(facts)), touched)
            put(connection, self._build.tables, entries, replaced)

    def caught_up(self) -> None:
        """Show readers the build, now that it holds all that the topic holds."""
        if self._build.state == "building":
            with self.database.writing() as connection:
                self._models.swap_in(connection, self._build)
            self._build = replace(self._build, state="live")

    def _judge_for(self, facts: int) -> Judge:
        """Return who judges so many facts: the compiled kernel, where it is installed, once many have come in bulk."""
        if facts < BULK_MIN or self.fast is False:
            return self._judge
        self._in_bulk += facts
        pays = self._in_bulk >= LOADED_FROM and available()
        return self._fast if self.fast or pays else self._judge

    def _moment(self, fact: StreamedFact) -> Moment:
        """Return the fact as a moment; one that is passed over leaves its place in the order, and no trace in the figures."""
        if fact.usable:
            return self._reader.moment(fact.type, fact.state, fact.version, fact.recorded_at)
        return Moment(PASSED_OVER, fact.recorded_at, fact.recorded_at, fact.version, {})
