"""Callers for other processes and threads: each sends commands to orders that the others use as well."""

from __future__ import annotations

from datetime import UTC, datetime

from slaengine.engine import SlaEngine

SHARED = ("shared-1", "shared-2")


def call(url: str, caller: int, calls: int) -> list[str]:
    """Answer shared orders, receive orders of one's own, and send every third command twice; return the numbers got."""
    numbers = []
    with SlaEngine.open(url) as engine:
        for shared in SHARED:
            engine.receive(kind="repair", number=shared, occurred_at=datetime(2026, 1, 5, tzinfo=UTC))
        for call_number in range(calls):
            command_id = f"{caller}-{call_number}"
            for _ in range(2 if call_number % 3 == 0 else 1):
                engine.respond(SHARED[call_number % 2], command_id=command_id)
                numbers.append(engine.receive(kind="repair", command_id=f"{command_id}-own").number)
    return numbers


def send_the_same(url: str, calls: int) -> list[str]:
    """Send the very same commands that the other callers send at the same time."""
    with SlaEngine.open(url) as engine:
        numbers = []
        for call_number in range(calls):
            order = engine.receive(kind="repair", command_id=f"same-{call_number}")
            engine.respond(order, command_id=f"answer-{call_number}")
            numbers.append(order.number)
        return numbers
