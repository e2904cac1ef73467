"""A process of ours that works beside this one: started by its module, spoken with in frames through its standard streams.

Not by `multiprocessing`, which starts the caller's main module again: an embedded library may not do that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from slaengine.garbage import searched_seldom

FRAME_HEAD_BYTES = 8

Process = subprocess.Popen[bytes]


def command(module: str) -> tuple[str, ...]:
    """Return what starts a module of ours by the Python that runs this."""
    return sys.executable, "-m", module


def start(words: Sequence[str]) -> Process:
    """Start a process to speak with; what it says on its standard error is nobody's business.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603


def stop(process: Process) -> None:
    """End the process, whatever it is doing, and give back its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()


def write(pipe: IO[bytes] | None, content: bytes) -> None:
    """Send a frame.

    Raises:
        OSError, ValueError: nobody reads any more.
    """
    if pipe is not None:
        pipe.write(len(content).to_bytes(FRAME_HEAD_BYTES, "little") + content)
        pipe.flush()


def read(pipe: IO[bytes] | None) -> bytes | None:
    """Return the next frame; None when there is no more, or an empty one."""
    if pipe is None:
        return None
    size = int.from_bytes(pipe.read(FRAME_HEAD_BYTES), "little")
    content = pipe.read(size)
    return content if size and len(content) == size else None


@contextmanager
def answering() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """In the process beside: give the pipes to read from and to write to, and end quietly when the other side does."""
    with suppress(BrokenPipeError, KeyboardInterrupt), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody else writes between the frames
        with searched_seldom():
            yield sys.stdin.buffer, out


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
