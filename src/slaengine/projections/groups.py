"""Cutting orders into groups: by period, and by any of their dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slaengine.errors import UsageError, nearest
from slaengine.projections.columns import Ints, OrderColumns, Words
from slaengine.projections.order_view import OrderView
from slaengine.projections.periods import Period, label

DIMENSIONS = (
    "kind",
    "type",
    "severity",
    "channel",
    "community",
    "building",
    "team",
    "person",
    "party",
    "source",
    "received_by",
    "cause",
    "outcome",
    "satisfaction",
    "method",
    "status",
)
"""What orders can be grouped by, besides `label.NAME` and `type.N` (the first N parts of the dotted type)."""
LABEL = "label."
COUNTED_MAX = 10_000_000
"""Combinations up to which it is quicker to mark those that occur than to sort them."""
PREFIX = "type."


def check_dimensions(by: Sequence[str]) -> None:
    """Do nothing if all of `by` are dimensions.

    Raises:
        UsageError: one is not.
    """
    for name in by:
        part = name.removeprefix(PREFIX)
        is_prefix = name.startswith(PREFIX) and part.isdecimal() and int(part) > 0
        is_label = name.startswith(LABEL) and len(name) > len(LABEL)
        if name not in DIMENSIONS and not is_prefix and not is_label:
            raise UsageError(
                f"orders cannot be grouped by '{name}'{nearest(name, DIMENSIONS)} "
                f"(dimensions: {', '.join(DIMENSIONS)}, type.N, label.NAME)"
            )


def column_of(name: str) -> str:
    """Return the stored dimension that dimension `name` is read from: `type` for `type.2`, else itself."""
    return "type" if name.startswith(PREFIX) else name


def said_by(view: OrderView, name: str) -> str | None:
    """Return what an order says in a dimension; None when that is not known."""
    if name.startswith(LABEL):
        return view.labels.get(name.removeprefix(LABEL))
    value: str | None = getattr(view, column_of(name))
    return value if value is None or not name.startswith(PREFIX) else _prefix(value, name)


def _prefix(word: str, name: str) -> str:
    return ".".join(word.split(".")[: int(name.removeprefix(PREFIX))])


Key = tuple[str | None, dict[str, str | None]]
"""The period (None without one) and the dimension values of a group."""


def stored_dimensions(by: Sequence[str]) -> tuple[str, ...]:
    """Return the stored dimensions that grouping `by` reads, each once."""
    return tuple(dict.fromkeys(column_of(name) for name in by))


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of some orders: `group[i]` is the group of order i, `keys[g]` the period and dimension values of group g."""

    group: Ints
    keys: list[Key]

    def __len__(self) -> int:
        return len(self.keys)


def groups_of(orders: OrderColumns, period: Period | None, by: Sequence[str]) -> Groups:
    """Return the groups of `orders`, in the order of their keys; not known comes last."""
    columns = [_days(orders, period)] if period else []
    columns += [_dimension(orders, name) for name in by]
    group: Ints = np.zeros(len(orders), np.int32)
    values: list[tuple[str | None, ...]] = [()] if len(orders) else []
    for words in columns:
        width = len(words.words)
        wide = np.int32(width) if len(values) * width < 1 << 31 else np.int64(width)
        distinct, group = _numbered(group * wide + words.codes, len(values) * width)
        values = [(*values[code // width], words.words[code % width]) for code in distinct]
    ranks = sorted(range(len(values)), key=lambda g: tuple((word is None, word or "") for word in values[g]))
    place = np.empty(len(values), np.int32)
    place[ranks] = np.arange(len(values))
    keys = [_key(values[g], period, by) for g in ranks]
    return Groups(place[group] if columns else group, keys)


def _numbered(codes: Ints, count: int) -> tuple[list[int], Ints]:
    """Return which of the codes below `count` occur, ascending, and each code's place among them."""
    if count > COUNTED_MAX:
        found, places = np.unique(codes, return_inverse=True)
        return found.tolist(), places.reshape(-1)
    there = np.zeros(count, np.bool_)
    there[codes] = True
    numbers = np.cumsum(there, dtype=np.int32) - 1
    return np.flatnonzero(there).tolist(), numbers[codes]


def _key(values: tuple[str | None, ...], period: Period | None, by: Sequence[str]) -> Key:
    if period:
        return values[0], dict(zip(by, values[1:], strict=True))
    return None, dict(zip(by, values, strict=True))


def _days(orders: OrderColumns, period: Period) -> Words:
    if not len(orders):
        return Words(np.empty(0, np.int32), [])
    first, last = int(orders.day.min()), int(orders.day.max())
    days, codes = _numbered(orders.day - first, last - first + 1)
    return Words(codes, [label(day + first, period) for day in days]).merged()


def _dimension(orders: OrderColumns, name: str) -> Words:
    words = orders.dimensions[column_of(name)]
    if name.startswith(PREFIX):
        words = Words(words.codes, [None if word is None else _prefix(word, name) for word in words.words]).merged()
    return words
