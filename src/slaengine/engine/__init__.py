"""The shell that services embed: it loads an order, decides, appends, and tries again when another writer was quicker."""

from slaengine.engine.orders import Order, OrderRef, order_id_for
from slaengine.engine.plan import Outcome
from slaengine.engine.shell import RecordedFact, SlaEngine

__all__ = ["Order", "OrderRef", "Outcome", "RecordedFact", "SlaEngine", "order_id_for"]
