"""Read models kept by what stands in Kafka, by a policy of your own or by the one that the stream brings."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from slaengine.errors import StorageError, StreamingError
from slaengine.policies.book import PolicyBook
from slaengine.storage.database import Database
from slaengine.storage.read_models import ReadModels
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

    `book` None takes the policy that is published in the topic. When a further version of it comes along, read models by the new
    book are made beside, from the topic's beginning, and swapped in when they are whole. Only the one worker whose partition
    brings the version hears of it; the others, wherever they run, see that a newer build has begun, and come along.
    """

    kafka: Kafka
    database: Database
    topic: str = FACTS
    book: PolicyBook | None = None
    worker: Worker | None = field(default=None, init=False)
    done: Handled = field(default_factory=Handled, init=False)

    def run(self, stop: threading.Event) -> None:
        """Project until `stop` is set.

        Raises:
            UsageError: no policy is given, and not just one is published in the topic.
        """
        backoff = Backoff(stop)
        models = ReadModels(self.database)
        while not stop.is_set():
            with self.database.reading() as connection:
                begun = models.newest(connection)  # before the policy is looked up: what is begun from now on may be by another
            try:
                view = self._view()
            except StreamingError as error:
                log.warning("consuming waits: %s", error)
                backoff.wait()
                continue
            self._work(view, begun, stop)

    def run_once(self, share: tuple[int, int] | None = None) -> None:
        """Bring the read models up to what the topic holds now; `share` as in `Reader.run_once`.

        Raises:
            UsageError, StreamingError, StorageError, Overtaken: as `run` and `Reader.run_once`.
        """
        self._worker(self._view()).run_once(share)

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

    def _view(self) -> ReadModelView:
        book, known = self.book, None
        if book is None:
            ensure(self.kafka, self.topic)
            published = publications(self.kafka, self.topic)
            book, known = published.book(self.topic), published.ids
        return ReadModelView(self.database, book, known=known)

    def _worker(self, view: ReadModelView) -> Worker:
        self.done, self.worker = self.handled(), None
        self.worker = Worker(kafka=self.kafka, database=self.database, view=view, topic=self.topic)
        return self.worker

    def _work(self, view: ReadModelView, begun: int, stop: threading.Event) -> None:
        worker, enough = self._worker(view), threading.Event()
        thread = threading.Thread(target=worker.run, args=(enough,))
        thread.start()
        while not stop.is_set() and not view.outdated.wait(POLL_S):
            with suppress(StorageError):  # the worker meets it, too, and waits it out
                if self.book is None and view.left_behind(begun):
                    break
        enough.set()
        thread.join()
