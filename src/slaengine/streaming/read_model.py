"""The read models as a view of the stream: the same tables, by the same judging, as those made straight from the log."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import Connection, text

from slaengine.errors import Overtaken, StorageError, UsageError
from slaengine.policies.book import PolicyBook
from slaengine.policies.compiled import available
from slaengine.policies.moment import PASSED_OVER, Moment
from slaengine.projections.entry import Judge, judge_of
from slaengine.projections.reading import Reader
from slaengine.projections.rows import Values
from slaengine.storage.catch_up import build_for, judged
from slaengine.storage.database import Database
from slaengine.storage.fact_rows import holds_topic
from slaengine.storage.making import WORK_ORDER
from slaengine.storage.read_models import Build, ReadModels, Rows, hold, next_seq, put_rows, rows_of
from slaengine.storage.read_models_schema import Generation
from slaengine.streaming.inbox import by_order
from slaengine.streaming.ledger import Ledger, views
from slaengine.streaming.publications import is_publication
from slaengine.streaming.streamed import StreamedFact
from slaengine.streaming.tables import create

_BEGINNING_LOCK = 0x51AE_0008

PREFIX = "read-models."

BULK_MIN = 1_000
"""Facts at once from which the compiled kernel is quicker than the interpreted one, once it is loaded."""

LOADED_FROM = 100_000
"""Facts that came in bulk before the compiled kernel is loaded unasked: it takes two seconds, and half a minute once for an
installation, so a worker must be far behind."""


@dataclass
class ReadModelView:
    """A build of one policy's read models in one database: the one that fits the book, or a new one, read from the start.

    Each build is a view with a ledger of its own: whoever goes back to earlier texts of a policy, or to an earlier release, finds
    either a build that is whole or an empty one and nothing read.

    Workers on several partitions put different orders' rows in, and take turns at it: SQLite has one writer anyway, and on
    PostgreSQL they line up at the build's row in the catalogue.

    `fast` asks for the compiled kernel for facts that come in bulk, or forbids it; None leaves it to how many there are.
    `known` says which publications, by id and version, the book is made of: `outdated` is set when another comes along. None:
    the book is nobody's but yours.

    Raises:
        UsageError: the database holds work orders of its own, from which its read models are made.
    """

    database: Database
    book: PolicyBook
    fast: bool | None = None
    known: Collection[tuple[UUID, int]] | None = None
    outdated: threading.Event = field(default_factory=threading.Event)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self._models = ReadModels(self.database)
        self._judge, self._fast = judge_of(self.book), Judge(self.book, fast=True)
        self._in_bulk = 0
        self._reader = Reader()
        create(self.database)
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":  # one worker begins a build, the others find it
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BEGINNING_LOCK})
            self._refuse_a_store_of_orders(connection)
            self._build: Build = build_for(self._models, self.book)
        self.name = view_name(self._build)
        with self.database.writing() as connection:  # not above: who is at what is gone may hold its ledger and wait for it
            self._forget_what_is_gone(connection)

    def _refuse_a_store_of_orders(self, connection: Connection) -> None:
        if holds_topic(connection, WORK_ORDER):
            raise UsageError(
                f"the store {self.database.store} holds work orders of its own, and reports on them need no stream; "
                "name another one for the read models of a topic"
            )

    def _forget_what_is_gone(self, connection: Connection) -> None:
        """Forget the ledgers of builds that were dropped. Builds are looked up last: each is there before its ledger is."""
        read = [view for view in views(connection) if policy_of(view) == self.book.name]
        there = {view_name(build) for build in self._models.builds(connection, self.book.name)}
        for view in read:
            if view not in there:
                Ledger(view).forget(connection)

    def handle(self, connection: Connection, facts: Sequence[StreamedFact]) -> None:
        """Judge the touched orders anew and replace their rows."""
        self.hold(connection)
        self._judged(facts).write(connection)

    def prepare(self, facts: Sequence[StreamedFact]) -> JudgedOrders:
        """Judge the touched orders anew, by the case files as they are now."""
        return self._judged(facts)

    def _judged(self, facts: Sequence[StreamedFact]) -> JudgedOrders:
        touched: dict[UUID, list[Moment]] = {}
        for order_id, some in by_order(facts).items():
            moments = [self._moment(fact) for fact in some if self._is_of_an_order(fact)]
            if moments:
                touched[order_id] = moments
        entries, replaced = judged(self._models, self._build, self._judge_for(len(facts)), touched)
        return JudgedOrders(self, self._build.tables, rows_of(entries), replaced)

    def hold(self, connection: Connection) -> None:
        """Keep other writers of the build out until the transaction ends.

        Raises:
            StorageError: it was dropped. The published policy is looked up again; whose book is his own waits, and says so.
        """
        try:
            hold(connection, self._build)
        except Overtaken as error:
            if self.known is not None:
                self.outdated.set()
            raise StorageError(
                f"the read models of '{self.book.name}' by these texts were dropped when others were begun; "
                "this worker has nothing to keep: end it, or start it again to have them made anew"
            ) from error

    def _moment(self, fact: StreamedFact) -> Moment:
        """Return a fact as a moment; one that is passed over leaves its place in the order, and no trace in the figures."""
        if fact.usable:
            return self._reader.moment(fact.type, fact.state, fact.version, fact.recorded_at)
        return Moment(PASSED_OVER, fact.recorded_at, fact.recorded_at, fact.version, {})

    def _is_of_an_order(self, fact: StreamedFact) -> bool:
        """Tell facts of work orders, and such as a person skipped, from publications, of which one may be new to the book."""
        if not fact.type or fact.type.startswith(WORK_ORDER):
            return True
        if self.known is not None and is_publication(fact) and (fact.order_id, fact.version) not in self.known:
            self.outdated.set()
        return False

    def caught_up(self) -> None:
        """Show readers the build, now that it holds all that the topic holds."""
        if self._build.state == "building":
            with self.database.writing() as connection:
                self.hold(connection)
                with suppress(Overtaken):  # others were made live before these were: they stay
                    self._models.swap_in(connection, self._build)
            self._build = replace(self._build, state="live")

    def left_behind(self, begun: int) -> bool:
        """Tell whether a newer build of the policy's read models was begun than this one and the one of number `begun`."""
        with self.database.reading() as connection:
            return self._models.newest(connection, self.book.name) > max(begun, self._build.tables.number)

    def _judge_for(self, facts: int) -> Judge:
        """Return who judges so many facts: the compiled kernel, where it is installed, once many have come in bulk."""
        if facts < BULK_MIN or self.fast is False:
            return self._judge
        self._in_bulk += facts
        pays = self._in_bulk >= LOADED_FROM and available()
        return self._fast if self.fast or pays else self._judge


def view_name(build: Build) -> str:
    """Return the name under which a build's ledger is kept."""
    return f"{PREFIX}{build.policy}.{build.tables.number}"


def policy_of(view: str) -> str | None:
    """Return the name of the policy by which a view's read models are; None for a view of another kind."""
    return view.removeprefix(PREFIX).rpartition(".")[0] if view.startswith(PREFIX) else None


@dataclass(frozen=True, slots=True)
class JudgedOrders:
    """Rows of orders judged anew. Those of new orders have the places that were free when they were judged."""

    view: ReadModelView
    tables: Generation
    rows: Rows
    replaced: Sequence[int]

    def hold(self, connection: Connection) -> None:
        """Keep other writers of the build out until the transaction ends."""
        self.view.hold(connection)

    def write(self, connection: Connection) -> None:
        """Replace the orders' rows; new orders go to the places that are free now."""
        if not self.rows.orders:
            return
        known = set(self.replaced)
        first = min((row[0] for row in self.rows.orders if row[0] not in known), default=None)
        by = 0 if first is None else next_seq(connection, self.tables) - first
        rows = self.rows if not by else Rows(*([_moved(row, known, by) for row in some] for some in self.rows))
        put_rows(connection, self.tables, rows, self.replaced)


def _moved(row: Values, known: Collection[int], by: int) -> Values:
    return row if row[0] in known else (row[0] + by, *row[1:])
