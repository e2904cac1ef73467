"""A member of a crew: one worker in this process, told what to do on its standard input; it ends when that does.

Once a second, and when it ends, it tells how it stands: a JSON object a frame, of `handled` (the counts of `Handled`), `trouble`,
`view`, `last` (nothing comes behind it), `done` (it ended in order) and `error` (whether its task makes no sense, and the
sentence that says why it cannot be done).
"""

from __future__ import annotations

import json
import logging
import pickle
import signal
import threading
from contextlib import closing, suppress
from dataclasses import astuple
from typing import IO, Any

from slaengine.errors import ConcurrencyError, SlaEngineError, StorageError, UsageError
from slaengine.policies.book import PolicyBook
from slaengine.storage import pipes
from slaengine.storage.database import Database
from slaengine.streaming.backoff import Backoff
from slaengine.streaming.connect import connect
from slaengine.streaming.processor import Handled
from slaengine.streaming.projection import Projection
from slaengine.streaming.service import warn_plainly

log = logging.getLogger(__name__)

TELL_EVERY_S = 1.0


class Member:
    """What is to be done, and how far it is."""

    def __init__(self, task: bytes, out: IO[bytes]) -> None:
        kafka, self._store, self._topic, book, self._share = pickle.loads(task)  # noqa: S301  (from the process that started us)
        self._kafka = connect(kafka)
        self._book = PolicyBook(*book) if book else None
        self._out = out
        self._projection: Projection | None = None
        self._error: SlaEngineError | None = None
        self._done = False
        self.stop, self._over = threading.Event(), threading.Event()

    def listen(self, asked: IO[bytes]) -> None:
        """Hear what the crew has to say, until it says no more: that is the end."""
        while pipes.read(asked) is not None:
            pass
        self.stop.set()

    def work(self) -> None:
        """Work until told to stop, telling how it goes."""
        working = threading.Thread(target=self._work, daemon=True)
        working.start()
        while not self._over.wait(TELL_EVERY_S):
            self._tell()
        self._tell(last=True)

    def _work(self) -> None:
        try:
            if self._share is None:
                self._go_on()
            else:
                with closing(Database.open(self._store)) as database:
                    self._project(database).run_once(self._share)
            self._done = True
        except SlaEngineError as error:
            self._error = error
        finally:
            self._over.set()

    def _go_on(self) -> None:
        """Work until stopped; a store that is away for a while comes back."""
        backoff = Backoff(self.stop)
        while not self.stop.is_set():
            try:
                with closing(Database.open(self._store)) as database:
                    self._project(database).run(self.stop)
            except (StorageError, ConcurrencyError) as error:
                log.warning("consuming waits: %s", error)
                backoff.wait()

    def _project(self, database: Database) -> Projection:
        self._projection = Projection(kafka=self._kafka, database=database, topic=self._topic, book=self._book)
        return self._projection

    def _tell(self, *, last: bool = False) -> None:
        projection = self._projection
        told: dict[str, Any] = {
            "handled": astuple(projection.handled() if projection else Handled()),
            "trouble": next(iter(projection.troubles()), None) if projection else None,
            "view": projection.view if projection else None,
            "last": last,
            "done": self._done,
            "error": [isinstance(self._error, UsageError), str(self._error)] if self._error else None,
        }
        with suppress(OSError):  # nobody listens any more: `listen` has found that out, too
            pipes.write(self._out, json.dumps(told).encode())


def main() -> None:
    """Be a member."""
    warn_plainly()
    with pipes.answering() as (asked, out):
        member = Member(pipes.read(asked) or b"", out)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: member.stop.set())
        listening = threading.Thread(target=member.listen, args=(asked,))
        listening.start()
        member.work()
        listening.join()


if __name__ == "__main__":
    main()
