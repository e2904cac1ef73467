"""The work order: deciding commands, coding facts, generating histories; µs for each command or fact, on one core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks._timing import seconds, table
from slaengine.domain.codec import decode, encode
from slaengine.domain.decide import decide
from slaengine.domain.work_order import INITIAL, evolve, fold
from slaengine.testing.generator import encoded, histories

ORDERS = 2_000


def main() -> None:
    town = list(histories(ORDERS, seed=1))
    facts = [[command.fact() for command in history.commands] for history in town]
    coded = [(fact.TOPIC, encode(fact)) for order in facts for fact in order]
    count = len(coded)

    def decided() -> None:
        for history in town:
            state = INITIAL
            for command in history.commands:
                for fact in decide(command, state):
                    state = evolve(state, fact)

    def row(name: str, call: Callable[[], Any]) -> list[Any]:
        taken = seconds(call)
        return [name, taken / count * 1e6, round(count / taken)]

    table(
        ["", "µs each", "a second"],
        [
            row("decide and evolve", decided),
            row("fold facts that were recorded", lambda: [fold(order) for order in facts]),
            row("encode", lambda: [encode(fact) for order in facts for fact in order]),
            row("decode", lambda: [decode(topic, state) for topic, state in coded]),
            row("generate commands", lambda: sum(len(history.arrivals) for history in histories(ORDERS, seed=1))),
            row("generate encoded facts", lambda: sum(1 for _ in encoded(histories(ORDERS, seed=1)))),
        ],
    )
