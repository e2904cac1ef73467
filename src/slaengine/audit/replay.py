"""Replay: every order of a history judged again from its facts alone, bucket by bucket, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from slaengine.audit.clocks import Clocks, joined
from slaengine.audit.judging import Bench, Facts, Question, names_of
from slaengine.garbage import searched_seldom

T = TypeVar("T")


class Replayed(NamedTuple):
    """The clocks of one bucket, and how many facts they were judged from."""

    bucket: int
    facts: int
    clocks: Clocks


class Replay:
    """Judges the buckets of a history. The answers of compiled and interpreted judging are the same, by the same lines.

    Args:
        history: read only.
        question: by what to judge, and when.
        workers: threads; None takes as many as there are cores. What is compiled runs beside each other.
    """

    def __init__(self, history: Facts, question: Question, workers: int | None = None) -> None:
        self.history, self.question = history, question
        self._workers = workers or os.cpu_count() or 1
        self.names = names_of(question.book.known_at(question.known_at))

    def run(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[Replayed]:
        """Yield the clocks of every bucket, in order of position; some buckets are held at a time, whatever there is.

        Raises:
            AuditError: the history is damaged.
            CalendarError: a calendar does not know the time that a limit reaches into.
        """
        for bucket, facts, pieces in self._buckets(_kept, progress):
            yield Replayed(bucket, facts, joined(pieces))

    def each(self, told: Callable[[Clocks], T], progress: Callable[[int], None] = lambda _: None) -> Iterator[T]:
        """Yield what `told` makes of the clocks, some at a time, in order of position. It runs in several threads and keeps none.

        Raises:
            AuditError, CalendarError: as `run`.
        """
        for *_, pieces in self._buckets(told, progress):
            yield from pieces

    def _buckets(self, told: Callable[[Clocks], T], progress: Callable[[int], None]) -> Iterator[tuple[int, int, list[T]]]:
        with searched_seldom(), ThreadPoolExecutor(self._workers) as pool:
            free = [Bench(self.question, self.names) for _ in range(self._workers)]
            waiting: list[Future[tuple[int, int, list[T]]]] = []
            buckets, done = self.history.buckets(), 0
            while buckets or waiting:
                while buckets and len(waiting) <= self._workers:
                    waiting.append(pool.submit(self._judge, buckets.pop(0), free, told))
                bucket, facts, made = waiting.pop(0).result()
                done += facts
                progress(done)
                yield bucket, facts, made

    def _judge(self, bucket: int, free: list[Bench], told: Callable[[Clocks], T]) -> tuple[int, int, list[T]]:
        bench = free.pop()
        try:
            return bucket, *bench.judge(self.history, bucket, told)
        finally:
            free.append(bench)


def _kept(clocks: Clocks) -> Clocks:
    return Clocks._make([column.copy() for column in clocks])
