"""Cutting orders into groups: by period, and by any of their dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from slaengine.errors import UsageError, nearest
from slaengine.projections.columns import Ints, OrderColumns, Words
from slaengine.projections.lazy import Rows
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
DAYS_MAX = 10_000
"""Days up to which it is quicker to name all of them than to look which occur."""
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
    """The groups of some orders: `group[i]` is the group of order i, `keys[g]` the period and dimension values of group g.

    Keys are made when they are looked at: there may be tens of thousands, and few of their rows are.
    """

    group: Ints
    keys: Sequence[Key]

    def __len__(self) -> int:
        return len(self.keys)


def groups_of(orders: OrderColumns, period: Period | None, by: Sequence[str]) -> Groups:
    """Return the groups of `orders`, in the order of their keys; not known comes last."""
    return groups_on(orders.day, orders.dimensions, period, by)


def groups_on(day: Ints, said: Mapping[str, Words], period: Period | None, by: Sequence[str]) -> Groups:
    """Return the groups of what has these days (ordinals) and says this in its stored dimensions, as `groups_of` does."""
    columns = [_days(day, period)] if period else []
    columns += [_dimension(said, name) for name in by]
    mixed = _Mixed.none(len(day))
    for words in columns:
        mixed = (mixed if mixed.count * len(words.words) <= COUNTED_MAX else mixed.numbered()).with_column(words)
    mixed = mixed.numbered()
    return Groups(mixed.codes, Rows(partial(_key, [words for words, _ in mixed.columns], period, by), *_codes(mixed)))


def _codes(mixed: _Mixed) -> list[Ints]:
    """Return the codes of each column, by group; where there is no column, something as long."""
    return [codes for _, codes in mixed.columns] or [np.zeros(mixed.count, np.int32)]


def _key(columns: Sequence[Sequence[str | None]], period: Period | None, by: Sequence[str], *codes: int) -> Key:
    said = [words[code] for words, code in zip(columns, codes, strict=False)]  # without columns there is a code of nothing
    return (said[0], dict(zip(by, said[1:], strict=True))) if period else (None, dict(zip(by, said, strict=True)))


@dataclass(frozen=True, slots=True)
class _Mixed:
    """Columns of words as one number an order, below `count`.

    The number is a place in `columns`, of which each has its words and the code at each place, followed by the codes of
    the columns in `behind`.
    """

    codes: Ints
    count: int
    columns: tuple[tuple[Sequence[str | None], Ints], ...] = ()
    behind: tuple[Sequence[str | None], ...] = ()

    @classmethod
    def none(cls, orders: int) -> _Mixed:
        return cls(np.zeros(orders, np.int32), 1)

    def with_column(self, words: Words) -> _Mixed:
        width = len(words.words)
        wide = np.int32(width) if self.count * width < 1 << 31 else np.int64(width)
        codes = words.codes if self.count == 1 else self.codes * wide + words.codes
        return _Mixed(codes, self.count * width, self.columns, (*self.behind, words.words))

    def numbered(self) -> _Mixed:
        """Return the same numbered by those that occur, in the order of their words; not known comes last."""
        if self.count > COUNTED_MAX:
            found, codes = np.unique(self.codes, return_inverse=True)
            places: Ints = np.arange(len(found))
        else:
            there = np.zeros(self.count, np.bool_)
            there[self.codes] = True
            found, codes = np.flatnonzero(there), self.codes
            places = found
        columns = self._columns(found)
        ranked = np.lexsort([_ranks(words)[codes] for words, codes in reversed(columns)]) if columns else np.arange(len(found))
        numbers = np.zeros(int(places[-1]) + 1 if len(places) else 0, np.int32)
        numbers[places[ranked]] = np.arange(len(found))
        return _Mixed(numbers[codes.reshape(-1)], len(found), tuple((words, codes[ranked]) for words, codes in columns))

    def _columns(self, found: Ints) -> list[tuple[Sequence[str | None], Ints]]:
        """Return the columns with their codes in each of these numbers."""
        columns: list[tuple[Sequence[str | None], Ints]] = []
        for words in reversed(self.behind):
            found, codes = np.divmod(found, len(words)) if len(words) else (found, found)
            columns.insert(0, (words, codes))
        return [*((words, codes[found]) for words, codes in self.columns), *columns]


def _ranks(words: Sequence[str | None]) -> Ints:
    """Return the place of each word when they are in order; that of what is not known is the last."""
    ranks = np.empty(len(words), np.int64)
    ranks[sorted(range(len(words)), key=lambda n: (words[n] is None, words[n] or ""))] = np.arange(len(words))
    return ranks


def _days(day: Ints, period: Period) -> Words:
    if not len(day):
        return Words(np.empty(0, np.int32), [])
    first, last = int(day.min()), int(day.max())
    if last - first > DAYS_MAX:
        days, codes = np.unique(day, return_inverse=True)
        return Words(codes, [label(number, period) for number in days.tolist()]).merged()
    labels = Words.of([label(number, period) for number in range(first, last + 1)])
    return Words(labels.codes[day - first], labels.words)


def _dimension(said: Mapping[str, Words], name: str) -> Words:
    words = said[column_of(name)]
    if name.startswith(PREFIX):
        words = Words(words.codes, [None if word is None else _prefix(word, name) for word in words.words]).merged()
    return words
