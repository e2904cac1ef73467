"""What a batch of commands would record, given what is so: read from the store, decided without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from slaengine.domain import commands as c
from slaengine.domain.decide import decide
from slaengine.domain.events import Fact, Received
from slaengine.domain.work_order import INITIAL, WorkOrder, evolve, fold
from slaengine.engine.digests import NOTHING, digest_of
from slaengine.errors import CommandIdReused, FutureFact, InvalidCommand, NumberTaken, UnknownWorkOrder, WorkOrderError
from slaengine.storage.log import CarriedOut
from slaengine.storage.mapper import Recorded
from slaengine.storage.work_orders import WorkOrders

CLOCK_SKEW = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours: machines that keep time differ by seconds, hand-set ones by minutes."""


@dataclass(frozen=True, slots=True)
class Request:
    """Commands to one order, all carried out or none. `filled_in` names the fields that the caller did not give."""

    order_id: UUID
    commands: Sequence[c.Command]
    filled_in: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the commands to one order: the facts recorded now (none when it was already so), or the refusal."""

    order_id: UUID
    facts: tuple[Fact, ...] = ()
    refusal: WorkOrderError | None = None


@dataclass(slots=True)
class WhatIsSo:
    """What the store says about the orders, command ids and numbers of a batch, and what the batch has added to it."""

    orders: dict[UUID, WorkOrder]
    carried_out: dict[str, CarriedOut]
    numbers: dict[str, UUID]

    @classmethod
    def load(
        cls, work_orders: WorkOrders, requests: Sequence[Request], read: Mapping[UUID, Sequence[Fact]] | None = None
    ) -> WhatIsSo:
        """Read what the decisions need, in one transaction and few statements whatever the batch's size.

        `read` has the facts of orders that need not be read again; none for an order that is not there.
        """
        read = read or {}
        commands = [command for request in requests for command in request.commands]
        order_ids = {request.order_id for request in requests} | {x.into for x in commands if type(x) is c.Merge}
        command_ids = {command.command_id for command in commands if command.command_id is not None}
        numbers = {command.number for command in commands if type(command) is c.Receive}
        log = work_orders.fact_log
        orders = {order_id: fold(read[order_id]) for order_id in order_ids & read.keys() if read[order_id]}
        with log.database.reading():
            stored = log.facts_of_many(order_ids - read.keys())
            return cls(
                orders | {order_id: fold(map(work_orders.fact_of, facts)) for order_id, facts in stored.items()},
                log.carried_out(command_ids) if command_ids else {},
                log.find_many(numbers) if numbers else {},
            )


@dataclass(slots=True)
class Plan:
    """What is to be recorded, in one transaction, and what each request will be told."""

    recorded: list[Recorded] = field(default_factory=list)
    carried_out: list[CarriedOut] = field(default_factory=list)
    named: dict[str, UUID] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


def plan(requests: Iterable[Request], so: WhatIsSo, now: datetime) -> Plan:
    """Decide on each request in turn, each knowing what the ones before it add; a refused one adds nothing."""
    whole = Plan()
    for request in requests:
        try:
            part = _Part(request, so, now)
        except WorkOrderError as refusal:
            whole.outcomes.append(Outcome(request.order_id, refusal=refusal))
            continue
        so.orders[request.order_id] = part.order
        so.carried_out.update((done.command_id, done) for done in part.carried_out)
        so.numbers.update(part.named)
        whole.recorded += part.recorded
        whole.carried_out += part.carried_out
        whole.named.update(part.named)
        whole.outcomes.append(Outcome(request.order_id, tuple(recorded.fact for recorded in part.recorded)))
    return whole


def refuse_future(occurred_at: datetime, now: datetime) -> None:
    """Refuse what is said to happen later than now, beyond the clock skew.

    Raises:
        FutureFact: it is.
    """
    if occurred_at > now + CLOCK_SKEW:
        raise FutureFact(occurred_at.isoformat(), now.isoformat())


class _Part:
    """The plan for one request.

    Raises:
        WorkOrderError: one of its commands is refused.
    """

    def __init__(self, request: Request, so: WhatIsSo, now: datetime) -> None:
        self._so, self._now, self._order_id = so, now, request.order_id
        self._latest = now + CLOCK_SKEW
        self.order = so.orders.get(request.order_id, INITIAL)
        self.recorded: list[Recorded] = []
        self.carried_out: list[CarriedOut] = []
        self.named: dict[str, UUID] = {}
        for command in request.commands:
            if command.command_id is None:
                self._carry_out(command)
            else:
                self._carry_out_once(command, command.command_id, digest_of(command, request.filled_in))

    def _carry_out_once(self, command: c.Command, command_id: str, digest: bytes) -> None:
        """Carry out a command unless its id was used: for the same command there is nothing to do."""
        mine = (done for done in self.carried_out if done.command_id == command_id)
        earlier = self._so.carried_out.get(command_id) or next(mine, None)
        if earlier is None:
            before = self.order.version
            self._carry_out(command)
            self.carried_out.append(CarriedOut(command_id, self._order_id, digest, before + 1, self.order.version))
        elif (earlier.order_id, earlier.digest) != (self._order_id, digest):
            raise CommandIdReused(command_id)

    def _carry_out(self, command: c.Command) -> None:
        if command.occurred_at > self._latest:
            refuse_future(command.occurred_at, self._now)
        order = self.order
        if not order.facts and not isinstance(command, c.Receive):
            raise UnknownWorkOrder(str(self._order_id))
        if isinstance(command, c.Merge):
            self._check_merge(command)
        for fact in decide(command, order):
            if isinstance(fact, Received):
                self._name(fact.number)
            self.order = order = evolve(order, fact)
            self.recorded.append(Recorded(self._order_id, len(order.facts), fact))

    def _check_merge(self, command: c.Merge) -> None:
        if command.into == self._order_id:
            raise InvalidCommand("merge", "into", "is the order itself; name the one that goes on")
        if command.into not in self._so.orders:
            raise InvalidCommand("merge", "into", f"is {command.into}, and there is no such work order in this store")

    def _name(self, number: str) -> None:
        if self._so.numbers.get(number, self._order_id) != self._order_id:
            raise NumberTaken(number)
        self.named[number] = self._order_id
