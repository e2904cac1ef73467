"""slaengine keeps, proves and explains the service promises made on work orders.

Example:
    >>> from slaengine import BusinessCalendar
    >>> from datetime import UTC, datetime, timedelta
    >>> office = BusinessCalendar.model_validate({"tz": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}})
    >>> office.due_at(datetime(2026, 1, 5, 16, tzinfo=UTC), timedelta(hours=2)).isoformat()
    '2026-01-12T10:00:00+00:00'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slaengine.engine import OrderRef, SlaEngine
    from slaengine.errors import SlaEngineError
    from slaengine.policies.book import PolicyBook
    from slaengine.policies.calendar import BusinessCalendar
    from slaengine.policies.clock import judge
    from slaengine.policies.policy import Policy

__version__ = "0.1.0"

__all__ = ["BusinessCalendar", "OrderRef", "Policy", "PolicyBook", "SlaEngine", "SlaEngineError", "__version__", "judge"]

_HOME = {
    "BusinessCalendar": "slaengine.policies.calendar",
    "OrderRef": "slaengine.engine",
    "Policy": "slaengine.policies.policy",
    "PolicyBook": "slaengine.policies.book",
    "SlaEngine": "slaengine.engine",
    "SlaEngineError": "slaengine.errors",
    "judge": "slaengine.policies.clock",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that asking for one does not load everything."""
    if name not in _HOME:
        raise AttributeError(f"module 'slaengine' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
