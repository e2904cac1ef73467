"""Read models kept by what stands in Kafka: a crew of workers, by a policy of your own or by the one that the stream brings."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from slaengine.errors import StreamingError
from slaengine.policies.book import PolicyBook
from slaengine.storage.database import Database
from slaengine.streaming.backoff import Backoff
from slaengine.streaming.limits import POLL_S
from slaengine.streaming.port import Kafka
from slaengine.streaming.processor import Handled
from slaengine.streaming.publications import publications
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.topics import FACTS, ensure
from slaengine.streaming.worker import Worker

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Projection:
    """Keeps the read models in `database` by the facts of `topic`, with so many workers.

    `book` None takes the policy that is published in the topic. When a further version of it comes along, read models by the
    new book are made beside, from the topic's beginning, and swapped in when they are whole.
    """

    kafka: Kafka
    database: Database
    topic: str = FACTS
    book: PolicyBook | None = None
    workers: int = 1
    crew: list[Worker] = field(default_factory=list, init=False)
    done: Handled = field(default_factory=Handled, init=False)

    def run(self, stop: threading.Event) -> None:
        """Project until `stop` is set.

        Raises:
            UsageError: no policy is given, and not just one is published in the topic.
        """
        backoff = Backoff(stop)
        while not stop.is_set():
            outdated = threading.Event()
            try:
                self._enlist(self.workers, outdated)
            except StreamingError as error:
                log.warning("consuming waits: %s", error)
                backoff.wait()
                continue
            self._work(stop, outdated)

    def run_once(self) -> None:
        """Bring the read models up to what the topic holds now.

        Raises:
            UsageError, StreamingError, StorageError, Overtaken: as `run` and `Reader.run_once`.
        """
        self._enlist(1, threading.Event())
        self.crew[0].run_once()

    def handled(self) -> Handled:
        """Return what became of the records that were read since the start."""
        total = Handled()
        for done in (self.done, *(worker.status.done for worker in self.crew)):
            total.add(done)
        return total

    def _enlist(self, workers: int, outdated: threading.Event) -> None:
        self.done, self.crew = self.handled(), []
        book, known = self.book, None
        if book is None:
            ensure(self.kafka, self.topic)
            published = publications(self.kafka, self.topic)
            book, known = published.book(self.topic), published.ids
        for _ in range(workers):
            view = ReadModelView(self.database, book, known=known, outdated=outdated)
            self.crew.append(Worker(kafka=self.kafka, database=self.database, view=view, topic=self.topic))

    def _work(self, stop: threading.Event, outdated: threading.Event) -> None:
        enough = threading.Event()
        threads = [threading.Thread(target=worker.run, args=(enough,)) for worker in self.crew]
        for thread in threads:
            thread.start()
        while not stop.is_set() and not outdated.wait(POLL_S):
            pass
        enough.set()
        for thread in threads:
            thread.join()
