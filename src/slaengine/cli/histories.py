"""What the commands that judge a history again share: where its facts come from, by what they are judged, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple, Self

import typer

from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.cli.common import utc_now
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.streaming.topic_log import topic_log

MaybeStore = Annotated[
    str | None,
    typer.Option("--store", envvar="SLAENGINE_STORE", help="The store to replay; or name a --history.", metavar="URL"),
]
Folder = Annotated[
    Path | None,
    typer.Option("--history", help="A history that `audit export` made; with --store it is brought up to date.", metavar="DIR"),
]

Kafka = Annotated[
    str | None,
    typer.Option("--kafka", envvar="SLAENGINE_KAFKA", help="Take the facts from Kafka: HOST:PORT or a URL.", metavar="URL"),
]
Topic = Annotated[str, typer.Option("--topic", help="The topic of facts.")]
Log = Annotated[str | None, typer.Option("--source", help="Of a topic with several logs: which (ce_source).", metavar="NAME")]


@dataclass(frozen=True)
class Source:
    """What is replayed: a history, and the policy in use."""

    history: History
    book: PolicyBook


@contextmanager
def source(store: str | None, folder: Path | None, policy: str | None, stream: Stream | None = None) -> Iterator[Source]:
    """Give a history, and the policy in use: that of a store or a topic, in a folder or one for a while, or one that was made."""
    if stream is not None:
        if store is not None or policy is None:
            raise UsageError("a topic is replayed by a named --policy; leave --store out, or compare the two with `audit export`")
        with folder_for(folder) as place:
            yield Source(streamed(stream, place)[0], PolicyBook.load(policy))
        return
    if store is None:
        if folder is None or policy is None:
            raise UsageError("what is to be replayed? name a --store, or a --history or --kafka with its --policy")
        yield Source(History(folder), PolicyBook.load(policy))
        return
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine, folder_for(folder) as place:
        history = History(place, create=True)
        history.extend(engine.log)
        yield Source(history, engine.book())


class Stream(NamedTuple):
    """A topic to take facts from; `source` names one of several logs in it."""

    kafka: str
    topic: str
    source: str | None

    @classmethod
    def named(cls, kafka: str | None, topic: str, source: str | None) -> Self | None:
        """Return the topic, or None where no Kafka is named."""
        return None if kafka is None else cls(kafka, topic, source)


def streamed(stream: Stream, place: Path, progress: Callable[[int], None] = lambda _: None) -> tuple[History, int]:
    """Return the history of a topic, in this folder, and how many facts were added to it."""
    history = History(place, create=True)
    with topic_log(*stream) as log:
        return history, history.extend(log, chained=False, progress=progress)


@contextmanager
def folder_for(folder: Path | None) -> Iterator[Path]:
    """Give the folder that was named, or one for a while."""
    if folder is not None:
        yield folder
        return
    with TemporaryDirectory(prefix="slaengine-history-") as place:
        yield Path(place)


def question_of(book: PolicyBook, as_of: datetime, known_at: datetime | None) -> Question:
    """Return by what to judge, and when."""
    return Question(book, micros(as_of), micros(known_at) if known_at else None)


def steps(told: Callable[[int], None]) -> Callable[[int], None]:
    """Turn positions reached into facts done, as the progress line counts."""
    reached = [0]

    def step(position: int) -> None:
        told(position - reached[0])
        reached[0] = position

    return step
