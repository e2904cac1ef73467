"""Planning a table in a process of its own, ahead of the one that records.

Reading rows, deciding what they come to and writing it as JSON takes twice as long as recording it. The process beside
does all that as if no order were recorded yet, which is so for nearly every one; where it is not, the recording process
plans the chunk once more. Frames pass through a pipe as plain values, so a slow store holds the process beside up.
"""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, NamedTuple
from uuid import UUID

from slaengine.domain.codec import encode
from slaengine.domain.commands import Merge
from slaengine.engine.plan import Request, WhatIsSo, plan
from slaengine.errors import ImportingError
from slaengine.importing.cells import Row
from slaengine.importing.refusals import rejects_of
from slaengine.importing.source import Chunk, Source, Told
from slaengine.storage import pipes
from slaengine.storage.log import NewFact

COMMAND = pipes.command(__name__)

Frame = tuple[Any, ...]
DraftedOrder = tuple[bytes, str, list[tuple[str, bytes]]]
"""An order's id, its number, and the topics and states of its facts."""


class Lost(Exception):
    """The process beside ended before its work did."""


class Draft(NamedTuple):
    """What a chunk comes to where none of its orders is recorded yet.

    `orders` is None when that cannot be told without the store; `refused` are the rows of the orders refused. `told` is
    what `rows_told` reads.
    """

    told: bytes
    rows: int
    commands: int
    rejects: list[Frame]
    refused: list[Frame]
    orders: list[DraftedOrder] | None

    @property
    def new_facts(self) -> list[NewFact]:
        """What is to be appended."""
        new = []
        for key, _, facts in self.orders or ():
            order_id = UUID(bytes=key)
            new += [NewFact(order_id, version, topic, state) for version, (topic, state) in enumerate(facts, 1)]
        return new

    @property
    def named(self) -> dict[str, UUID]:
        """The numbers of the orders."""
        return {number: UUID(bytes=key) for key, number, _ in self.orders or ()}

    @property
    def rows_told(self) -> list[Told]:
        """The rows that told of the chunk's orders."""
        return [(key, [Row(number, cells) for number, cells in rows]) for key, rows in marshal.loads(self.told)]  # noqa: S302  (our own)


def drafts(source: Source, commands_at_most: int) -> Iterator[Draft]:
    """Yield the chunks of the source as drafts, planned by a process beside.

    Raises:
        Lost: that process could not be started, or was stopped.
        ImportingError: it cannot read the file any more.
    """
    job = pickle.dumps((source.file, source.mapping, source.found, source.snapshot, source.now, commands_at_most))
    try:
        beside = pipes.start(COMMAND)
    except OSError as error:
        raise Lost from error
    try:
        with suppress(BrokenPipeError):
            pipes.write(beside.stdin, job)
        while frame := _received(beside.stdout):
            yield Draft._make(frame)
    finally:
        pipes.stop(beside)


def _received(pipe: IO[bytes] | None) -> Frame | None:
    """Return the next draft; None behind the last."""
    data = pipes.read(pipe)
    if data is None:
        raise Lost
    kind, content = marshal.loads(data)  # noqa: S302  (from the process that we started)
    if kind == "failed":
        raise ImportingError(content)
    return content if kind == "draft" else None


def main() -> None:
    """Work off the job on the standard input, and write frames to the standard output."""
    with pipes.answering() as (job, out):
        file, mapping, found, snapshot, now, commands_at_most = pickle.loads(pipes.read(job) or b"")  # noqa: S301  (from the process that started us)
        try:
            source = Source.read_before(file, mapping, found=found, snapshot=snapshot, now=now)
            for chunk in source.chunks(commands_at_most):
                _send(out, "draft", tuple(draft_of(chunk, source)))
        except ImportingError as error:
            _send(out, "failed", str(error))
        else:
            _send(out, "done", None)


def _send(pipe: IO[bytes], kind: str, content: Any) -> None:
    pipes.write(pipe, marshal.dumps((kind, content)))


def draft_of(chunk: Chunk, source: Source) -> Draft:
    """Return what the chunk comes to where none of its orders is recorded yet."""
    orders, refused = _decided(chunk, source) if _needs_no_store(chunk) else (None, [])
    return Draft(
        marshal.dumps([(key, [(row.number, row.cells) for row in rows]) for key, rows in chunk.told]),
        sum(len(planned.all_rows) for planned in chunk.orders),
        sum(len(planned.commands) for planned in chunk.orders),
        list(map(tuple, chunk.rejects)),
        refused,
        orders,
    )


def _needs_no_store(chunk: Chunk) -> bool:
    """Whether nothing depends on other orders: the one that a merged order goes on as has to be there."""
    return not any(type(command) is Merge for planned in chunk.orders for command in planned.commands)


def _decided(chunk: Chunk, source: Source) -> tuple[list[DraftedOrder], list[Frame]]:
    """Return the orders with their facts, and the rows of those that are refused."""
    decided = plan([Request(planned.id, planned.commands) for planned in chunk.orders], WhatIsSo({}, {}, {}), source.now)
    numbers = {order_id: number for number, order_id in decided.named.items()}
    orders: list[DraftedOrder] = []
    refused: list[Frame] = []
    for planned, outcome in zip(chunk.orders, decided.outcomes, strict=True):
        if outcome.refusal is not None:
            refused += map(tuple, rejects_of(planned, planned.commands, [], outcome.refusal))
        else:
            facts = [(fact.TOPIC, encode(fact)) for fact in outcome.facts]
            orders.append((planned.id.bytes, numbers[planned.id], facts))
    return orders, refused


if __name__ == "__main__":
    main()
