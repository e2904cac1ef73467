"""A second process that makes chunks, for builds that are worth it: it is given facts, gives back rows, and touches no store.

Whatever goes wrong in it (it cannot be started, it is killed, a fact cannot be read), the one who asked makes the chunk himself
and meets the error there.
"""

from __future__ import annotations

import marshal
import pickle
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

from slaengine.policies.book import PolicyBook
from slaengine.projections.entry import Judge
from slaengine.storage import pipes
from slaengine.storage.fact_rows import FactRow
from slaengine.storage.making import Chunk, Maker
from slaengine.storage.read_models import Rows

COMMAND = pipes.command(__name__)
ASKED_MAX = 2
"""Chunks it is given ahead: one to work at and one to go on with."""


class Lost(Exception):
    """The process beside cannot do it."""


class Beside:
    """The process, while the block lasts."""

    def __init__(self, book: PolicyBook, *, fast: bool) -> None:
        """Start it, to judge by `book`, with the compiled kernel if `fast`."""
        self._process = pipes.start(COMMAND)
        self._line = ThreadPoolExecutor(1, "slaengine-beside")  # who writes to it waits until it reads, and the other way round
        self._asked: list[Future[Chunk]] = []
        self._line.submit(self._send, pickle.dumps((book.name, book.layers, fast)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._line.shutdown(cancel_futures=True)
        pipes.stop(self._process)

    @property
    def free(self) -> bool:
        """Whether it can be given another chunk."""
        self._asked = [future for future in self._asked if not future.done()]
        return len(self._asked) < ASKED_MAX and self._process.poll() is None

    def chunk(self, number: int, facts: Sequence[FactRow]) -> Future[Chunk]:
        """Return what will be the chunk; the future's exception is `Lost` when it cannot be had."""
        future = self._line.submit(self._ask, number, facts)
        self._asked.append(future)
        return future

    def _ask(self, number: int, facts: Sequence[FactRow]) -> Chunk:
        self._send(marshal.dumps((number, list(facts))))
        answer = pipes.read(self._process.stdout)
        if answer is None:
            raise Lost
        rows, tile = marshal.loads(answer)  # noqa: S302  (from the process that we started)
        return Rows._make(rows), tile

    def _send(self, content: bytes) -> None:
        try:
            pipes.write(self._process.stdin, content)
        except (OSError, ValueError) as error:
            raise Lost from error


def main() -> None:
    """Make the chunks asked for on the standard input, until that ends."""
    with pipes.answering() as (asked, out):
        name, layers, fast = pickle.loads(pipes.read(asked) or b"")  # noqa: S301  (from the process that started us)
        maker = Maker(Judge(PolicyBook(name, layers), fast=fast))
        while (chunk := pipes.read(asked)) is not None:
            pipes.write(out, _made(maker, *marshal.loads(chunk)))  # noqa: S302


def _made(maker: Maker, number: int, facts: Sequence[Any]) -> bytes:
    try:
        rows, tile = maker.chunk(number, facts)
    except Exception:  # noqa: BLE001  (whatever it is, whoever asked meets it again and names it)
        return b""
    return marshal.dumps((tuple(rows), tile))


if __name__ == "__main__":
    main()
