"""Replay: every order of a history judged again from its facts alone, bucket by bucket, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np

from slaengine.audit.clocks import VERDICTS, Clocks, Ints
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
        yield from map(Replayed._make, self._buckets(Bench.judge, progress))

    def counts(self, progress: Callable[[int], None] = lambda _: None) -> Ints:
        """Return how many clocks there are, by the targets of `names` and the verdicts of `VERDICTS`, as a table.

        Raises:
            AuditError, CalendarError: as `run`.
        """
        counts = np.zeros((len(self.names.targets), len(VERDICTS)), np.int64)
        for *_, found in self._buckets(Bench.count, progress):
            counts += found
        return counts

    def _buckets(
        self, work: Callable[[Bench, Facts, int], tuple[int, T]], progress: Callable[[int], None]
    ) -> Iterator[tuple[int, int, T]]:
        """Yield each bucket, how many facts it has, and what was made of it."""
        with searched_seldom(), ThreadPoolExecutor(self._workers) as pool:
            free = [Bench(self.question, self.names) for _ in range(self._workers)]
            waiting: list[tuple[int, Future[tuple[int, T]]]] = []
            buckets, done = self.history.buckets(), 0
            while buckets or waiting:
                while buckets and len(waiting) <= self._workers:
                    bucket = buckets.pop(0)
                    waiting.append((bucket, pool.submit(self._at_a_bench, work, bucket, free)))
                bucket, future = waiting.pop(0)
                facts, made = future.result()
                done += facts
                progress(done)
                yield bucket, facts, made

    def _at_a_bench(self, work: Callable[[Bench, Facts, int], tuple[int, T]], bucket: int, free: list[Bench]) -> tuple[int, T]:
        bench = free.pop()
        try:
            return work(bench, self.history, bucket)
        finally:
            free.append(bench)
