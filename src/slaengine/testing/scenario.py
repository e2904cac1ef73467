"""Given these facts, when this command comes, then these facts follow: the form of a test of a decision.

A test says which facts follow, which refusal, or that nothing does:

    given(RECEIVED).when(Pause(occurred_at=TEN, reason="parts")).then(Paused(occurred_at=TEN, reason="parts"))
    given(RECEIVED).when(Close(occurred_at=TEN)).then_refused(InvalidTransition, "resolve it first")
    given(RECEIVED, PAUSED).when(Pause(occurred_at=TEN, reason="parts")).then_nothing()
"""

from __future__ import annotations

from dataclasses import dataclass

from slaengine.domain.commands import Command
from slaengine.domain.decide import decide
from slaengine.domain.events import Fact
from slaengine.domain.work_order import WorkOrder, evolve, fold
from slaengine.errors import WorkOrderError


@dataclass(frozen=True, slots=True)
class Given:
    """An order, made by the facts recorded so far."""

    order: WorkOrder

    def when(self, command: Command) -> Outcome:
        """Decide on `command` and hold what comes of it, facts or refusal."""
        try:
            return Outcome(self.order, command, tuple(decide(command, self.order)))
        except WorkOrderError as refusal:
            return Outcome(self.order, command, (), refusal)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: `facts`, or a `refusal` and no facts."""

    before: WorkOrder
    command: Command
    facts: tuple[Fact, ...]
    refusal: WorkOrderError | None = None

    @property
    def after(self) -> WorkOrder:
        """The order with the new facts."""
        order = self.before
        for fact in self.facts:
            order = evolve(order, fact)
        return order

    def then(self, *facts: Fact) -> WorkOrder:
        """Assert that exactly these facts follow, in this order; return the order as it is afterwards.

        Raises:
            AssertionError: something else came of the command; the message shows both.
        """
        if self.refusal is not None or self.facts != facts:
            raise AssertionError(f"{self._asked()}\n  expected {_listed(facts)}\n  got      {self._came()}")
        return self.after

    def then_nothing(self) -> None:
        """Assert that the command was accepted and changed nothing.

        Raises:
            AssertionError: facts followed, or the command was refused.
        """
        self.then()

    def then_refused(self, error: type[WorkOrderError], *words: str) -> None:
        """Assert that the command was refused with `error`, and that its message holds each of `words`.

        Raises:
            AssertionError: it was not refused, or otherwise.
        """
        if type(self.refusal) is not error:
            raise AssertionError(f"{self._asked()}\n  expected {error.__name__}\n  got      {self._came()}")
        missing = [word for word in words if word not in str(self.refusal)]
        if missing:
            raise AssertionError(f"{self._asked()}\n  refused with: {self.refusal}\n  which does not say: {', '.join(missing)}")

    def _asked(self) -> str:
        return f"an order that was {self.before.status} was asked to {self.command!r}"

    def _came(self) -> str:
        return f"{type(self.refusal).__name__}: {self.refusal}" if self.refusal else _listed(self.facts)


def given(*facts: Fact) -> Given:
    """Start a scenario with the facts recorded so far, first recorded first; none for an order not yet received."""
    return Given(fold(facts))


def _listed(facts: tuple[Fact, ...]) -> str:
    return "\n           ".join(repr(fact) for fact in facts) or "nothing"
