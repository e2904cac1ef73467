"""Workers in processes of their own, so that each has a processor: started, watched, replaced when they die, ended together."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slaengine.errors import StreamingError, UsageError
from slaengine.policies.book import PolicyBook
from slaengine.storage import pipes
from slaengine.streaming.backoff import Backoff
from slaengine.streaming.processor import Handled

log = logging.getLogger(__name__)

COMMAND = pipes.command("slaengine.streaming.member")

LEAVE_S = 45.0
"""How long a member may take to end in order; a transaction takes a second, and a broker that is gone a few more."""

STEADY_S = 60.0
"""A member that lived so long was well: what killed it is no reason to wait longer than the first time."""

LOOK_EVERY_S = 0.1
"""How often to look whether a member has failed."""


class Task(NamedTuple):
    """What members are to do: keep read models in `store` by `topic`; `book` None: by the policy published there."""

    kafka: str
    store: str
    topic: str
    book: PolicyBook | None

    def packed(self, share: tuple[int, int] | None) -> bytes:
        """Return it as it is handed to a member: to go on with for good, or, once, for its share of the partitions."""
        book = self.book and (self.book.name, self.book.layers)
        return pickle.dumps((self.kafka, self.store, self.topic, book, share))


@dataclass(slots=True)
class _Place:
    """A place in the crew, the process that has it, and what those who had it have told. `lock` guards what is said to it."""

    number: int
    process: pipes.Process | None = None
    before: Handled = field(default_factory=Handled)
    told: Handled = field(default_factory=Handled)
    trouble: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, frame: bytes) -> None:
        with self.lock, suppress(OSError, ValueError):
            pipes.write(self.process.stdin if self.process else None, frame)

    def dismiss(self) -> None:
        """Ask the member to end: what it hears from us ends."""
        with self.lock, suppress(OSError):
            if self.process is not None and self.process.stdin is not None:
                self.process.stdin.close()

    def leave(self) -> None:
        """Note that the member is gone, and keep what it has told."""
        with self.lock:
            if self.process is not None:
                pipes.stop(self.process)
            self.process = None
        self.before.add(self.told)
        self.told, self.trouble = Handled(), None


class Crew:
    """So many members at one task, each a member of the task's consumer group.

    One that dies is replaced, after a wait that grows while that goes on; an error that no waiting mends ends them all. They end
    when the process that started them does, however it ends.
    """

    def __init__(self, task: Task, size: int) -> None:
        """Make a crew of `size`; nobody works yet.

        Raises:
            UsageError: Kafka or the store are in this process's memory.
        """
        for url in (task.kafka, task.store):
            if url.startswith("memory:"):
                raise UsageError(f"{url} is in the memory of one process, and several cannot share it; take one worker")
        self._task = task
        self._places = [_Place(number) for number in range(size)]
        self._failure: Exception | None = None
        self.view: str | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set.

        Raises:
            UsageError: the task makes no sense; a member has said why.
            StreamingError: a member could not go on.
        """
        self._work(stop, once=False)

    def run_once(self) -> None:
        """Take in what the topic holds now, each member its share of the partitions.

        Raises:
            UsageError, StreamingError: as `run`.
        """
        self._work(threading.Event(), once=True)

    def handled(self) -> Handled:
        """Return what became of records, as far as members have told: a second ago, or when they ended."""
        total = Handled()
        for place in self._places:
            total.add(place.before)
            total.add(place.told)
        return total

    def troubles(self) -> set[str]:
        """Return what members are waiting out."""
        return {place.trouble for place in self._places if place.trouble}

    def processes(self) -> list[int]:
        """Return the ids of the members' processes."""
        return [place.process.pid for place in self._places if place.process is not None]

    def _work(self, stop: threading.Event, *, once: bool) -> None:
        over = threading.Event()
        keepers = [threading.Thread(target=self._keep, args=(place, over, once)) for place in self._places]
        for keeper in keepers:
            keeper.start()
        while not stop.wait(LOOK_EVERY_S) and self._failure is None and any(keeper.is_alive() for keeper in keepers):
            pass
        over.set()
        self._end(keepers)

    # ---- one place

    def _keep(self, place: _Place, over: threading.Event, once: bool) -> None:
        """Have somebody at the place until all is over, or what was to be done once is done."""
        backoff = Backoff(over)
        while (process := self._start(place, over, once)) is not None:
            begun, done = time.monotonic(), False
            while (frame := pipes.read(process.stdout)) is not None:
                done = self._hear(place, json.loads(frame))
            code = process.wait()
            place.leave()
            if over.is_set() or self._failure is not None or (once and done):
                return
            log.warning("worker %d ended (process %d, code %d); another takes its place", place.number + 1, process.pid, code)
            if time.monotonic() - begun > STEADY_S:
                backoff.reset()
            backoff.wait()

    def _start(self, place: _Place, over: threading.Event, once: bool) -> pipes.Process | None:
        """Start a member, in a process group of its own: a terminal's Ctrl-C is for the one who ends it in order."""
        with place.lock:
            if over.is_set():
                return None
            try:
                place.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)  # noqa: S603
            except OSError as error:
                self._failure = StreamingError(f"a worker's process cannot be started: {error.strerror}")
                return None
        place.say(self._task.packed((place.number, len(self._places)) if once else None))
        return place.process

    def _hear(self, place: _Place, told: Mapping[str, Any]) -> bool:
        """Note what a member tells; return whether it has done what was to be done."""
        place.told, place.trouble = Handled(*told["handled"]), told["trouble"]
        self.view = told["view"] or self.view
        if told["error"] is not None:
            misused, text = told["error"]
            self._failure = self._failure or (UsageError(text) if misused else StreamingError(text))
        if told["last"]:
            place.dismiss()
        return bool(told["done"])

    def _end(self, keepers: list[threading.Thread]) -> None:
        """See all off; who does not leave in time is killed, and what was not stored is read again by whoever comes next."""
        for place in self._places:
            place.dismiss()
        end = time.monotonic() + LEAVE_S
        for keeper in keepers:
            keeper.join(max(0.0, end - time.monotonic()))
        for place in self._places:
            with place.lock:
                if place.process is not None:
                    place.process.kill()
        for keeper in keepers:
            keeper.join()
        if self._failure is not None:
            raise self._failure
