"""A publisher or a worker in a process of its own, as a user runs them, for the benchmark of the stream.

`python -m benchmarks._stream_process publish STORE KAFKA TOPIC`, or `… project STORE KAFKA TOPIC POLICY`. Each says `ready`,
begins when a line comes on its standard input and ends when that ends; a worker then prints by the machine's monotonic clock, in
seconds, when it had its first facts in hand (`begun`) and when the last transaction of each order ended (the order's number).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slaengine.policies.book import PolicyBook
from slaengine.policies.compiled import available
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact
from slaengine.streaming.connect import connect
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka, Partition
from slaengine.streaming.processor import Handled, Stretch
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.worker import Worker
from slaengine.testing.generator import encoded, histories

BEGUN = "begun"


@dataclass(kw_only=True)
class Stamping(Worker):
    """Notes when it began and when each order's last transaction has ended."""

    begun: float | None = None
    seen: dict[str, float] = field(default_factory=dict)

    def take(self, stretches: Mapping[Partition, Stretch]) -> Handled:
        """Take facts in, and note the time."""
        self.begun = self.begun or time.perf_counter()
        done = super().take(stretches)
        now = time.perf_counter()
        for stretch in stretches.values():
            for record in stretch.records:
                self.seen[dict(record.headers)["ce_subject"].decode()] = now
        return done


def warm(book: PolicyBook) -> None:
    """Load what a worker that has run for a while has loaded, the compiled kernel too."""
    cluster = MemoryKafka()
    with closing(Database.open("memory:")) as source, closing(Database.open("memory:")) as view:
        log = FactLog(source, lambda: datetime.now(UTC))
        log.append([NewFact(f.order_id, f.version, f.topic, f.state) for f in encoded(histories(200, seed=2))])
        Publisher(log, cluster, "warm").run_once()
        Worker(kafka=cluster, database=view, view=ReadModelView(view, book, fast=available())).run_once()


def main(what: str, store: str, kafka: str, topic: str, policy: str = "") -> None:
    cluster: Kafka = connect(kafka)
    with closing(Database.open(store)) as database:
        service: Publisher | Stamping
        if what == "publish":
            service = Publisher(FactLog(database, lambda: datetime.now(UTC)), cluster, "bench", topic=topic)
        else:
            book = PolicyBook.pack(policy)
            warm(book)
            view = ReadModelView(database, book, fast=available())
            service = Stamping(kafka=cluster, database=database, view=view, topic=topic)
        print("ready", flush=True)
        sys.stdin.readline()
        stop = threading.Event()
        running = threading.Thread(target=service.run, args=(stop,))
        running.start()
        sys.stdin.read()
        stop.set()
        running.join()
    if isinstance(service, Stamping) and service.begun:
        print(BEGUN, service.begun)
        for number, at in service.seen.items():
            print(number, at)


if __name__ == "__main__":
    main(*sys.argv[1:])
