"""`slaengine publish`, `project`, `ingest`, `watch` and `schema`: the stream, from the command line."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any

import typer

from slaengine.cli.common import AsJson, PolicyName, Store, print_json, say, utc_now
from slaengine.cli.personal import MaybeKeys, key_store
from slaengine.cli.serving import serve
from slaengine.engine import SlaEngine
from slaengine.policies.book import PolicyBook
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.streaming.connect import connect
from slaengine.streaming.contract import asyncapi, event_schemas
from slaengine.streaming.crew import Crew, Task
from slaengine.streaming.intake import Intake
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.port import Message
from slaengine.streaming.projection import Projection
from slaengine.streaming.publications import publications
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.reader import lag, now
from slaengine.streaming.topics import COMMANDS, FACTS, REPLIES, ensure
from slaengine.streaming.watch import Watch, to_kafka

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
            serve([publisher], lambda: _publishing(publisher, facts))
        status = publisher.status
    if as_json:
        print_json({"published": status.published, "position": status.position, "lag": status.lag})
    else:
        say(f"published {status.published:,} facts to {topic}; the log is published up to position {status.position:,}")


def project(
    kafka: KafkaUrl,
    store: Store,
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="A shipped pack's name or a policy file; without it the one published in the topic."),
    ] = None,
    topic: Topic = FACTS,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Processes that share the topic's partitions; as many as there are pay.")
    ] = 1,
    once: Once = False,
    as_json: AsJson = False,
) -> None:
    """Keep read models in the store by what stands in Kafka: each fact exactly once.

    Example: `slaengine project --kafka localhost:9092 --store postgresql+psycopg:///figures --policy service-standard`

    As many workers as the topic has partitions share the work, here by `--workers` or by the command elsewhere. One that dies is
    replaced. Without `--policy` the figures are by the policy that is published in the topic, and by its further versions when
    they come along.
    """
    cluster, book = connect(kafka), PolicyBook.load(policy) if policy else None
    with closing(Database.open(store)) as database:
        if once and book is None:
            ensure(cluster, topic)
            book = publications(cluster, topic).book(topic)
        projection = Projection(kafka=cluster, database=database, topic=topic, book=book)
        crew = Crew(Task(kafka, store, topic, book), workers) if workers > 1 else None
        if once:
            if crew is not None:
                crew.run_once()
            projection.run_once()  # behind a crew: what came meanwhile, and then readers are shown it
        else:
            serve([crew or projection], lambda: _projecting(crew or projection))
        done, view = projection.handled(), projection.view
        if crew is not None:
            done.add(crew.handled())
            view = view or crew.view
        behind = lag(cluster, database, topic, Ledger(view)) if view else 0
    if as_json:
        print_json({**asdict(done), "lag": behind})
    else:
        say(f"handled {done.handled:,} facts of {topic}, {behind:,} to go")
        if done.failed:
            say(f"{done.failed:,} could not be handled; `slaengine dead-letters list --store {store}` shows them")


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
            serve([intake], lambda: f"carried out or refused {intake.status.done.handled:,} commands")
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
            serve([watcher], None)


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


def _publishing(publisher: Publisher, facts: FactLog) -> str:
    status = publisher.status
    if not status.active:
        return f"standing by{': ' + status.trouble if status.trouble else ''}"
    lag = facts.head().position - status.position
    return f"published up to position {status.position:,}, {lag:,} behind{'; ' + status.trouble if status.trouble else ''}"


def _projecting(projection: Projection | Crew) -> str:
    troubles = projection.troubles()
    return f"handled {projection.handled().handled:,} facts{'; ' + '; '.join(sorted(troubles)) if troubles else ''}"
