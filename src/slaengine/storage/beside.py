"""A second process that makes chunks, for builds that are worth it: it is given facts, gives back rows, and touches no store.

Whatever goes wrong in it (it cannot be started, it is killed, a fact cannot be read), the one who asked makes the chunk himself
and meets the error there.
"""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, Self

from slaengine.policies.book import PolicyBook
from slaengine.projections.entry import Judge
from slaengine.storage.fact_rows import FactRow
from slaengine.storage.making import Chunk, Maker
from slaengine.storage.read_models import Rows

COMMAND = (sys.executable, "-m", __name__)
FRAME_HEAD_BYTES = 8
ASKED_MAX = 2
"""Chunks it is given ahead: one to work at and one to go on with."""
GARBAGE_THRESHOLD = 200_000
"""Facts and rows make no cycles, and looking for some costs a sixth of the time."""


class Lost(Exception):
    """The process beside cannot do it."""


class Beside:
    """The process, while the block lasts."""

    def __init__(self, book: PolicyBook, *, fast: bool) -> None:
        """Start it, to judge by `book`, with the compiled kernel if `fast`."""
        self._process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603
        self._line = ThreadPoolExecutor(1, "slaengine-beside")  # who writes to it waits until it reads, and the other way round
        self._asked: list[Future[Chunk]] = []
        self._line.submit(self._send, pickle.dumps((book.name, book.layers, fast)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._line.shutdown(cancel_futures=True)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

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
        answer = _received(self._process.stdout)
        if answer is None:
            raise Lost
        rows, tile = marshal.loads(answer)  # noqa: S302  (from the process that we started)
        return Rows._make(rows), tile

    def _send(self, content: bytes) -> None:
        try:
            _write(self._process.stdin, content)
        except (OSError, ValueError) as error:
            raise Lost from error


def _write(pipe: IO[bytes] | None, content: bytes) -> None:
    if pipe is not None:
        pipe.write(len(content).to_bytes(FRAME_HEAD_BYTES, "little") + content)
        pipe.flush()


def _received(pipe: IO[bytes] | None) -> bytes | None:
    """Return the next frame; None when there is no more, or an empty one."""
    if pipe is None:
        return None
    size = int.from_bytes(pipe.read(FRAME_HEAD_BYTES), "little")
    content = pipe.read(size)
    return content if size and len(content) == size else None


def main() -> None:
    """Make the chunks asked for on the standard input, until that ends."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out, suppress(BrokenPipeError, KeyboardInterrupt):
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody else writes between the frames
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD)
        name, layers, fast = pickle.loads(_received(sys.stdin.buffer) or b"")  # noqa: S301  (from the process that started us)
        maker = Maker(Judge(PolicyBook(name, layers), fast=fast))
        while (asked := _received(sys.stdin.buffer)) is not None:
            _write(out, _made(maker, *marshal.loads(asked)))  # noqa: S302


def _made(maker: Maker, number: int, facts: Sequence[Any]) -> bytes:
    try:
        rows, tile = maker.chunk(number, facts)
    except Exception:  # noqa: BLE001  (whatever it is, whoever asked meets it again and names it)
        return b""
    return marshal.dumps((tuple(rows), tile))


if __name__ == "__main__":
    main()
