"""What each measure of a KPI counts: which orders, or clocks, are in its numerator and which in its denominator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from slaengine.policies.kpi import Kpi
from slaengine.projections.columns import NEVER, Flags, OrderColumns
from slaengine.projections.recurrence import RECURRENCE_DAYS, recurred

LOOKED_AT: Mapping[str, Sequence[str]] = {
    "adoption": ("outcome",),
    "caused_by": ("cause",),
    "handover": ("team", "person"),
    "in_hand": ("team", "person"),
    "online": ("channel",),
    "revisit": ("method",),
    "satisfaction": ("satisfaction",),
    "workload": ("team", "person"),
}
"""The stored dimensions that measures look at; the others look at none."""


HOUR = 3_600 * 1_000_000
LATE_HOURS = 24
"""A fact recorded more hours than that after it occurred is backdated, unless the KPI says otherwise."""


def needed(kpi: Kpi) -> list[str]:
    """Return the dimensions that a KPI is counted from: of its orders, by its measure, and by which they are grouped."""
    of_orders = [name for name, wanted in (("kind", kpi.kind), ("type", kpi.type)) if wanted]
    return [*of_orders, *LOOKED_AT.get(kpi.measure, ()), *kpi.by]


class Parts(NamedTuple):
    """Which orders are counted above the line and which below it; those above are among those below."""

    above: Flags
    below: Flags


Measure = Callable[[Kpi, OrderColumns], Parts]


def _to_deal_with(orders: OrderColumns) -> Flags:
    return ~orders.stands("cancelled", "merged")


def _resolved(orders: OrderColumns) -> Flags:
    return orders.stands("resolved", "closed")


def _known(orders: OrderColumns, dimension: str) -> Flags:
    return ~orders.dimensions[dimension].among([None])


def _response(_: Kpi, orders: OrderColumns) -> Parts:
    below = _to_deal_with(orders)
    return Parts(((orders.responded != NEVER) | _resolved(orders)) & below, below)


def _closure(_: Kpi, orders: OrderColumns) -> Parts:
    return Parts(orders.stands("closed"), _to_deal_with(orders))


def _closed_loop(_: Kpi, orders: OrderColumns) -> Parts:
    return Parts(_resolved(orders) & (orders.revisits_open == 0), _to_deal_with(orders))


def _revisit(kpi: Kpi, orders: OrderColumns) -> Parts:
    below = _resolved(orders)
    done = orders.revisited != NEVER
    if kpi.methods:
        by = orders.dimensions["method"]
        done &= by.among([word for word in by.words if set(kpi.methods) & set((word or "").split(","))])
    return Parts(done & below, below)


def _came_back(kpi: Kpi, orders: OrderColumns) -> Flags:
    days = kpi.within_days or RECURRENCE_DAYS
    if days == RECURRENCE_DAYS and orders.came_back is not None:
        return orders.came_back
    return recurred(orders.matter, orders.received, orders.resolved, days)


def _recurrence(kpi: Kpi, orders: OrderColumns) -> Parts:
    below = _to_deal_with(orders)
    return Parts(_came_back(kpi, orders) & below, below)


def _rework(kpi: Kpi, orders: OrderColumns) -> Parts:
    below = _to_deal_with(orders)
    return Parts((_came_back(kpi, orders) | (orders.reopened > 0)) & below, below)


def _satisfaction(kpi: Kpi, orders: OrderColumns) -> Parts:
    return Parts(orders.dimensions["satisfaction"].among(kpi.answers), _known(orders, "satisfaction"))


def _online(kpi: Kpi, orders: OrderColumns) -> Parts:
    return Parts(orders.dimensions["channel"].among(kpi.channels), np.ones(len(orders), np.bool_))


def _handover(_: Kpi, orders: OrderColumns) -> Parts:
    return Parts(given_out(orders), _to_deal_with(orders))


def _merged(_: Kpi, orders: OrderColumns) -> Parts:
    return Parts(orders.stands("merged"), ~orders.stands("cancelled"))


def _escalation(_: Kpi, orders: OrderColumns) -> Parts:
    below = _to_deal_with(orders)
    return Parts((orders.escalated > 0) & below, below)


def _caused_by(kpi: Kpi, orders: OrderColumns) -> Parts:
    below = _to_deal_with(orders) & _known(orders, "cause")
    return Parts(orders.dimensions["cause"].among(kpi.causes) & below, below)


def _adoption(kpi: Kpi, orders: OrderColumns) -> Parts:
    below = _resolved(orders)
    return Parts(orders.dimensions["outcome"].among(kpi.outcomes) & below, below)


def _first_visit(_: Kpi, orders: OrderColumns) -> Parts:
    below = _resolved(orders) & (orders.visits > 0)
    return Parts((orders.visits == 1) & (orders.reopened == 0) & below, below)


def _backdated(kpi: Kpi, orders: OrderColumns) -> Parts:
    late: Flags = orders.latest > (kpi.late_hours or LATE_HOURS) * HOUR
    return Parts(late, np.ones(len(orders), np.bool_))


MEASURES: dict[str, Measure] = {
    "response": _response,
    "closure": _closure,
    "closed_loop": _closed_loop,
    "revisit": _revisit,
    "recurrence": _recurrence,
    "rework": _rework,
    "satisfaction": _satisfaction,
    "online": _online,
    "handover": _handover,
    "merged": _merged,
    "escalation": _escalation,
    "caused_by": _caused_by,
    "adoption": _adoption,
    "first_visit": _first_visit,
    "backdated": _backdated,
}
"""The measures that are a share of orders; what the others count stands in `kpis`."""


class ClockParts(NamedTuple):
    """At which verdicts clocks are counted above the line, and at which below it."""

    above: tuple[str, ...]
    below: tuple[str, ...]


CLOCK_MEASURES = {
    "compliance": ClockParts(("met",), ("met", "missed", "overdue")),
    "waived": ClockParts(("waived",), ("met", "missed", "overdue", "waived")),
}
"""The measures that are a share of clocks."""


def given_out(orders: OrderColumns) -> Flags:
    """Return which orders to deal with were given to a team or a person."""
    return (_known(orders, "team") | _known(orders, "person")) & _to_deal_with(orders)
