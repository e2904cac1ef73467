"""The stream on a real Apache Kafka: publishing beside the bare client, consuming into databases, and the way end to end."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import func, select

from benchmarks._stream_process import BEGUN
from benchmarks._timing import table
from slaengine.engine import SlaEngine
from slaengine.errors import SlaEngineError
from slaengine.garbage import searched_seldom
from slaengine.policies.book import PolicyBook
from slaengine.policies.compiled import available
from slaengine.storage.database import Database
from slaengine.storage.fact_rows import log_after
from slaengine.storage.log import FactLog, NewFact
from slaengine.streaming import tables
from slaengine.streaming.addresses import Addresses
from slaengine.streaming.connect import connect
from slaengine.streaming.envelope import Envelope
from slaengine.streaming.lease import Lease
from slaengine.streaming.limits import PUBLISH_BATCH, PUBLISH_WINDOW
from slaengine.streaming.port import Message
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.tenure import PublisherStatus, Tenure
from slaengine.streaming.topics import ensure
from slaengine.streaming.view import Handler, View
from slaengine.streaming.worker import Worker
from slaengine.testing.generator import encoded, histories
from slaengine.testing.kafka import start_kafka
from slaengine.testing.postgres import start_postgres

ORDERS = 10_000
LIVE_S, LIVE_RATE = 20, 200
ROUNDS = {"kafka": 7, "kafka+confluent": 31}
"""The second is the nearer comparison, and its rounds are short."""
BOOKS = [PolicyBook.pack(name) for name in ("boston-311", "service-standard")]


def main() -> None:
    with ExitStack() as stack:
        kafka = stack.enter_context(start_kafka())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print(kafka.describe())
        log = FactLog(stack.enter_context(closing(Database.open(f"sqlite:///{folder / 'log.db'}"))), lambda: datetime.now(UTC))
        count = _fill(log)
        publishing = [
            _publishing(f"{scheme}://{kafka.bootstrap}?replicas=1", log, count) for scheme in ("kafka", "kafka+confluent")
        ]
        header = ["publish, facts/s", "bare client", "publisher", "share", "in four rounds of five"]
        table([*header, "client's thread, µs a fact", "publisher's"], publishing)
        topic = _new_topic()
        Publisher(log, connect(f"kafka+confluent://{kafka.bootstrap}?replicas=1"), "bench", topic=topic).run_once()
        header = ["consume, facts/s", "into", "versions and offsets alone", *(f"read models, {book.name}" for book in BOOKS)]
        stores = _stores(stack, folder)
        table(header, _consuming(kafka.bootstrap, topic, count, stores))
        header = ["consume by two processes, facts/s", "into", *(f"read models, {book.name}" for book in BOOKS)]
        table(header, _crew(kafka.bootstrap, topic, count, stores))
        live = [_end_to_end(kafka.bootstrap, folder, scheme) for scheme in ("kafka", "kafka+confluent")]
        table(["from resolve() to the row", "facts/s", "median ms", "p99 ms"], live)


def _fill(log: FactLog) -> int:
    facts = sorted(encoded(histories(ORDERS, seed=1)), key=lambda fact: fact.recorded_at)
    for start in range(0, len(facts), 5_000):
        log.append([NewFact(f.order_id, f.version, f.topic, f.state) for f in facts[start : start + 5_000]])
    return len(facts)


def _new_topic() -> str:
    return f"bench-{uuid4()}"


class _Spent(NamedTuple):
    """Seconds by the clock, and of the processor by the thread that sends."""

    wall: float
    thread: float


def _timed(work: Callable[[], object]) -> _Spent:
    wall, thread = time.perf_counter(), time.thread_time()
    work()
    return _Spent(time.perf_counter() - wall, time.thread_time() - thread)


def _publishing(url: str, log: FactLog, count: int) -> list[object]:
    """The bare client sends what the publisher sends, made beforehand, with the same settings and the same window."""
    cluster, topic = connect(url), _new_topic()
    ensure(cluster, topic)
    addresses, envelope = Addresses(log.database, cluster.partitions(topic)), Envelope("urn:bench", topic)
    with log.database.reading() as connection:
        facts = log_after(connection, 0, count)
    messages = envelope.messages(facts, addresses.of(fact[1] for fact in facts))
    _bare(url, messages)  # once beforehand: the broker is slower at first
    with searched_seldom():  # for both
        rounds = [_round(url, messages, log, n) for n in range(ROUNDS[url.partition(":")[0]])]
    shares = sorted(bare.wall / ours.wall for bare, ours in rounds)  # of each round: the machine's pace changes between them
    low, middle, high = (shares[int(len(shares) * part)] for part in (0.1, 0.5, 0.9))
    both = list(zip(*rounds, strict=True))
    rates = [int(count / statistics.median(spent.wall for spent in times)) for times in both]
    threads = [statistics.median(spent.thread for spent in times) / count * 1e6 for times in both]
    return [url.partition(":")[0], *rates, f"{middle:.2f}", f"{low:.2f} to {high:.2f}", *threads]


def _round(url: str, messages: Sequence[Message], log: FactLog, number: int) -> tuple[_Spent, _Spent]:
    """What the client and the publisher spend, which take turns at being first."""
    if number % 2:
        ours = _ours(url, log)
        return _bare(url, messages), ours
    return _bare(url, messages), _ours(url, log)


def _bare(url: str, messages: Sequence[Message]) -> _Spent:
    """The client itself, a call a message as its own documentation has it, with what to do when a message is acknowledged."""
    cluster, topic = connect(url), _new_topic()
    ensure(cluster, topic)
    named = [message._replace(topic=topic) for message in messages]
    with closing(cluster.producer()) as producer:
        send = _by_confluent if url.startswith("kafka+confluent") else _by_kafka_python
        return _timed(lambda: _all_sent(partial(send, producer), named))


def _all_sent(send: Callable[[list[Message]], Callable[[], None]], messages: list[Message]) -> None:
    """Send batch by batch, and wait for the oldest when as many are on the way as the publisher has."""
    on_the_way: list[Callable[[], None]] = []
    for start in range(0, len(messages), PUBLISH_BATCH):
        if len(on_the_way) == PUBLISH_WINDOW:
            on_the_way.pop(0)()
        on_the_way.append(send(messages[start : start + PUBLISH_BATCH]))
    for wait in on_the_way:
        wait()


def _by_kafka_python(producer: Any, messages: list[Message]) -> Callable[[], None]:
    send = producer._producer.send  # noqa: SLF001 - the client, with our settings
    futures = [send(topic, value, key, headers, partition) for topic, key, value, headers, partition in messages]

    def wait() -> None:
        for future in futures:
            if not future.succeeded():
                future.get(60)

    return wait


def _by_confluent(producer: Any, messages: list[Message]) -> Callable[[], None]:
    client: Any = producer._producer  # noqa: SLF001 - the client, with our settings
    outstanding = len(messages)

    def done(error: object, _: object) -> None:
        nonlocal outstanding
        outstanding -= 1
        if error:
            raise RuntimeError(str(error))

    for topic, key, value, headers, partition in messages:
        client.produce(topic, value, key, partition, done, headers=headers)
    client.poll(0)

    def wait() -> None:
        while outstanding:
            client.poll(0.1)

    return wait


def _ours(url: str, log: FactLog) -> _Spent:
    """A whole tenure of the publisher, with its reading of the log and storing of positions, from the first fact to the last."""
    cluster, topic = connect(url), _new_topic()
    ensure(cluster, topic)
    tables.create(log.database)
    lease = Lease(log.database, topic, "bench", lease_s=5, clock=time.monotonic)
    lease.acquire()
    addresses = Addresses(log.database, cluster.partitions(topic))
    tenure = Tenure(log, addresses, Envelope("urn:bench", topic), lease, PublisherStatus(), time.monotonic)
    with closing(cluster.producer()) as producer:
        return _timed(lambda: tenure.run(producer, threading.Event(), until_empty=True))


def _stores(stack: ExitStack, folder: Path) -> dict[str, Callable[[], str]]:
    stores: dict[str, Callable[[], str]] = {"sqlite": lambda: f"sqlite:///{folder / f'{uuid4()}.db'}"}
    try:
        stores["postgresql"] = stack.enter_context(start_postgres()).new_database
    except SlaEngineError as error:
        print(f"without PostgreSQL: {error}")
    return stores


def _consuming(bootstrap: str, topic: str, count: int, stores: dict[str, Callable[[], str]]) -> list[list[object]]:
    """The kernel is loaded beforehand, as it is in a worker that has run for a while."""
    views: list[Callable[[Database], View]] = [lambda _: Handler("nothing", lambda *_: None)]
    views += [partial(ReadModelView, book=book, fast=available()) for book in BOOKS]
    _consume(f"kafka+confluent://{bootstrap}", topic, stores["sqlite"](), views[-1])
    return [
        [scheme, name, *(int(count / _consume(f"{scheme}://{bootstrap}", topic, new(), make)) for make in views)]
        for scheme in ("kafka+confluent", "kafka")
        for name, new in stores.items()
    ]


def _consume(url: str, topic: str, store: str, make: Callable[[Database], View]) -> float:
    with closing(Database.open(store)) as database:
        worker = Worker(kafka=connect(url), database=database, view=make(database), topic=topic)
        begun = time.perf_counter()
        worker.run_once()
        return time.perf_counter() - begun


class _Process:
    """A publisher or worker in a process of its own; it begins when it is told to."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "benchmarks._stream_process", *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        asked, said = self._process.stdin, self._process.stdout
        if asked is None or said is None or said.readline() != "ready\n":
            raise RuntimeError(f"{' '.join(command)} does not begin")
        self._asked = asked

    def begin(self) -> None:
        self._asked.write("\n")
        self._asked.flush()

    def end(self) -> list[str]:
        """Stop it in order; return what it has to say."""
        return self._process.communicate(timeout=60)[0].splitlines()


def _crew(bootstrap: str, topic: str, count: int, stores: dict[str, Callable[[], str]]) -> list[list[object]]:
    return [
        [scheme, name, *(_shared(f"{scheme}://{bootstrap}", topic, count, new(), book) for book in BOOKS)]
        for scheme in ("kafka+confluent", "kafka")
        for name, new in stores.items()
    ]


def _shared(url: str, topic: str, count: int, store: str, book: PolicyBook) -> int:
    """Facts a second by two workers in two processes that share the partitions, from the first one in hand to the last stored."""
    with closing(Database.open(store)) as database:
        tables.create(database)
        workers = [_Process("project", store, url, topic, book.name) for _ in range(2)]
        for worker in workers:
            worker.begin()
        while _offsets(database) < count:
            time.sleep(0.1)
        told = [line.split() for worker in workers for line in worker.end()]
    begun = min(float(at) for what, at in told if what == BEGUN)
    return int(count / (max(float(at) for _, at in told) - begun))


def _offsets(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.scalar(select(func.sum(tables.offsets.c.next_offset))) or 0)


def _end_to_end(bootstrap: str, folder: Path, scheme: str) -> list[object]:
    """From `engine.resolve()` to the row of the read models in another database, while 200 facts a second are recorded.

    The engine is in this process, the publisher and the worker are in two others.
    """
    topic, url = _new_topic(), f"{scheme}://{bootstrap}?replicas=1"
    live, seen = (f"sqlite:///{folder / f'{name}-{topic}.db'}" for name in ("live", "seen"))
    with SlaEngine.open(live) as engine, closing(Database.open(seen)) as database:
        tables.create(database)
        engine.resolve(engine.receive(kind="repair", number="first"))
        services = [_Process("publish", live, url, topic), _Process("project", seen, url, topic, BOOKS[1].name)]
        for service in services:
            service.begin()
        while _offsets(database) < 2:
            time.sleep(0.1)
        begun = time.perf_counter()
        said = _orders(engine, LIVE_S * LIVE_RATE // 2)
        rate = 2 * len(said) / (time.perf_counter() - begun)
        while _offsets(database) < 2 * len(said) + 2:
            time.sleep(0.1)
        told = [line.split() for service in services for line in service.end()]
    arrived = {number: float(at) for number, at in told}
    times = sorted((arrived[number] - at) * 1000 for number, at in said.items())
    return [scheme, round(rate), round(statistics.median(times), 1), round(times[int(len(times) * 0.99)], 1)]


def _orders(engine: SlaEngine, count: int) -> dict[str, float]:
    """Receive and resolve orders at the live rate; return when each resolution was asked for."""
    said: dict[str, float] = {}
    begun = time.perf_counter()
    for n in range(count):
        order = engine.receive(kind="repair", number=f"live-{n}")
        said[order.number] = time.perf_counter()
        engine.resolve(order)
        time.sleep(max(0.0, begun + 2 * (n + 1) / LIVE_RATE - time.perf_counter()))
    return said
