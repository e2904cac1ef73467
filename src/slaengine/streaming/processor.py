"""Records into a view: one transaction that changes the view, the offsets and what is held back, or nothing at all."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from slaengine.errors import ConcurrencyError, CorruptFact, SlaEngineError, StorageError, UsageError
from slaengine.storage.database import Database
from slaengine.streaming.inbox import Sorted, by_order, sort_out
from slaengine.streaming.ledger import HeldMessage, Ledger
from slaengine.streaming.port import Partition, Record
from slaengine.streaming.preparing import Beforehand, beforehand, check_types
from slaengine.streaming.streamed import StreamedFact, is_known, order_of, read_many
from slaengine.streaming.view import View

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records of one partition, in order, and the offsets before and behind them; `before` None: nothing was read yet."""

    records: Sequence[Record]
    before: int | None
    after: int


@dataclass(slots=True)
class Handled:
    """What became of some records, in counts. `held` are now held back, `failed` are those of them that failed."""

    handled: int = 0
    repeated: int = 0
    passed_over: int = 0
    held: int = 0
    failed: int = 0

    def add(self, other: Handled) -> None:
        """Add the other's counts."""
        for name in ("handled", "repeated", "passed_over", "held", "failed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class _Failed(Exception):
    """The view raised for facts that it was given; never leaves this module."""


class _Arrived(NamedTuple):
    """Records as they came, the facts in them, and those that cannot be read."""

    stretches: Mapping[Partition, Stretch]
    records: Sequence[Record]
    facts: list[StreamedFact]
    unreadable: list[HeldMessage]


@dataclass(slots=True)
class _Batch:
    """Facts on their way into the view, with the messages they came in: `fresh` ones, or such as were held back."""

    fresh: Sequence[Record] = ()
    was_held: dict[Place, HeldMessage] = field(default_factory=dict)
    failed: dict[Place, str] = field(default_factory=dict)
    _by_place: dict[Place, Record] = field(default_factory=dict)

    def of(self, fact: StreamedFact) -> HeldMessage:
        place = _place(fact)
        if place in self.was_held:
            return self.was_held[place]
        if not self._by_place:
            self._by_place = {_place_of(record): record for record in self.fresh}
        return HeldMessage(self._by_place[place], fact.order_id, fact.version, None)


@dataclass(slots=True)
class Processor:
    """Brings records into `view`. `clock` returns the present instant, µs UTC, for the dates of what is held back."""

    database: Database
    view: View
    clock: Callable[[], int]
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.view.name)

    def take(self, stretches: Mapping[Partition, Stretch]) -> Handled:
        """Take records in, exactly once.

        Raises:
            Overtaken: another worker has taken them; nothing was changed.
            ConcurrencyError, StorageError: the database could not; nothing was changed, and trying again is right.
        """
        records = [record for stretch in stretches.values() for record in stretch.records]
        arrived = _Arrived(stretches, records, *read_all(records))
        prepared = beforehand(self.database, self.ledger, self.view, arrived.facts)
        try:
            return self._take(arrived, self._all_at_once, prepared)
        except _Failed:
            return self._take(arrived, self._one_by_one, None)

    def _take(self, arrived: _Arrived, into_view: IntoView, prepared: Beforehand | None) -> Handled:
        unreadable = arrived.unreadable
        with self.database.writing() as connection:
            for partition, stretch in arrived.stretches.items():
                self.ledger.move(connection, partition, stretch.before, stretch.after)
            batch = _Batch(arrived.records)
            if prepared is not None and self._written(connection, prepared):
                done = self._note(connection, prepared.found, batch)
            else:
                done = self._settle(connection, arrived.facts, batch, into_view)
            self.ledger.hold(connection, [message._replace(held_at=self.clock()) for message in unreadable])
        done.held += len(unreadable)
        done.failed += len(unreadable)
        return done

    def _written(self, connection: Connection, prepared: Beforehand) -> bool:
        with _blamed():
            return prepared.written(connection, self.ledger)

    def retry(self, order_ids: Collection[UUID] | None = None) -> Handled:
        """Try again what is held back, of these orders or of all, in order."""
        with self.database.writing() as connection:
            messages = self.ledger.messages_held(connection, order_ids)
            return self._again(connection, messages)

    def skip(self, order_id: UUID) -> Handled:
        """Go on without the fact that the order waits for or failed at: the view passes over it, and the rest is tried.

        Raises:
            UsageError: nothing of this order is held back.
        """
        with self.database.writing() as connection:
            messages = self.ledger.messages_held(connection, [order_id])
            if not messages:
                raise UsageError(f"nothing of work order {order_id} is held back; `slaengine dead-letters list` shows what is")
            version = self.ledger.versions(connection, [order_id]).get(order_id, 0) + 1
            facts, _ = read_all(message.record for message in messages)
            wanted = next((fact for fact in facts if fact.version == version), None)
            self.view.handle(connection, [_gap(order_id, version, wanted or next(iter(facts), None))])
            self.ledger.set_versions(connection, {order_id: version})
            gone = [message.record for message in messages if message.version in (version, None)]
            self.ledger.let_go(connection, gone)
            return self._again(connection, [message for message in messages if message.record not in gone])

    def _again(self, connection: Connection, messages: Sequence[HeldMessage]) -> Handled:
        facts, _ = read_all(message.record for message in messages)
        facts.sort(key=lambda fact: fact.version)
        batch = _Batch(was_held={_place_of(message.record): message for message in messages})
        self.ledger.let_go(connection, [batch.of(fact).record for fact in facts])
        return self._settle(connection, facts, batch, self._one_by_one, again=True)

    def _settle(
        self,
        connection: Connection,
        facts: Sequence[StreamedFact],
        batch: _Batch,
        into_view: IntoView,
        *,
        again: bool = False,
    ) -> Handled:
        order_ids = by_order(facts).keys()
        held_orders = {} if again else self.ledger.orders_held(connection)
        concerned = held_orders.keys() & order_ids
        held = self.ledger.messages_held(connection, concerned) if concerned else []
        batch.was_held |= {_place_of(message.record): message for message in held}
        waiting = _by_order(held)
        blocked = {order_id for order_id in concerned if held_orders[order_id]}
        found = sort_out(facts, self.ledger.versions(connection, order_ids), waiting, blocked)
        into_view(connection, found, batch)
        return self._note(connection, found, batch)

    def _all_at_once(self, connection: Connection, found: Sorted, _: _Batch) -> None:
        if found.due:
            self._give(connection, found.due)

    def _one_by_one(self, connection: Connection, found: Sorted, batch: _Batch) -> None:
        done: list[StreamedFact] = []
        stuck: set[UUID] = set()
        for fact in found.due:
            if fact.order_id in stuck:
                found.early.append(fact)
                continue
            try:
                with connection.begin_nested():
                    self._give(connection, [fact])
            except _Failed as error:
                stuck.add(fact.order_id)
                found.early.append(fact)
                batch.failed[_place(fact)] = _described(error.__cause__)
            else:
                done.append(fact)
        found.due = done
        found.versions = {fact.order_id: fact.version for fact in done}

    def _give(self, connection: Connection, facts: list[StreamedFact]) -> None:
        with _blamed():
            check_types(facts)
            self.view.handle(connection, facts)

    def _note(self, connection: Connection, found: Sorted, batch: _Batch) -> Handled:
        """Store what was found out: versions, what is held back now and what no longer is."""
        self.ledger.set_versions(connection, found.versions)
        if batch.was_held:
            places = map(_place, (*found.due, *found.early))
            self.ledger.let_go(connection, [batch.was_held[place].record for place in places if place in batch.was_held])
        now = self.clock()
        back = [
            batch.of(fact)._replace(error=batch.failed.get(_place(fact)), held_at=batch.of(fact).held_at or now)
            for fact in found.early
        ]
        self.ledger.hold(connection, back)
        unusable = {name for name in {fact.type for fact in found.due} if not is_known(name)}
        passed_over = [fact for fact in found.due if fact.skipped or fact.type in unusable]
        self.ledger.count_passed_over(connection, Counter(fact.type for fact in passed_over if fact.type in unusable))
        handled = len(found.due) - len(passed_over)
        return Handled(handled, found.repeated, len(passed_over), len(back), len(batch.failed))


@contextmanager
def _blamed() -> Iterator[None]:
    """Tell what the view raises for its facts from what the database does, which is tried again."""
    try:
        yield
    except (OperationalError, InterfaceError, ConcurrencyError):
        raise
    except Exception as error:
        if isinstance(error, StorageError) and not isinstance(error, CorruptFact):
            raise
        raise _Failed from error


IntoView = Callable[[Connection, Sorted, _Batch], None]


def read_all(records: Iterable[Record]) -> tuple[list[StreamedFact], list[HeldMessage]]:
    """Return the facts that records carry, and the records that cannot be read, each with the reason."""
    facts, unreadable = read_many(records)
    return facts, [HeldMessage(record, *order_of(record), str(error)) for record, error in unreadable]


def _by_order(messages: Iterable[HeldMessage]) -> dict[UUID, dict[int, StreamedFact]]:
    found: dict[UUID, dict[int, StreamedFact]] = {}
    for fact in read_all(message.record for message in messages)[0]:
        found.setdefault(fact.order_id, {})[fact.version] = fact
    return found


def _place(fact: StreamedFact) -> Place:
    return fact.topic, fact.partition, fact.offset


def _place_of(record: Record) -> Place:
    return record.topic, record.partition, record.offset


def _gap(order_id: UUID, version: int, like: StreamedFact | None) -> StreamedFact:
    """Return what stands for a fact that is skipped: the fact itself, or an empty one like its neighbour."""
    if like is None:
        return StreamedFact("", 0, order_id, str(order_id), version, "", b"", 0, skipped=True)
    if like.version == version:
        return like._replace(skipped=True)
    return like._replace(version=version, type="", state=b"", skipped=True)


def _described(error: BaseException | None) -> str:
    """Return what went wrong without what it went wrong with: an error of other people's code may quote personal data."""
    if isinstance(error, SlaEngineError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__) if error else []
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
