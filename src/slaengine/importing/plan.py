"""A mapping made ready for one table: rows in, the commands of whole orders out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slaengine.domain.commands import Command
from slaengine.errors import ImportingError
from slaengine.importing import times
from slaengine.importing.cells import Cell, Cells, Columns, Row, RowRefused, Seen, getter
from slaengine.importing.mapping import SNAPSHOT, Mapping
from slaengine.importing.rule import CompiledRule, Told

ORDERS = UUID("5f1c9d0e-3a4b-5c6d-8e7f-a0b1c2d3e4f5")
"""The namespace of imported orders' ids."""

TELLS_HOW_IT_STANDS = frozenset({"classified", "dispatched", "verdict_stated"})
"""Facts that say how an order stands: of updates that repeat what they say, only the first is a fact."""

WHO = frozenset({"by", "channel"})
"""Fields that do not count as said: the same said by another is a repetition."""


def order_id(source: str, key: str) -> UUID:
    """Return the id of the order that `source` calls `key`: always the same, so that an order is imported once."""
    return uuid5(ORDERS, f"{source}\n{key}")


class Reject(NamedTuple):
    """A row that was not imported: where, which column, what stands there, and why."""

    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order as its rows tell it.

    `rows[i]` is the row that told of `commands[i]`; `all_rows` has the silent ones too. `as_of_snapshot` holds the places
    of the commands whose time is only that of the snapshot.
    """

    id: UUID
    commands: list[Command]
    rows: list[int]
    as_of_snapshot: frozenset[int]
    all_rows: tuple[int, ...]


class _Told:
    """What the rows of one order have told so far."""

    def __init__(self, *, repeats_count: bool) -> None:
        self.commands: list[Command] = []
        self.rows: list[int] = []
        self.of_snapshot: set[int] = set()
        self.received: datetime | None = None
        self._repeats_count = repeats_count
        self._last: dict[str, dict[str, Any]] = {}

    def add(self, name: str, told: Told, row: int) -> None:
        """Take up one more fact, unless it only repeats how the order stands."""
        if self.received is None:
            self.received = told.command.occurred_at
        if not self._repeats_count and name in TELLS_HOW_IT_STANDS:
            says = {field: value for field, value in told.fields.items() if field not in WHO}
            if self._last.get(name) == says:
                return
            self._last[name] = says
        if told.as_of_snapshot:
            self.of_snapshot.add(len(self.commands))
        self.commands.append(told.command)
        self.rows.append(row)


class Plan:
    """A mapping made ready for one table.

    Raises:
        ImportingError: the table lacks a column that the mapping speaks of, or the mapping's time zone does not exist.
    """

    def __init__(self, mapping: Mapping, header: Sequence[str], table: str, *, now: datetime, skew: timedelta) -> None:
        self._mapping = mapping
        self._columns = columns = Columns(header, mapping.derive, table)
        self._read_time = times.reader(
            mapping.time_formats,
            _zone(mapping.time_zone),
            repeated_hour=mapping.rules.repeated_hour,
            skipped_hour=mapping.rules.skipped_hour,
        )
        self._key = getter(mapping.key, columns)
        self._time = columns.slot(mapping.time) if mapping.time else None
        self._sequence = columns.slot(mapping.sequence) if mapping.sequence else None
        self._carry = [columns.slot(name) for name in mapping.carry]
        self._final = [columns.slot(name) for name in mapping.final]
        snapshot_from = [columns.slot(name) for name in mapping.snapshot_from]
        compiled = partial(
            CompiledRule, mapping=mapping, columns=columns, read_time=self._read_time, latest=now + skew, id_of=order_id
        )
        self._rules = [compiled(rule) for rule in mapping.facts]
        self._derive = [(columns.slot(name), getter(value, columns)) for name, value in mapping.derive.items()]
        self._sources = columns.sources()
        self._missing = frozenset(mapping.missing) | {""}
        self._nothing: Cells = (None,) * len(self._sources)
        self._only_blank_is_missing = self._missing == {""}
        self._snapshot_from = [(slot, self._sources[slot]) for slot in snapshot_from]
        self.needs_snapshot = any(SNAPSHOT in rule.at for rule in mapping.facts)

    def row(self, number: int, raw: Sequence[str]) -> Row:
        """Return one row of the table in compact form."""
        if len(raw) != self._columns.width:
            why = f"the row has {len(raw)} cells, the header has {self._columns.width}"
            return Row(number, self._nothing, RowRefused("", "", why))
        cells: list[Cell]
        if self._only_blank_is_missing:
            cells = [None if i is None else raw[i].strip() or None for i in self._sources]
        else:
            cells = [None if i is None else self._text(raw[i]) for i in self._sources]
        if not self._derive:
            return Row(number, tuple(cells))
        try:
            for slot, get in self._derive:
                now = tuple(cells)
                cells[slot] = get(Seen(now, self._nothing, True, True))
        except RowRefused as refused:
            return Row(number, tuple(cells), refused)
        return Row(number, tuple(cells))

    def key(self, row: Row) -> str | None:
        """Return the source's name of the row's order; None when the row does not tell."""
        try:
            key: str | None = self._key(Seen(row.cells, self._nothing, True, True))
        except RowRefused:
            return None
        return key

    def _text(self, cell: str) -> Cell:
        text = cell.strip()
        return None if text in self._missing else text

    def latest(self, number: int, raw: Sequence[str]) -> datetime | None:
        """Return the latest time in the columns that `snapshot_from` names; None when the row has none that can be read."""
        if len(raw) != self._columns.width:
            return None
        found = []
        for slot, source in self._snapshot_from:
            text = self.row(number, raw).cells[slot] if source is None else self._text(raw[source])
            if text is not None and text not in self._mapping.rules.placeholders:
                try:
                    found.append(self._read_time(text))
                except times.UnreadableTime:
                    continue  # it will be rejected where it is used
        return max(found, default=None)

    def order(self, key: str, rows: list[Row], snapshot: datetime | None) -> PlannedOrder:
        """Return what the rows of one order tell, in the order in which they tell it.

        Raises:
            OrderRefused: one of the rows cannot be used; then none is.
        """
        told = _Told(repeats_count=self._mapping.rows == "orders")
        before, clock = self._nothing, None
        rows = self._in_sequence(rows)
        for i, row in enumerate(rows):
            try:
                seen = self._seen(row, before, i == 0, i == len(rows) - 1)
                clock = self._clock(row, clock)
                for rule in self._rules:
                    fact = rule.told(seen, clock, told.received, snapshot)
                    if fact is not None:
                        told.add(rule.name, fact, row.number)
            except RowRefused as refused:
                raise OrderRefused(self._rejects(rows, row, refused)) from refused
            before = seen.now
        return PlannedOrder(
            order_id(self._mapping.source, key),
            told.commands,
            told.rows,
            frozenset(told.of_snapshot),
            tuple(row.number for row in rows),
        )

    def reject(self, row: Row) -> Reject:
        """Return why a row that names no order, or cannot be read at all, is left out."""
        refused = row.refused or RowRefused(self._key_name, "", "is missing, so the row belongs to no order")
        return self._as_reject(row, refused)

    @property
    def _key_name(self) -> str:
        key = self._mapping.key
        return key.column or key.template or "key"

    def _in_sequence(self, rows: list[Row]) -> list[Row]:
        if self._sequence is None:
            return rows
        return sorted(rows, key=self._sequence_number)

    def _sequence_number(self, row: Row) -> float:
        assert self._sequence is not None  # noqa: S101  asked only where there is one
        try:
            return float(row.cells[self._sequence] or 0)
        except ValueError:
            return 0.0

    def _seen(self, row: Row, before: Cells, is_first: bool, is_last: bool) -> Seen:
        if row.refused is not None:
            raise row.refused
        now = row.cells
        if self._carry or (self._final and not is_last):
            cells = list(now)
            for slot in self._carry:
                cells[slot] = before[slot] if now[slot] is None else now[slot]
            if not is_last:
                for slot in self._final:
                    cells[slot] = None
            now = tuple(cells)
        return Seen(now, before, is_first, is_last)

    def _clock(self, row: Row, before: datetime | None) -> datetime | None:
        """Return when an update happened; None for tables of whole orders."""
        if self._time is None:
            return None
        text = row.cells[self._time]
        if text is None:
            raise RowRefused(self._mapping.time or "", "", "is missing, so it is not known when the update happened")
        try:
            time = self._read_time(text)
        except times.UnreadableTime as error:
            raise RowRefused(self._mapping.time or "", text, str(error)) from error
        if before is None or time >= before:
            return time
        match self._mapping.rules.backwards:
            case "clamp":
                return before
            case "keep":
                return time
            case _:
                raise RowRefused(self._mapping.time or "", text, "lies before the time of the order's row before it")

    def _rejects(self, rows: list[Row], culprit: Row, refused: RowRefused) -> list[Reject]:
        along = f"left out with row {culprit.number} of the same order"
        return [self._as_reject(row, refused) if row is culprit else Reject(row.number, "", "", along) for row in rows]

    def _as_reject(self, row: Row, refused: RowRefused) -> Reject:
        personal = any(refused.column in rule.personal_columns for rule in self._rules)
        value = "(personal)" if personal and refused.value else refused.value
        return Reject(row.number, refused.column, value, refused.reason)


class OrderRefused(Exception):
    """An order cannot be imported; `rejects` has one line for each of its rows."""

    def __init__(self, rejects: list[Reject]) -> None:
        super().__init__(rejects[0].reason)
        self.rejects = rejects


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImportingError(f"the mapping's time_zone '{name}' does not exist; write a name such as America/New_York") from error
