"""`SlaEngine`: one store, opened for work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from slaengine.domain import commands as c
from slaengine.domain.events import Fact, Received
from slaengine.domain.values import Kind, Place, Reporter
from slaengine.engine.adopting import Adopting
from slaengine.engine.asking import command_of
from slaengine.engine.orders import Order, OrderRef, order_id_for
from slaengine.engine.plan import Outcome, Plan, Request, WhatIsSo, plan
from slaengine.engine.published import PublishedPolicies
from slaengine.engine.reading import Reading
from slaengine.engine.verbs import Stamp, Verbs
from slaengine.errors import Overtaken, UnknownWorkOrder
from slaengine.policies.book import PolicyBook
from slaengine.storage.database import Database
from slaengine.storage.log import EPOCH, Clock, FactLog
from slaengine.storage.numbers import drawing, drawn, next_number
from slaengine.storage.personal import Keys, Vault
from slaengine.storage.work_orders import WorkOrders

TO_BE_GIVEN = "to be given"
NO_SNAPSHOTS = {"IS_SNAPSHOTTING_ENABLED": "n"}
"""Said outright: the process may hold other applications of the library, and set its environment for them."""


def utc_now() -> datetime:
    """Return the present instant, the clock of an engine that was given no other."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RecordedFact:
    """A fact with its places in the log and in the order, and when we recorded it; `fact.occurred_at` is when it happened."""

    position: int
    version: int
    recorded_at: datetime
    fact: Fact


class SlaEngine(Verbs, Adopting, Reading):
    """Records what happens to work orders, each command once, whole or not at all. Threads may share it.

    Example:
        >>> with SlaEngine.open("memory:") as engine:
        ...     order = engine.receive(kind="repair", channel="app", number="R-17")
        ...     engine.resolve(order)[0].NAME
        'resolved'
    """

    def __init__(
        self, database: Database, *, policy: PolicyBook | None = None, clock: Clock = utc_now, keys: Keys | None = None
    ) -> None:
        self.clock = clock
        self.policy = policy
        self.log = FactLog(database, clock)
        self.published = PublishedPolicies(self.log)
        self.work_orders = WorkOrders(NO_SNAPSHOTS, log=self.log, vault=Vault(keys) if keys is not None else None)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        policy: PolicyBook | str | Path | None = None,
        clock: Clock = utc_now,
        create: bool = True,
        keys: Keys | None = None,
    ) -> Self:
        """Open the store at `url`: `sqlite:///orders.db`, `postgresql+psycopg://USER@HOST/DATABASE` or `memory:`.

        Args:
            url: where facts are kept; the options are in docs/explanation/log.md.
            policy: by what orders are judged: a shipped pack's name, a policy file or a book. None leaves it to what is
                published in the store.
            clock: returns the present instant, aware.
            create: make an empty store when there is none; False expects one.
            keys: where the keys of personal data are; None keeps it in clear.

        Raises:
            UsageError: the URL makes no sense.
            MissingExtra: the database's driver, or `cryptography` for keys, is not installed.
            PolicyError: the policy cannot be found or used.
            StorageError: the store cannot be opened, or is not there.
        """
        book = PolicyBook.load(policy) if isinstance(policy, (str, Path)) else policy
        return cls(Database.open(url, create=create), policy=book, clock=clock, keys=keys)

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Shut down."""
        self.shutdown()

    def shutdown(self) -> None:
        """Give back every connection; what was recorded stays."""
        self.work_orders.close()
        self.log.database.close()

    # ── recording ──

    def receive(  # noqa: PLR0913  (the fields of the fact)
        self,
        *,
        kind: Kind,
        number: str | None = None,
        place: Place | Mapping[str, Any] | None = None,
        reporter: Reporter | Mapping[str, Any] | None = None,
        description: str | None = None,
        restated: str | None = None,
        expected_at: datetime | None = None,
        received_by: str | None = None,
        source: str | None = None,
        labels: Mapping[str, str] | None = None,
        given_due: Mapping[str, datetime] | None = None,
        **stamp: Unpack[Stamp],
    ) -> OrderRef:
        """Record that an order came in, and return its names.

        Without a `number` it gets the next of its day, `WO-20260105-000123`: the day on which it occurred, in the policy's
        time zone, or in UTC without a policy. Sent again with the same `command_id`, or the same number and contents, it
        returns the same order.

        Raises:
            AlreadyReceived: an order of this number was received with other contents.
            InvalidCommand, CommandIdReused, FutureFact, ConcurrencyError, StorageError: as every verb.
        """
        given = {
            **stamp,
            "kind": kind,
            "number": number,
            "place": place,
            "reporter": reporter,
            "description": description,
            "restated": restated,
            "expected_at": expected_at,
            "received_by": received_by,
            "source": source,
            "labels": labels,
            "given_due": given_due,
        }
        # The draft is checked before the store is held: a number costs a place in the day's count.
        draft, filled_in = command_of(c.Receive, {**given, "number": number or TO_BE_GIVEN}, self.clock())
        if number is None and draft.command_id is None:
            return self._receive_new(draft, filled_in)
        with self.log.locked() as (connection, _):
            before = self._received_before(draft.command_id, number)
            if before is None:
                return self._begin_order(draft, filled_in, number or next_number(connection, self._day(draft)), given=number)
            order_id, first = before
            order = OrderRef(order_id, number or first.number)
            occurred_at = first.occurred_at if filled_in else draft.occurred_at
            command = draft.model_copy(update={"number": order.number, "occurred_at": occurred_at})
            request = Request(order.id, [command], filled_in if number else filled_in | {"number"})
            _recorded(self._save(self._planned([request])))
        return order

    def handle(self, order: Order, command: c.Command) -> list[Fact]:
        """Carry out one command and return the facts recorded; none when it is already so.

        Raises:
            WorkOrderError: it is refused; nothing was recorded.
            ConcurrencyError, StorageError: the store could not take it; sending it again is safe.
        """
        return _recorded(self._carry_out([Request(self.order_id(order), [command])]))

    def handle_many(
        self, batch: Iterable[tuple[Order, Sequence[c.Command]]], *, read: Mapping[UUID, Sequence[Fact]] | None = None
    ) -> list[Outcome]:
        """Carry out commands to many orders in one transaction, and return what became of each.

        The commands to one order are carried out all or none; a refusal stands in its outcome, and the others are recorded.
        A new order's id comes from the caller (`order_id_for`), with `Receive` as its first command. A caller who has just
        read the facts of the orders hands them over in `read`, with none for a new order; what was recorded since is noticed.

        Raises:
            ConcurrencyError, StorageError: nothing of the batch was recorded; sending it again is safe.
        """
        return self._carry_out([Request(self.order_id(order), commands) for order, commands in batch], read)

    # ── reading ──

    def order_id(self, order: Order) -> UUID:
        """Return an order's id, by its reference, its id or its number; an id is not looked up.

        Raises:
            UnknownWorkOrder: no order has this number.
        """
        if isinstance(order, OrderRef):
            return order.id
        if isinstance(order, UUID):
            return order
        found = self.log.find(order)
        if found is None:
            try:
                return UUID(order)
            except ValueError:
                raise UnknownWorkOrder(order) from None
        return found

    def facts(self, order: Order) -> list[RecordedFact]:
        """Return the facts of an order as they were recorded, first recorded first.

        Raises:
            UnknownWorkOrder: there is no such order.
            CorruptFact: a fact cannot be read back.
        """
        order_id = self.order_id(order)
        stored = self.log.facts_of(order_id)
        if not stored:
            raise UnknownWorkOrder(str(order))
        return [
            RecordedFact(
                fact.position, fact.version, EPOCH + timedelta(microseconds=fact.recorded_at), self.work_orders.fact_of(fact)
            )
            for fact in stored
        ]

    # ── within ──

    def _receive_new(self, draft: c.Receive, filled_in: frozenset[str]) -> OrderRef:
        """Record an order that nobody has sent before, as far as it says, under the next number of its day."""
        day = self._day(draft)
        with self.log.holding(drawing(self.log.database.dialect, day)) as (connection, _, (answer,)):
            return self._begin_order(draft, filled_in, drawn(connection, day, answer), given=None)

    def _begin_order(self, draft: c.Receive, filled_in: frozenset[str], number: str, *, given: str | None) -> OrderRef:
        """Record a new order under a number that is free, holding the log; nothing follows in the caller's block."""
        order = OrderRef(order_id_for(self.clock()), number)
        command = draft if given else draft.model_copy(update={"number": number})
        request = Request(order.id, [command], filled_in if given else filled_in | {"number"})
        _recorded(self._save(plan([request], WhatIsSo({}, {}, {}), self.clock()), ending=1))
        return order

    def _day(self, draft: c.Receive) -> date:
        return draft.occurred_at.astimezone(self._zone()).date()

    def _zone(self) -> tzinfo:
        return UTC if self.policy is None else ZoneInfo(self.policy.latest.policy.time_zone)

    def _record(self, kind: type[c.Command], order: Order, stamp: Stamp, **fields: Any) -> list[Fact]:
        command, filled_in = command_of(kind, {**stamp, **fields}, self.clock())
        return _recorded(self._carry_out([Request(self.order_id(order), [command], filled_in)]))

    def _received_before(self, command_id: str | None, number: str | None) -> tuple[UUID, Received] | None:
        """Return the order that this command or this number led to, and what it began with."""
        earlier = self.log.carried_out([command_id]).get(command_id) if command_id else None
        order_id = earlier.order_id if earlier else self.log.find(number) if number else None
        if order_id is None:
            return None
        return order_id, self.work_orders.work_order(order_id).received

    def _carry_out(self, requests: Sequence[Request], read: Mapping[UUID, Sequence[Fact]] | None = None) -> list[Outcome]:
        """Decide and record; when another writer was quicker, decide once more while no other can be.

        The first attempt reads and decides without holding the log, so that writers hinder each other little. The second
        holds it from the reading on: nobody is overtaken twice, however many write.
        """
        try:
            return self._save(self._planned(requests, read))
        except Overtaken:
            with self.log.locked():
                return self._save(self._planned(requests))

    def _planned(self, requests: Sequence[Request], read: Mapping[UUID, Sequence[Fact]] | None = None) -> Plan:
        return plan(requests, WhatIsSo.load(self.work_orders, requests, read), self.clock())

    def _save(self, planned: Plan, *, ending: int = 0) -> list[Outcome]:
        if planned.recorded or planned.carried_out:
            self.work_orders.record(planned.recorded, carried_out=planned.carried_out, named=planned.named, ending=ending)
        return planned.outcomes


def _recorded(outcomes: list[Outcome]) -> list[Fact]:
    """Return the facts of the only outcome, or raise its refusal."""
    (outcome,) = outcomes
    if outcome.refusal is not None:
        raise outcome.refusal
    return list(outcome.facts)
