"""Work orders as an application of the eventsourcing library."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, Mapper
from eventsourcing.utils import Environment, EnvType

from slaengine.domain.events import Fact
from slaengine.domain.work_order import WorkOrder, fold
from slaengine.storage.factory import StoreFactory
from slaengine.storage.log import CarriedOut, FactLog, NewFact, StoredFact
from slaengine.storage.mapper import FactMapper, Recorded

if TYPE_CHECKING:
    from slaengine.storage.personal import Vault


class WorkOrders(Application[UUID]):
    """Saves and loads the facts of work orders; the library's projections and subscriptions run on it.

    Example:
        `WorkOrders(env={"STORE_URL": "sqlite:///orders.db"})`, or `engine.work_orders` of an engine that is open.

    Save with `save(*recorded, carried_out=…, named=…)`: facts in `Recorded`, with the command ids and numbers that
    belong to them. `record` does the same without the library's envelopes, for facts by the thousand.
    """

    name: str = "WorkOrders"
    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": "slaengine.storage.factory"}

    def __init__(self, env: EnvType | None = None, *, log: FactLog | None = None, vault: Vault | None = None) -> None:
        self._lent = log
        self._facts = FactMapper(vault=vault)
        super().__init__(env)

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Return a factory on the log that was given, or on the store that the environment names."""
        factory = StoreFactory(env, self._lent)
        self.fact_log = factory.log
        return factory

    def construct_mapper(self) -> Mapper[UUID]:
        """Return the mapper of facts."""
        return self._facts

    @property
    def conceals(self) -> bool:
        """Whether personal texts are concealed, so that facts are not stored as they stand."""
        return self._facts.conceals

    def record(
        self,
        recorded: Sequence[Recorded],
        *,
        carried_out: Collection[CarriedOut] = (),
        named: Mapping[str, UUID] | None = None,
        ending: int = 0,
    ) -> None:
        """Append facts to the log in the order given, in one transaction; the arguments are those of `FactLog.append`.

        Raises:
            Overtaken, ConcurrencyError, StorageError: as `FactLog.append`.
        """
        state_of = self._facts.state_of
        new = [NewFact(order_id, version, fact.TOPIC, state_of(order_id, fact)) for order_id, version, fact in recorded]
        self.fact_log.append(new, carried_out=carried_out, named=named, ending=ending)

    def fact_of(self, stored: StoredFact) -> Fact:
        """Return a fact of the log.

        Raises:
            CorruptFact: it cannot be read back.
        """
        return self._facts.fact_of(stored.order_id, stored.version, stored.topic, stored.state)

    def facts(self, order_id: UUID) -> list[Fact]:
        """Return the facts of one order, or of one publication, first recorded first; empty when there are none.

        Raises:
            CorruptFact: one cannot be read back.
        """
        return [self.fact_of(stored) for stored in self.fact_log.facts_of(order_id)]

    def work_order(self, order_id: UUID) -> WorkOrder:
        """Return the order as its facts make it; `INITIAL` when there is none."""
        return fold(self.facts(order_id))
