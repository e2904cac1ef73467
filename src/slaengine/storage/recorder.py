"""The eventsourcing library's recorders over our log: its applications and projections run on the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    PersistenceError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from sqlalchemy import insert, select, update

from slaengine.errors import Overtaken, SlaEngineError
from slaengine.storage.log import FactLog, NewFact, StoredFact
from slaengine.storage.schema import tracking as tracking_table

POLL_INTERVAL_S = 0.02
"""How often a subscription looks for new facts: seldom enough to cost nothing, often enough to look live."""


@contextmanager
def library_errors() -> Iterator[None]:
    """Raise our errors under the library's names, on which its own retries and runners depend."""
    try:
        yield
    except Overtaken as error:
        raise IntegrityError(str(error)) from error
    except SlaEngineError as error:
        raise OperationalError(str(error)) from error


@contextmanager
def own_errors() -> Iterator[None]:
    """Raise our errors again, where they come back from the library under its names."""
    try:
        yield
    except PersistenceError as error:
        if isinstance(error.__cause__, SlaEngineError):
            raise error.__cause__ from error.__cause__.__cause__
        raise


class LogAggregateRecorder(AggregateRecorder):
    """Records and selects the events of single aggregates, by UUID."""

    def __init__(self, log: FactLog) -> None:
        self.log = log

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append the events; their positions are not told.

        Raises:
            IntegrityError: another writer was quicker; reload and decide again.
            OperationalError: the store refuses.
        """
        with library_errors():
            self._append(stored_events, **kwargs)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        """Return the events of one aggregate, of version > `gt` and ≤ `lte`, the last first with `desc`."""
        with library_errors():
            found = self.log.facts_of(
                _uuid(originator_id),
                after_version=-1 if gt is None else gt,
                until_version=lte,
                limit=limit,
                latest_first=desc,
            )
        return [StoredEvent(f.order_id, f.version, f.topic, f.state) for f in found]

    def _append(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[StoredFact]:
        new = [NewFact(_uuid(e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        return self.log.append(new, carried_out=kwargs.get("carried_out", ()), named=kwargs.get("named"))


class LogApplicationRecorder(LogAggregateRecorder, ApplicationRecorder):
    """Records events and reads them back as notifications: a notification's id is its position in the log.

    `save()` of the library's applications passes on `carried_out` (command ids) and `named` (numbers): they are
    recorded in the transaction of the events.
    """

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Append the events and return their positions.

        Raises:
            IntegrityError: another writer was quicker; reload and decide again.
            OperationalError: the store refuses.
        """
        with library_errors():
            return [fact.position for fact in self._append(stored_events, **kwargs)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        """Return up to `limit` notifications from `start` to `stop`, both inclusive unless said otherwise."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        with library_errors():
            found = self.log.read(after, limit, topics=topics, until=stop)
        return [Notification(f.order_id, f.version, f.topic, f.state, id=f.position) for f in found]

    def max_notification_id(self) -> int | None:
        """Return the last position, None when nothing was recorded."""
        with library_errors():
            return self.log.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Return an endless iterator over the notifications behind position `gt`, waiting for new ones."""
        return LogSubscription(recorder=self, gt=gt, topics=topics)


class LogTrackingRecorder(TrackingRecorder):
    """Remembers how far a reader has come."""

    def __init__(self, log: FactLog) -> None:
        self.log = log

    def insert_tracking(self, tracking: Tracking) -> None:
        """Remember that `tracking.notification_id` is done.

        Raises:
            IntegrityError: this or a later one was done before.
        """
        with library_errors():
            self._track(tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the last notification that was done, None before the first."""
        query = select(tracking_table.c.notification_id).where(tracking_table.c.application_name == application_name)
        with library_errors(), self.log.database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def _track(self, tracking: Tracking) -> None:
        """Move the reader forward; the insert of a reader that is there already is what refuses a step back."""
        table, name, done = tracking_table, tracking.application_name, tracking.notification_id
        with self.log.database.writing() as connection:
            forward = (table.c.application_name == name) & (table.c.notification_id < done)
            if connection.execute(update(table).where(forward).values(notification_id=done)).rowcount == 0:
                connection.execute(insert(table).values(application_name=name, notification_id=done))


class LogProcessRecorder(LogTrackingRecorder, LogApplicationRecorder, ProcessRecorder):
    """Records events together with how far the reader that made them has come."""

    def _append(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> list[StoredFact]:
        tracking: Tracking | None = kwargs.get("tracking")
        with self.log.database.writing():
            if tracking is not None:
                self._track(tracking)
            return super()._append(stored_events, **kwargs)


class LogSubscription(Subscription[ApplicationRecorder]):
    """An endless iterator over notifications that polls the log; `stop()` from any thread ends it."""

    SELECT_LIMIT = 500

    def __init__(self, recorder: ApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._fetched: Iterator[Notification] = iter(())
        self._stopped = Event()

    def stop(self) -> None:
        """End the iteration, at once."""
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        """Return the next notification, waiting for it."""
        while not self._stopped.is_set():
            for notification in self._fetched:
                self._last_notification_id = notification.id
                return notification
            self._fetch()
        raise StopIteration

    def _fetch(self) -> None:
        found = self._recorder.select_notifications(
            self._last_notification_id or 0, self.SELECT_LIMIT, topics=self._topics, inclusive_of_start=False
        )
        self._fetched = iter(found)
        if not found:
            self._stopped.wait(POLL_INTERVAL_S)


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
