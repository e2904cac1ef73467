"""What can be done for many facts before the transaction that writes them: sorting them out, and most of a view's work."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from slaengine.domain.codec import BY_TOPIC, UPCASTS
from slaengine.errors import CorruptFact
from slaengine.storage.database import Database
from slaengine.streaming.inbox import Sorted, by_order, sort_out
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.streamed import StreamedFact
from slaengine.streaming.view import Prepared, PreparingView, View

log = logging.getLogger(__name__)

PREPARE_MIN = 500
"""Facts from which it pays: the ledger is read twice for it."""


@dataclass(frozen=True, slots=True)
class Beforehand:
    """Facts sorted out by what the ledger said, and prepared for the view."""

    found: Sorted
    versions: dict[UUID, int]
    held: dict[UUID, bool]
    order_ids: frozenset[UUID]
    prepared: Prepared

    def written(self, connection: Connection, ledger: Ledger) -> bool:
        """Write what was prepared; False, and nothing is written, when the ledger says something else by now."""
        self.prepared.hold(connection)
        if ledger.orders_held(connection) != self.held or ledger.versions(connection, self.order_ids) != self.versions:
            return False
        self.prepared.write(connection)
        return True


def beforehand(database: Database, ledger: Ledger, view: View, facts: Sequence[StreamedFact]) -> Beforehand | None:
    """Prepare facts, outside a transaction that writes.

    None when that does not pay, when something of their orders is held back, or when it cannot be done: the way through one
    transaction then does all of it, and finds out which fact is to blame.
    """
    if len(facts) < PREPARE_MIN or not isinstance(view, PreparingView):
        return None
    order_ids = frozenset(by_order(facts))
    with database.reading() as connection:
        held, versions = ledger.orders_held(connection), ledger.versions(connection, order_ids)
    if held.keys() & order_ids:
        return None
    found = sort_out(facts, versions, {}, ())
    try:
        check_types(found.due)
        return Beforehand(found, versions, held, order_ids, view.prepare(found.due))
    except Exception as error:  # noqa: BLE001  (whatever it is, the other way meets it again, and deals with it)
        log.debug("%s facts go the slower way: %s", len(facts), type(error).__name__)
        return None


def check_types(facts: Sequence[StreamedFact]) -> None:
    """Refuse facts of a newer version than this.

    Raises:
        CorruptFact: there is one.
    """
    for name in {fact.type for fact in facts} - BY_TOPIC.keys() - UPCASTS.keys():
        if any(fact.usable for fact in facts if fact.type == name):
            raise CorruptFact(f"this version of slaengine does not know {name}; upgrade it, then retry")
