"""One fact's rule of a mapping, made ready: what a row tells of this fact, and the decisions on doubtful times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from slaengine.domain.commands import Command
from slaengine.importing import times
from slaengine.importing.cells import Columns, Getter, RowRefused, Seen, getter, test
from slaengine.importing.fields import FACT_FIELDS, GROUPS, is_time
from slaengine.importing.mapping import SNAPSHOT, FactRule, Mapping, ValueFrom

MADE_MAX = 1_000
"""Commands kept to be said again, a rule: teams, types and outcomes are few; where they are not, keeping more costs memory."""


class Told(NamedTuple):
    """A fact that a row tells of. `fields` are the values it was made from; `as_of_snapshot`: its time is the snapshot's."""

    command: Command
    fields: dict[str, Any]
    as_of_snapshot: bool


class CompiledRule:
    """What rows tell of one fact."""

    def __init__(  # noqa: PLR0913  (what all rules of a plan share, by name)
        self,
        rule: FactRule,
        *,
        mapping: Mapping,
        columns: Columns,
        read_time: times.Reader,
        latest: datetime,
        id_of: Callable[[str, str], UUID],
    ) -> None:
        self.name = rule.fact
        self._rule, self._rules, self._source = rule, mapping.rules, mapping.source
        self._read_time, self._latest, self._id_of = read_time, latest, id_of
        self._more_than_text = frozenset(filter(_is_more_than_text, rule.set))
        self._placeholders = frozenset(mapping.rules.placeholders)
        self._when, self._unless = test(rule.when, columns), test(rule.unless, columns)
        self._at = [(name, None if name == SNAPSHOT else columns.slot(name)) for name in rule.at]
        self._fields = _sorted_fields(rule.set, columns)
        self._made: dict[tuple[tuple[str, Any], ...], Command] | None = {} if _repeats(rule.set) else None
        self._validate = rule.command.__pydantic_validator__.validate_python
        limit = mapping.rules.before_received_at_most
        self._before_at_most = times.span(limit) if limit else None
        personal = FACT_FIELDS[rule.fact].personal
        self.personal_columns = frozenset(_column(value) for name, value in rule.set.items() if name in personal)

    def told(self, seen: Seen, clock: datetime | None, received: datetime | None, snapshot: datetime | None) -> Told | None:
        """Return the fact that the row tells of; None when it tells of none.

        `clock` is the time of the update (None: rows are whole orders), `received` when the order was received (None
        while that is not known), `snapshot` when the table was taken.

        Raises:
            RowRefused: it tells of one, and something in it cannot be used.
        """
        if (self._when is not None and not self._when(seen)) or (self._unless is not None and self._unless(seen)):
            return None
        at, column, text = self._happened(seen, clock, snapshot)
        if at is None:
            if self.name == "received" or self._when is not None or self._unless is not None:
                raise RowRefused(column, text, f"is missing, so it is not known when the order was {self.name.replace('_', ' ')}")
            return None
        if received is not None and at < received:
            at = self._before_received(at, received, column, text)
        fields = self._values(seen, at)
        return Told(self._command(fields, at, column), fields, column == SNAPSHOT)

    def _happened(self, seen: Seen, clock: datetime | None, snapshot: datetime | None) -> tuple[datetime | None, str, str]:
        """Return the time, and the column and text it was read from."""
        if not self._at:
            return clock, "", ""
        for name, slot in self._at:
            if slot is None:
                return snapshot, name, ""
            text = seen.now[slot]
            if text is None or text in self._placeholders:
                continue
            try:
                at = self._read_time(text)
            except times.UnreadableTime as error:
                raise RowRefused(name, text, str(error)) from error
            if at <= self._latest:
                return at, name, text
            if self._rules.future == "reject":
                raise RowRefused(name, text, "lies in the future")
        return None, self._at[0][0], ""

    def _before_received(self, at: datetime, received: datetime, column: str, text: str) -> datetime:
        by = received - at
        if self._rules.before_received == "reject" or (self._before_at_most is not None and by > self._before_at_most):
            raise RowRefused(column, text, f"lies {by} before the order was received")
        return received if self._rules.before_received == "clamp" else at

    def _values(self, seen: Seen, at: datetime) -> dict[str, Any]:
        constant, straight, worked = self._fields
        values = constant.copy()
        now = seen.now
        for group, fields in straight:
            found = {name: text for name, slot in fields if (text := now[slot]) is not None}
            if group is None:
                values.update(found)
            elif found:
                values[group] = found
        for name, group, within, get in worked:
            value = get(seen)
            if value is not None and name in self._more_than_text:
                value = self._meaning(name, value, at)
            if value is None:
                continue
            if group is None:
                values[within] = value
            else:
                values.setdefault(group, {})[within] = value
        return values

    def _meaning(self, name: str, value: Any, at: datetime) -> Any:
        """Return what the text of a time or of another order's key means; None when it is to be left out."""
        return self._id_of(self._source, value) if name == "into" else self._due(name, value, at)

    def _due(self, name: str, text: str, received: datetime) -> datetime | None:
        if text in self._placeholders:
            return None
        column = _column(self._rule.set[name])
        try:
            due = self._read_time(text)
        except times.UnreadableTime as error:
            raise RowRefused(column, text, str(error)) from error
        if due >= received or self._rules.due_before_received == "keep":
            return due
        if self._rules.due_before_received == "missing":
            return None
        raise RowRefused(column, text, "is due before the order was received")

    def _command(self, fields: dict[str, Any], at: datetime, at_column: str) -> Command:
        """Return the command with these fields: one that was made before, with its own time, or a new one."""
        if self._made is None:
            return self._validated(fields, at, at_column)
        says = tuple(fields.items())
        made = self._made.get(says)
        if made is not None:
            return made.at(at)
        command = self._validated(fields, at, at_column)
        if len(self._made) < MADE_MAX:
            self._made[says] = command
        return command

    def _validated(self, fields: dict[str, Any], at: datetime, at_column: str) -> Command:
        try:
            return self._validate({"occurred_at": at, **fields})  # type: ignore[no-any-return]
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            column, value = self._blame(first["loc"], first["input"], at_column)
            raise RowRefused(column, value, f"does not fit {self.name}: {first['msg']}") from error

    def _blame(self, loc: tuple[int | str, ...], value: Any, at_column: str) -> tuple[str, str]:
        for name in (".".join(map(str, loc[:2])), str(loc[0])):
            if name in self._rule.set:
                return _column(self._rule.set[name]), value if isinstance(value, str) else ""
        missing = [_column(origin) for name, origin in self._rule.set.items() if name.split(".")[0] == loc[0]]
        return (missing or [at_column])[0], ""


Constant = dict[str, Any]
Straight = list[tuple[str | None, list[tuple[str, int]]]]
Worked = list[tuple[str, str | None, str, Getter]]


def _sorted_fields(given: dict[str, ValueFrom], columns: Columns) -> tuple[Constant, Straight, Worked]:
    """Return the fields that are always the same, those that are a column's text as it stands, and those that take work.

    Most fields are of the first two kinds, and taking them out group by group halves the time that a row costs.
    """
    constant: Constant = {}
    straight: dict[str | None, list[tuple[str, int]]] = {}
    worked: Worked = []
    for name, value in given.items():
        group, within = _split(name)
        if value.is_plain and not _is_more_than_text(name):
            straight.setdefault(group, []).append((within, columns.slot(_column(value))))
        elif value.is_constant and group is None and not _is_more_than_text(name):
            constant[name] = value.value
        else:
            worked.append((name, group, within, getter(value, columns)))
    return constant, list(straight.items()), worked


def _is_more_than_text(name: str) -> bool:
    return name == "into" or is_time(name)


def _repeats(given: dict[str, ValueFrom]) -> bool:
    """Whether many rows are likely to say the very same: one of few teams, types or outcomes, no names or due times."""
    plain = (_split(name)[0] is None and not _is_more_than_text(name) and not value.split for name, value in given.items())
    return "number" not in given and all(plain)


def _split(name: str) -> tuple[str | None, str]:
    group, dot, within = name.partition(".")
    return (group, within) if dot and group in GROUPS else (None, name)


def _column(value: ValueFrom) -> str:
    return value.column or value.previous or value.template or "(value)"
