"""Read models kept by what stands in Kafka, by a policy of your own or by the one that the stream brings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
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
    """Keeps the read models in `database` by the facts of `topic`, by one worker at a time.

    `book` None takes the policy that is published in the topic. When a further version of it comes along, `found_another` is
    called, read models by the new book are made beside, from the topic's beginning, and swapped in when they are whole.
    """

    kafka: Kafka
    database: Database
    topic: str = FACTS
    book: PolicyBook | None = None
    found_another: Callable[[], None] = lambda: None
    worker: Worker | None = field(default=None, init=False)
    done: Handled = field(default_factory=Handled, init=False)

    def __post_init__(self) -> None:
        self._told = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Project until `stop` is set.

        Raises:
            UsageError: no policy is given, and not just one is published in the topic.
        """
        backoff = Backoff(stop)
        while not stop.is_set():
            outdated = threading.Event()
            self._told.clear()
            try:
                worker = self._worker(outdated)
            except StreamingError as error:
                log.warning("consuming waits: %s", error)
                backoff.wait()
                continue
            self._work(worker, stop, outdated)

    def run_once(self, share: tuple[int, int] | None = None) -> None:
        """Bring the read models up to what the topic holds now; `share` as in `Reader.run_once`.

        Raises:
            UsageError, StreamingError, StorageError, Overtaken: as `run` and `Reader.run_once`.
        """
        self._worker(threading.Event()).run_once(share)

    def begin_again(self) -> None:
        """Look anew which policy is published: another worker has found a further version."""
        self._told.set()

    def handled(self) -> Handled:
        """Return what became of the records that were read since the start."""
        total = Handled()
        for done in (self.done, *([self.worker.status.done] if self.worker else [])):
            total.add(done)
        return total

    def troubles(self) -> set[str]:
        """Return what is waited out."""
        return {self.worker.status.trouble} if self.worker and self.worker.status.trouble else set()

    @property
    def view(self) -> str | None:
        """The name of the view that is kept; None before it is known."""
        return self.worker.view.name if self.worker else None

    def _worker(self, outdated: threading.Event) -> Worker:
        self.done, self.worker = self.handled(), None
        book, known = self.book, None
        if book is None:
            ensure(self.kafka, self.topic)
            published = publications(self.kafka, self.topic)
            book, known = published.book(self.topic), published.ids
        view = ReadModelView(self.database, book, known=known, outdated=outdated)
        self.worker = Worker(kafka=self.kafka, database=self.database, view=view, topic=self.topic)
        return self.worker

    def _work(self, worker: Worker, stop: threading.Event, outdated: threading.Event) -> None:
        enough = threading.Event()
        thread = threading.Thread(target=worker.run, args=(enough,))
        thread.start()
        while not (stop.is_set() or self._told.is_set() or outdated.wait(POLL_S)):
            pass
        if outdated.is_set():
            self.found_another()
        enough.set()
        thread.join()
