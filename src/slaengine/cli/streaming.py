"""`slaengine publish`, `project`, `ingest`, `watch`, `dead-letters` and `schema`: the stream, from the command line."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Protocol

import typer
from rich.table import Table

from slaengine.cli.common import AsJson, PolicyName, Store, print_json, say, utc_now
from slaengine.cli.personal import MaybeKeys, key_store
from slaengine.cli.reading import show
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.streaming import dead_letters as letters
from slaengine.streaming.connect import connect
from slaengine.streaming.contract import asyncapi, event_schemas
from slaengine.streaming.intake import Intake
from slaengine.streaming.port import Message
from slaengine.streaming.processor import Processor
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.reader import now
from slaengine.streaming.topics import COMMANDS, FACTS, REPLIES
from slaengine.streaming.watch import Watch, to_kafka
from slaengine.streaming.worker import Worker

REPORT_EVERY_S = 10.0
STOP_TIMEOUT_S = 60.0

KafkaUrl = Annotated[
    str,
    typer.Option(
        "--kafka",
        envvar="SLAENGINE_KAFKA",
        help="HOST:PORT[,HOST:PORT…] or kafka[+confluent]://…; docs/how-to/run-on-kafka.md tells the options.",
        metavar="URL",
    ),
]
Topic = Annotated[str, typer.Option("--topic", help="The topic of facts.")]
Once = Annotated[bool, typer.Option("--once", help="Do what there is to do now, and end.")]
Policy = Annotated[str, typer.Option("--policy", help="A shipped pack's name or a policy file.")]


class Service(Protocol):
    """Something that runs until it is told to stop."""

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""


def publish(
    store: Store,
    kafka: KafkaUrl,
    topic: Topic = FACTS,
    source: Annotated[
        str | None, typer.Option("--source", help="The log's name in the stream (ce_source); made from the log when left out.")
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Let personal fields through, to a topic that only the entitled can read.")
    ] = False,
    once: Once = False,
    as_json: AsJson = False,
) -> None:
    """Publish the store's facts to Kafka, those there are and those to come.

    Example: `slaengine publish --store sqlite:///orders.db --kafka localhost:9092`

    Several may run: one publishes, the others stand by and take over when it falls silent.
    """
    with closing(Database.open(store, create=False)) as database:
        facts = FactLog(database, utc_now)
        publisher = Publisher(
            facts, connect(kafka), holder=f"{socket.gethostname()}:{os.getpid()}", topic=topic, source=source, personal=personal
        )
        if once:
            publisher.run_once()
        else:
            _serve([publisher], lambda: _publishing(publisher, facts))
        status = publisher.status
    if as_json:
        print_json({"published": status.published, "position": status.position, "lag": status.lag})
    else:
        say(f"published {status.published:,} facts to {topic}; the log is published up to position {status.position:,}")


def project(
    kafka: KafkaUrl,
    store: Store,
    policy: Policy,
    topic: Topic = FACTS,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Workers in this process; more may run elsewhere.")] = 1,
    once: Once = False,
    as_json: AsJson = False,
) -> None:
    """Keep read models in the store by what stands in Kafka: each fact exactly once.

    Example: `slaengine project --kafka localhost:9092 --store postgresql+psycopg:///figures --policy service-standard`

    As many workers as the topic has partitions share the work, in one process or many.
    """
    cluster = connect(kafka)
    book = PolicyBook.load(policy)
    with closing(Database.open(store)) as database:
        crew = [
            Worker(kafka=cluster, database=database, view=ReadModelView(database, book), topic=topic)
            for _ in range(1 if once else workers)
        ]
        if once:
            crew[0].run_once()
        else:
            _serve(crew, lambda: _projecting(crew))
        done = {"handled": 0, "repeated": 0, "passed_over": 0, "held": 0, "failed": 0}
        for worker in crew:
            for name, count in asdict(worker.status.done).items():
                done[name] += count
        lag = crew[0].lag()
    if as_json:
        print_json({**done, "lag": lag})
    else:
        say(f"handled {done['handled']:,} facts of {topic}, {lag:,} to go")
        if done["failed"]:
            say(f"{done['failed']:,} could not be handled; `slaengine dead-letters list --store {store}` shows them")


def ingest(
    store: Store,
    kafka: KafkaUrl,
    topic: Annotated[str, typer.Option("--topic", help="The topic of commands.")] = COMMANDS,
    replies: Annotated[str, typer.Option("--replies", help="The topic for answers.")] = REPLIES,
    keys: MaybeKeys = None,
    once: Once = False,
    as_json: AsJson = False,
) -> None:
    """Carry out the commands of a topic, each once, and answer them.

    Example: `slaengine ingest --store sqlite:///orders.db --kafka localhost:9092`

    docs/reference/stream.md tells what a command and an answer look like. With `--keys` personal texts are encrypted before
    they are recorded; the topic of commands holds them in clear, so let it forget soon.
    """
    with key_store(keys) as opened, SlaEngine.open(store, clock=utc_now, keys=opened) as engine:
        intake = Intake(kafka=connect(kafka), database=engine.log.database, engine=engine, topic=topic, replies=replies)
        if once:
            intake.run_once()
        else:
            _serve([intake], lambda: f"carried out or refused {intake.status.done.handled:,} commands")
        count = intake.status.done.handled
    if as_json:
        print_json({"commands": count})
    else:
        say(f"carried out or refused {count:,} commands of {topic}; the answers are in {replies}")


def watch(
    store: Store,
    policy: PolicyName = None,
    kafka: Annotated[
        str | None, typer.Option("--kafka", help="Say verdicts to Kafka, not to the terminal.", metavar="URL")
    ] = None,
    once: Once = False,
    as_json: AsJson = False,
) -> None:
    """Watch deadlines: say what starts, is about to run out, is breached, met or waived, each thing once.

    Example: `slaengine watch --store sqlite:///orders.db --policy service-standard`
    """
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine:
        deliver = to_kafka(connect(kafka)) if kafka else _printed(as_json=as_json)
        watcher = Watch(engine.log, engine.book(), deliver, now)
        if once:
            count = watcher.run_once()
            say(f"{count:,} verdicts said")
        else:
            _serve([watcher], None)


def _printed(*, as_json: bool) -> Callable[[list[Message]], None]:
    def deliver(messages: list[Message]) -> None:
        for message in messages:
            headers = {name: value.decode() for name, value in message.headers}
            said = {"saying": headers["ce_type"].split(".")[2], "order": headers["ce_subject"], "at": headers["ce_time"]}
            body = json.loads(message.value or b"{}")
            if as_json:
                print_json(said | body)
            else:
                what = said["saying"].removeprefix("clock_")
                typer.echo(f"{said['at']}  {what:9}{said['order']}  {body['target']}, limit {body['limit']}")

    return deliver


def events(as_json: AsJson = False) -> None:
    """Write the JSON Schema of every event on the topic of facts, as one JSON object: type → schema.

    Example: `slaengine schema events > events.json`
    """
    _document(event_schemas(), as_json=as_json)


def asyncapi_(as_json: AsJson = False) -> None:
    """Write the AsyncAPI 3 document of the stream.

    Example: `slaengine schema asyncapi > asyncapi.json`
    """
    _document(asyncapi(), as_json=as_json)


def _document(document: dict[str, Any], *, as_json: bool) -> None:
    """Print a document: on one line for programs, indented otherwise; it is JSON either way."""
    if as_json:
        print_json(document)
    else:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def list_(store: Store, as_json: AsJson = False) -> None:
    """List what is held back: what failed, what stands behind it, and what waits for an earlier fact.

    Example: `slaengine dead-letters list --store sqlite:///figures.db`
    """
    found = _letters(store)
    if as_json:
        print_json([_as_json(letter) for letter in found])
        return
    table = Table("view", "order", "fact", "type", "why", "held since")
    for letter in found:
        why = letter.error or (f"waits for fact {letter.waits_for}" if letter.waits_for else "behind the one that failed")
        order = letter.number or str(letter.order_id or letter.place)
        table.add_row(letter.view, order, str(letter.version or "?"), letter.type or "?", why, f"{letter.held_at:%Y-%m-%d %H:%M}")
    show(table)
    if found:
        say("`slaengine dead-letters retry ORDER` tries again, `skip ORDER` goes on without the fact in the way")


Order = Annotated[str, typer.Argument(help="The order's number or id.", metavar="ORDER")]


def show_(order: Order, store: Store, as_json: AsJson = False) -> None:
    """Show one order's messages that are held back, whole.

    Example: `slaengine dead-letters show WO-20260105-000123 --store sqlite:///figures.db`
    """
    found = _of_order(store, order)
    if as_json:
        print_json([_as_json(letter) | {"body": (letter.body or b"").decode(errors="replace")} for letter in found])
        return
    for letter in found:
        say(f"{letter.place}: fact {letter.version} ({letter.type}), {letter.why}{': ' + letter.error if letter.error else ''}")
        typer.echo((letter.body or b"").decode(errors="replace"))


def retry(
    store: Store,
    policy: Policy,
    order: Annotated[str | None, typer.Argument(help="The order's number or id; all when left out.", metavar="[ORDER]")] = None,
    as_json: AsJson = False,
) -> None:
    """Try again what is held back from the read models, in order.

    Example: `slaengine dead-letters retry WO-20260105-000123 --store sqlite:///figures.db --policy service-standard`
    """
    order_ids = None if order is None else _ids(_of_order(store, order))
    with _processor(store, policy) as processor:
        _told(asdict(processor.retry(order_ids)), as_json=as_json)


def skip(order: Order, store: Store, policy: Policy, as_json: AsJson = False) -> None:
    """Go on without the fact that stands in the way of an order's later ones; the figures will lack it.

    Example: `slaengine dead-letters skip WO-20260105-000123 --store sqlite:///figures.db --policy service-standard`
    """
    ids = _ids(_of_order(store, order))
    with _processor(store, policy) as processor:
        _told(asdict(processor.skip(ids[0])), as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("publish", no_args_is_help=True)(publish)
    app.command("project", no_args_is_help=True)(project)
    app.command("ingest", no_args_is_help=True)(ingest)
    app.command("watch", no_args_is_help=True)(watch)
    schema = typer.Typer(no_args_is_help=True, help="The contract of the stream.\n\nExample: `slaengine schema asyncapi`")
    schema.command("events")(events)
    schema.command("asyncapi")(asyncapi_)
    app.add_typer(schema, name="schema")
    group = typer.Typer(
        no_args_is_help=True,
        help="Work off what could not be handled.\n\nExample: `slaengine dead-letters list --store sqlite:///figures.db`",
    )
    group.command("list", no_args_is_help=True)(list_)
    group.command("show", no_args_is_help=True)(show_)
    group.command("retry", no_args_is_help=True)(retry)
    group.command("skip", no_args_is_help=True)(skip)
    app.add_typer(group, name="dead-letters")


def _serve(services: Sequence[Service], report: Callable[[], str] | None) -> None:
    """Run services until a signal says stop, telling now and then how they stand; a second signal ends at once."""
    logging.basicConfig(level=logging.WARNING, format="slaengine: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it shouts at every retry; what matters is in our own words
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=service.run, args=(stop,), daemon=True) for service in services]
    for thread in threads:
        thread.start()
    while not stop.wait(REPORT_EVERY_S):
        if report is not None:
            say(report())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for thread in threads:
        thread.join(STOP_TIMEOUT_S)


def _publishing(publisher: Publisher, facts: FactLog) -> str:
    status = publisher.status
    if not status.active:
        return f"standing by{': ' + status.trouble if status.trouble else ''}"
    lag = facts.head().position - status.position
    return f"published up to position {status.position:,}, {lag:,} behind{'; ' + status.trouble if status.trouble else ''}"


def _projecting(crew: Sequence[Worker]) -> str:
    handled = sum(worker.status.done.handled for worker in crew)
    troubles = {worker.status.trouble for worker in crew if worker.status.trouble}
    return f"handled {handled:,} facts{'; ' + '; '.join(sorted(troubles)) if troubles else ''}"


def _letters(store: str) -> list[letters.DeadLetter]:
    with closing(Database.open(store, create=False)) as database:
        return letters.listed(database)


def _of_order(store: str, order: str) -> list[letters.DeadLetter]:
    found = letters.of_order(_letters(store), order)
    if not found:
        raise UsageError(f"nothing of work order '{order}' is held back; `slaengine dead-letters list` shows what is")
    return found


def _ids(found: Sequence[letters.DeadLetter]) -> list[Any]:
    return [letter.order_id for letter in found if letter.order_id is not None]


@contextmanager
def _processor(store: str, policy: str) -> Iterator[Processor]:
    """Yield what handles messages: no Kafka is needed, since what is held back is in the store."""
    with closing(Database.open(store, create=False)) as database:
        yield Processor(database, ReadModelView(database, PolicyBook.load(policy)), now)


def _told(done: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        say(f"handled {done['handled']:,}, still held back {done['held']:,}")
    if done["failed"]:
        raise typer.Exit(1)


def _as_json(letter: letters.DeadLetter) -> dict[str, Any]:
    return {name: value for name, value in asdict(letter).items() if name != "body"}
