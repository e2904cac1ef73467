"""The right to publish one log to one topic: one holder at a time, taken over when it falls silent, fenced by its epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import RowMapping, insert, select, update

from slaengine.errors import LeaseLost, Overtaken
from slaengine.storage.database import Database
from slaengine.streaming.tables import publishers


@dataclass(frozen=True, slots=True)
class Grant:
    """The lease in hand. `position` is where the one before left off; None when there is no record of that."""

    epoch: int
    position: int | None


class Lease:
    """One publisher's side of the lease.

    Nobody compares clocks of two machines: a stand-by takes over when the holder's beat stood still for `lease_s` on the
    stand-by's own `clock` (seconds, monotonic). Every take-over raises the epoch, and a holder can beat and move the position
    only under its own, so whoever lost the lease unknowingly finds out at its next beat and can never move the position back.
    """

    def __init__(self, database: Database, topic: str, holder: str, *, lease_s: float, clock: Callable[[], float]) -> None:
        self._database, self._topic, self._holder = database, topic, holder
        self.lease_s, self._clock = lease_s, clock
        self._seen: tuple[tuple[int, int], float] | None = None
        self._grant: Grant | None = None

    def acquire(self) -> Grant | None:
        """Return the lease if it is free or its holder is silent, else None: ask again soon."""
        with self._database.reading() as connection:
            row = connection.execute(select(publishers).where(publishers.c.topic == self._topic)).mappings().first()
        if row is not None and row["holder"] is not None and not self._is_silent(row):
            return None
        self._grant = self._begin() if row is None else self._take_over(row)
        return self._grant

    def _is_silent(self, row: RowMapping) -> bool:
        alive, now = (row["epoch"], row["beat"]), self._clock()
        if self._seen is None or self._seen[0] != alive:
            self._seen = alive, now
            return False
        return now - self._seen[1] >= self.lease_s

    def _begin(self) -> Grant | None:
        first = {"topic": self._topic, "epoch": 1, "holder": self._holder, "beat": 0, "position": None}
        try:
            with self._database.writing() as connection:
                connection.execute(insert(publishers), first)
        except Overtaken:
            return None
        return Grant(1, None)

    def _take_over(self, row: RowMapping) -> Grant | None:
        epoch = row["epoch"] + 1
        with self._database.writing() as connection:
            taken = connection.execute(
                update(publishers)
                .where(publishers.c.topic == self._topic, publishers.c.epoch == row["epoch"], publishers.c.beat == row["beat"])
                .values(epoch=epoch, holder=self._holder, beat=0)
            ).rowcount
        self._seen = None
        return Grant(epoch, row["position"]) if taken else None

    def beat(self, position: int | None, *, release: bool = False) -> None:
        """Show that the holder lives and has come to `position` (None: not known yet); with `release`, give the lease back.

        Raises:
            LeaseLost: somebody else has taken over.
        """
        values = {"beat": publishers.c.beat + 1, "position": position} | ({"holder": None} if release else {})
        epoch = self._grant.epoch if self._grant else 0
        with self._database.writing() as connection:
            mine = (publishers.c.topic == self._topic) & (publishers.c.epoch == epoch)
            if connection.execute(update(publishers).where(mine).values(values)).rowcount != 1:
                raise LeaseLost(self._topic)
