"""Replay: every order of a history judged again from its facts alone, bucket by bucket, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from slaengine.audit.history import History
from slaengine.audit.judging import Bench, Question, Replayed, names_of


class Replay:
    """Judges the buckets of a history. The answers of compiled and interpreted judging are the same, by the same lines.

    Args:
        history: read only.
        question: by what to judge, and when.
        workers: threads; None takes as many as there are cores. What is compiled runs beside each other.
    """

    def __init__(self, history: History, question: Question, workers: int | None = None) -> None:
        self.history, self.question = history, question
        self._workers = workers or os.cpu_count() or 1
        self.names = names_of(question.book.known_at(question.known_at))

    def run(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[Replayed]:
        """Yield the clocks of every bucket, in order of position; some buckets are held at a time, whatever there is.

        Raises:
            AuditError: the history is damaged.
            CalendarError: a calendar does not know the time that a limit reaches into.
        """
        facts = 0
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = []
            buckets = iter(self.history.buckets())
            free = [Bench(self.question, self.names) for _ in range(self._workers)]
            for bucket in buckets:
                waiting.append(pool.submit(self._judge, bucket, free))
                if len(waiting) > self._workers:
                    done = waiting.pop(0).result()
                    facts += done.facts
                    progress(facts)
                    yield done
            for future in waiting:
                done = future.result()
                facts += done.facts
                progress(facts)
                yield done

    def _judge(self, bucket: int, free: list[Bench]) -> Replayed:
        bench = free.pop()
        try:
            return bench.judge(self.history, bucket)
        finally:
            free.append(bench)
