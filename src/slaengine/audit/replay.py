"""Replay: every order of a history judged again from its facts alone, bucket by bucket, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from slaengine.audit.clocks import Clocks
from slaengine.audit.judging import Bench, Facts, Question, Replayed, names_of

T = TypeVar("T")


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
        return self.each(lambda replayed: replayed._replace(clocks=_kept(replayed.clocks)), progress)

    def each(self, told: Callable[[Replayed], T], progress: Callable[[int], None] = lambda _: None) -> Iterator[T]:
        """Yield what `told` makes of every bucket, in order of position. It runs beside others, and may not keep the clocks.

        Raises:
            AuditError, CalendarError: as `run`.
        """
        with ThreadPoolExecutor(self._workers) as pool:
            free = [Bench(self.question, self.names) for _ in range(self._workers)]
            waiting: list[Future[tuple[int, T]]] = []
            buckets, facts = self.history.buckets(), 0
            while buckets or waiting:
                while buckets and len(waiting) <= self._workers:
                    waiting.append(pool.submit(self._judge, buckets.pop(0), free, told))
                count, made = waiting.pop(0).result()
                facts += count
                progress(facts)
                yield made

    def _judge(self, bucket: int, free: list[Bench], told: Callable[[Replayed], T]) -> tuple[int, T]:
        bench = free.pop()
        try:
            replayed = bench.judge(self.history, bucket)
            return replayed.facts, told(replayed)
        finally:
            free.append(bench)


def _kept(clocks: Clocks) -> Clocks:
    return Clocks._make([column.copy() for column in clocks])
