"""Closure: of the orders received, how many were resolved, closed, revisited, and how many came back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from pydantic import BaseModel, ConfigDict

from slaengine.projections.columns import Flags, Ints, OrderColumns
from slaengine.projections.compliance import ratio
from slaengine.projections.counting import count_compiled, loaded
from slaengine.projections.groups import Groups, Key
from slaengine.projections.lazy import Rows
from slaengine.projections.recurrence import recurred
from slaengine.projections.trusted import trusted

FLAGS = (
    *("received", "resolved", "closed", "closed_loop", "cancelled", "merged"),
    *("revisits_due", "revisited", "reopened", "recurred"),
)
"""What is counted of orders, in the order of the columns of counts."""
KINDS_MAX = 2_000_000
"""Kinds of orders, by group and flags, up to which it is quicker to count the kinds than each flag by itself."""


class ClosureRow(BaseModel):
    """The orders received in one group, and what became of them.

    `resolved` stand resolved or closed (a reopening undoes it); `closed` stand closed. `closed_loop` are resolved, and every
    revisit that the policy asks of them is done. The three rates of closing are over the orders that had to be dealt with:
    received − cancelled − merged. `revisit_rate` is revisited / revisits_due: of the resolved orders that the policy asks
    to revisit, those with every revisit done. `reopened` were reopened at least once. `recurred` came within 30 days after the
    same type of matter was resolved at the same place. A rate without anything to count is None.
    """

    model_config = ConfigDict(frozen=True)
    period: str | None
    group: dict[str, str | None]
    received: int
    resolved: int
    closed: int
    closed_loop: int
    cancelled: int
    merged: int
    revisits_due: int
    revisited: int
    reopened: int
    recurred: int
    resolved_rate: float | None
    closure_rate: float | None
    closed_loop_rate: float | None
    revisit_rate: float | None


def closure_rows(groups: Groups, orders: OrderColumns) -> Rows[ClosureRow]:
    """Return one row a group."""
    return Rows(partial(_row, groups.keys), np.arange(len(groups)), closure_counts(groups, orders))


def closure_counts(groups: Groups, orders: OrderColumns) -> Ints:
    """Return how many orders of each group there are in each of `FLAGS`: shape (groups, flags)."""
    if loaded():
        return count_compiled(groups.group, len(groups), orders, came_back(orders))
    return _counts(groups, list(closure_flags(orders).values()))


def closure_flags(orders: OrderColumns) -> dict[str, Flags]:
    """Return which orders are counted in each column."""
    resolved = orders.stands("resolved", "closed")
    due = resolved & (orders.revisits_asked > 0)
    done = orders.revisits_open == 0
    return {
        "received": np.ones(len(orders), np.bool_),
        "resolved": resolved,
        "closed": orders.stands("closed"),
        "closed_loop": resolved & done,
        "cancelled": orders.stands("cancelled"),
        "merged": orders.stands("merged"),
        "revisits_due": due,
        "revisited": due & done,
        "reopened": orders.reopened > 0,
        "recurred": came_back(orders),
    }


def came_back(orders: OrderColumns) -> Flags:
    """Return which orders recurred."""
    return recurred(orders.matter, orders.received, orders.resolved) if orders.came_back is None else orders.came_back


def _counts(groups: Groups, flags: Sequence[Flags]) -> Ints:
    """Return how many orders of each group have each flag: shape (groups, flags)."""
    kinds = 1 << len(flags)
    if len(groups) * kinds > KINDS_MAX:
        return np.array([np.bincount(groups.group[flag], minlength=len(groups)) for flag in flags]).T
    kind = groups.group * np.int32(kinds)
    for bit, flag in enumerate(flags):
        kind += flag * np.int32(1 << bit)
    alike = np.bincount(kind, minlength=len(groups) * kinds).reshape(len(groups), kinds)
    counts: Ints = alike @ (np.arange(kinds)[:, None] >> np.arange(len(flags)) & 1)
    return counts


def _row(keys: Sequence[Key], g: int, figures: list[int]) -> ClosureRow:
    (period, group), counts = keys[g], dict(zip(FLAGS, figures, strict=True))
    to_deal_with = counts["received"] - counts["cancelled"] - counts["merged"]
    rates = {
        "resolved_rate": ratio(counts["resolved"], to_deal_with),
        "closure_rate": ratio(counts["closed"], to_deal_with),
        "closed_loop_rate": ratio(counts["closed_loop"], to_deal_with),
        "revisit_rate": ratio(counts["revisited"], counts["revisits_due"]),
    }
    return trusted(ClosureRow, {"period": period, "group": group, **counts, **rates})
