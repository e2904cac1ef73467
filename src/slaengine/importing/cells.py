"""One row of a table in compact form, and the functions that take values and answers out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

from slaengine.errors import ImportingError, nearest
from slaengine.importing.mapping import Conditions, ValueFrom

Cell = str | None
Cells = tuple[Cell, ...]


class Row(NamedTuple):
    """The cells that a mapping uses, and where they stood. A missing one is None; `refused` tells why none can be used."""

    number: int
    cells: Cells
    refused: RowRefused | None = None


class Seen(NamedTuple):
    """A row as its order's history shows it: the row, the one before it, and whether it is the last. Cells of None: no row."""

    now: Cells
    before: Cells
    is_first: bool
    is_last: bool


Getter = Callable[[Seen], Any]
Test = Callable[[Seen], bool]


class RowRefused(Exception):
    """A row cannot be used: which column, what stands there, and why."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


class Columns:
    """The columns that a mapping uses of one table, in the order in which it first speaks of them."""

    def __init__(self, header: Sequence[str], derived: Iterable[str], table: str) -> None:
        self._header = [name.strip() for name in header]
        self._derived = tuple(derived)
        self._table = table
        self._slots: dict[str, int] = {}

    def slot(self, name: str) -> int:
        """Return the place of column `name` among the cells.

        Raises:
            ImportingError: the table has no such column, or two of that name.
        """
        if name not in self._slots:
            if name not in self._derived:
                self._check(name)
            self._slots[name] = len(self._slots)
        return self._slots[name]

    def _check(self, name: str) -> None:
        match self._header.count(name):
            case 0:
                hint = nearest(name, self._header) or f"; it has {', '.join(self._header)}"
                raise ImportingError(f"{self._table} has no column '{name}'{hint}")
            case 1:
                return
            case _:
                raise ImportingError(f"{self._table} has more than one column '{name}'; give each a name of its own")

    @property
    def width(self) -> int:
        """The number of cells that a row of the table must have."""
        return len(self._header)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in use, by slot."""
        return tuple(self._slots)

    def sources(self) -> list[int | None]:
        """Return, by slot, the place in the table's own rows; None for derived columns."""
        return [None if name in self._derived else self._header.index(name) for name in self._slots]


def getter(value: ValueFrom, columns: Columns) -> Getter:
    """Return the function that takes this value out of a row: a text, a list when it is split, or None when it is missing.

    Raises (by the function returned):
        RowRefused: the row's word is not in the mapping's `translate` table.
    """
    origin, name = _origin(value, columns)
    if not (value.remove or value.translate or value.split or value.default):
        return origin
    removed = {ord(character): None for character in value.remove or ""}

    @lru_cache(maxsize=1024)  # most columns have few words
    def meant(text: Cell) -> Any:
        if text is not None and removed:
            text = text.translate(removed).strip() or None
        if text is not None and value.translate:
            text = _translated(text, value, name)
        if text is None:
            text = value.default
        if text is not None and value.split:
            return [part.strip() for part in text.split(value.split) if part.strip()]
        return text

    return lambda seen: meant(origin(seen))


def _translated(text: str, value: ValueFrom, column: str) -> Cell:
    if text in value.translate:
        return value.translate[text]
    match value.others:
        case "keep":
            return text
        case "missing" | "default":
            return None
        case _:
            raise RowRefused(column, text, "is not in the mapping's `translate` table for this column, and `others` is `reject`")


def _origin(value: ValueFrom, columns: Columns) -> tuple[Getter, str]:
    if value.column is not None:
        here = columns.slot(value.column)
        return (lambda seen: seen.now[here]), value.column
    if value.previous is not None:
        there = columns.slot(value.previous)
        return (lambda seen: seen.before[there]), value.previous
    if value.template is not None:
        return _template(value.template, columns), value.template
    constant = value.value
    return (lambda _: constant), ""


def _template(template: str, columns: Columns) -> Getter:
    slots = {name: columns.slot(name) for _, name, _, _ in Formatter().parse(template) if name}

    def get(seen: Seen) -> Cell:
        cells = {name: seen.now[slot] for name, slot in slots.items()}
        return None if None in cells.values() else template.format_map(cells)

    return get


def test(conditions: Conditions | None, columns: Columns) -> Test | None:
    """Return the function that says whether all the conditions hold; None when there are none."""
    if conditions is None:
        return None
    tests = list(_tests(conditions, columns))
    if len(tests) == 1:
        return tests[0]
    return lambda seen: all(holds(seen) for holds in tests)


def _tests(conditions: Conditions, columns: Columns) -> Iterable[Test]:
    slot = columns.slot
    if conditions.first is not None:
        yield lambda seen: seen.is_first == conditions.first
    if conditions.last is not None:
        yield lambda seen: seen.is_last == conditions.last
    yield from (_present(slot(name)) for name in conditions.present)
    yield from (_missing(slot(name)) for name in conditions.missing)
    if conditions.changed:
        yield _changed([slot(name) for name in conditions.changed])
    yield from (_is(slot(name), frozenset(words)) for name, words in conditions.is_.items())
    yield from (_was(slot(name), frozenset(words)) for name, words in conditions.was.items())
    yield from (_enters(slot(name), frozenset(words)) for name, words in conditions.enters.items())
    yield from (_leaves(slot(name), frozenset(words)) for name, words in conditions.leaves.items())


def _present(slot: int) -> Test:
    return lambda seen: seen.now[slot] is not None


def _missing(slot: int) -> Test:
    return lambda seen: seen.now[slot] is None


def _changed(slots: list[int]) -> Test:
    return lambda seen: any(seen.now[slot] != seen.before[slot] for slot in slots)


def _is(slot: int, words: frozenset[str]) -> Test:
    return lambda seen: seen.now[slot] in words


def _was(slot: int, words: frozenset[str]) -> Test:
    return lambda seen: seen.before[slot] in words


def _enters(slot: int, words: frozenset[str]) -> Test:
    return lambda seen: seen.now[slot] in words and seen.before[slot] not in words


def _leaves(slot: int, words: frozenset[str]) -> Test:
    return lambda seen: seen.before[slot] in words and seen.now[slot] not in words
