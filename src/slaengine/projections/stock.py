"""The stock: every open order with who is responsible for it, and every clock that is overdue, on ended orders too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from slaengine.projections.case_file import EPOCH
from slaengine.projections.columns import OVERDUE, STATUSES, Ints, OrderColumns, Sheet

BY = ("kind", "type", "person", "received_by", "cause")
"""The dimensions that a stock needs."""


class StockOrder(NamedTuple):
    """An open order. `responsible` is the person it was dispatched to, else who received it; what is not known is None.

    `overdue` tells whether one of its clocks is.
    """

    number: str
    kind: str | None
    type: str | None
    responsible: str | None
    cause: str | None
    status: str
    received_at: datetime
    overdue: bool


class StockClock(NamedTuple):
    """An overdue clock, with what is said of its order as in `StockOrder`."""

    number: str
    type: str | None
    responsible: str | None
    cause: str | None
    target: str | None
    due_at: datetime


class Stock(NamedTuple):
    """Open orders, complaints first, the oldest first; and overdue clocks, the longest first."""

    orders: list[StockOrder]
    clocks: list[StockClock]


def stock_of(sheet: Sheet, as_of: int, numbers: Callable[[Sequence[int]], Sequence[str]]) -> Stock:
    """Return the stock at `as_of` (µs UTC); `numbers` gives the numbers of the orders at these places in the tables."""
    orders, clocks = sheet.orders, sheet.clocks
    late = np.flatnonzero(clocks.verdict_at(as_of) == OVERDUE)
    late = late[np.argsort(clocks.due[late], kind="stable")]
    has_late = np.zeros(len(orders), np.bool_)
    has_late[clocks.order[late]] = True
    waiting = np.flatnonzero(orders.stands("open", "paused"))
    complaint = orders.dimensions["kind"].among(["complaint"])[waiting]
    waiting = waiting[np.lexsort((orders.received[waiting], ~complaint))]
    return Stock(
        [
            StockOrder(number, kind, type_, responsible, cause, STATUSES[status], _instant(received), overdue)
            for number, kind, type_, responsible, cause, status, received, overdue in zip(
                numbers(orders.seq[waiting].tolist()),
                _said(orders, "kind", waiting),
                _said(orders, "type", waiting),
                _responsible(orders, waiting),
                _said(orders, "cause", waiting),
                orders.status[waiting].tolist(),
                orders.received[waiting].tolist(),
                has_late[waiting].tolist(),
                strict=True,
            )
        ],
        [
            StockClock(number, type_, responsible, cause, target, _instant(due))
            for number, type_, responsible, cause, target, due in zip(
                numbers(orders.seq[clocks.order[late]].tolist()),
                _said(orders, "type", clocks.order[late]),
                _responsible(orders, clocks.order[late]),
                _said(orders, "cause", clocks.order[late]),
                [clocks.target.words[code] for code in clocks.target.codes[late].tolist()],
                clocks.due[late].tolist(),
                strict=True,
            )
        ],
    )


def _said(orders: OrderColumns, dimension: str, places: Ints) -> list[str | None]:
    words = orders.dimensions[dimension]
    return [words.words[code] for code in words.codes[places].tolist()]


def _responsible(orders: OrderColumns, places: Ints) -> list[str | None]:
    pairs = zip(_said(orders, "person", places), _said(orders, "received_by", places), strict=True)
    return [person or received_by for person, received_by in pairs]


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
