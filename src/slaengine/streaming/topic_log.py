"""A topic read as a log: each fact once, in order of position, kept in a file while it is gone through."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from slaengine.audit.copies import UNKNOWN
from slaengine.audit.shapes import Stored
from slaengine.errors import AuditError
from slaengine.streaming.port import Kafka
from slaengine.streaming.streamed import StreamedFact
from slaengine.streaming.subscribe import subscribe
from slaengine.streaming.topics import FACTS

TABLE = """
CREATE TABLE facts (position INTEGER PRIMARY KEY, order_id BLOB, version INTEGER, topic TEXT, state BLOB, recorded_at INTEGER,
                    hash BLOB) WITHOUT ROWID"""
SOURCES_NAMED = 5


class TopicLog:
    """The facts of one source, from a topic. A history made of it cannot check the chain: what is personal is not there."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(TABLE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def take(self, facts: Iterable[StreamedFact], source: str | None = None) -> int:
        """Keep the facts of `source` (None: of the only one there is), and return how many there are; repeated ones once.

        Raises:
            AuditError: there are facts of several sources and none is named, or two different facts at one position.
        """
        sources: set[str] = set()
        self._database.execute("BEGIN")
        for fact in facts:
            sources.add(fact.source)
            if source is None and len(sources) > 1:
                raise AuditError(
                    f"the topic holds the facts of several logs; name one of {', '.join(sorted(sources)[:SOURCES_NAMED])}"
                )
            if source in (None, fact.source):
                self._keep(fact)
        self._database.execute("COMMIT")
        count: int = self._database.execute("SELECT count(*) FROM facts").fetchone()[0]
        return count

    def _keep(self, fact: StreamedFact) -> None:
        row = (fact.order_id.bytes, fact.version, fact.type, fact.state, fact.recorded_at, fact.hash or UNKNOWN)
        done = self._database.execute("INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", (fact.position, *row))
        if not done.rowcount:
            there = self._database.execute(
                "SELECT order_id, version, topic, state, recorded_at, hash FROM facts WHERE position = ?", (fact.position,)
            ).fetchone()
            if there != row and (there[:-1] != row[:-1] or UNKNOWN not in (there[-1], row[-1])):
                raise AuditError(
                    f"the topic holds two different facts for position {fact.position} of {fact.source}; "
                    f"the later one is in partition {fact.partition} at offset {fact.offset}"
                )

    def columns(self, after: int, limit: int) -> Stored | None:
        """Return up to `limit` facts behind position `after`; None when there are none."""
        rows = self._database.execute(
            "SELECT * FROM facts WHERE position > ? ORDER BY position LIMIT ?", (after, limit)
        ).fetchall()
        return Stored(*zip(*rows, strict=True)) if rows else None

    def first_positions(self, order_ids: Collection[UUID]) -> dict[UUID, int]:
        """Return at which position each of these orders begins."""
        self._database.execute("CREATE INDEX IF NOT EXISTS by_order ON facts (order_id, position)")
        query = "SELECT min(position) FROM facts WHERE order_id = ?"
        return {order_id: self._database.execute(query, (order_id.bytes,)).fetchone()[0] for order_id in order_ids}


@contextmanager
def topic_log(kafka: str | Kafka, topic: str = FACTS, source: str | None = None) -> Iterator[TopicLog]:
    """Give what the topic holds now as a log, for the length of the block.

    Raises:
        StreamingError: Kafka cannot be used.
        AuditError: as `TopicLog.take`, or the topic holds no facts of this source.
    """
    with TemporaryDirectory(prefix="slaengine-topic-") as place, closing(TopicLog(Path(place) / "facts.db")) as log:
        if not log.take(subscribe(kafka, topic=topic, until_end=True), source):
            raise AuditError(f"the topic {topic} holds no facts{f' of {source}' if source else ''}")
        yield log
