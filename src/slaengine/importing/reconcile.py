"""A newer extract of orders that were imported before: what is new in it, and what the source now says otherwise.

A table of whole orders says how each order stands today. What an earlier extract said and this one says otherwise was
not a second fact but a wrong first one: it becomes a correction, signed by the import. A person's own correction is
left alone until the source changes its word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from slaengine.domain.codec import shape_of
from slaengine.domain.commands import Command, Correct, StateVerdict
from slaengine.domain.corrections import FIXED
from slaengine.domain.decide import decide
from slaengine.domain.events import Corrected, Fact, VerdictStated
from slaengine.domain.personal import personal_paths
from slaengine.domain.work_order import INITIAL, WorkOrder, evolve, fold
from slaengine.errors import WorkOrderError
from slaengine.importing.fields import GROUPS
from slaengine.importing.plan import PlannedOrder

LEFT_ALONE = frozenset(FIXED)
ABSENT = object()


def signature(source: str) -> str:
    """Return the `by` of the corrections that imports of this source make."""
    return f"import {source}"


def news(planned: PlannedOrder, recorded: Sequence[Fact], *, source: str, at: datetime) -> list[Command]:
    """Return the commands for what `planned`, a newer extract's row, says beyond the facts `recorded`.

    `at` is when the extract was taken: the time of the corrections. Facts that the row no longer tells of stay.
    """
    said = _as_the_source_said(recorded, signature(source))
    commands: list[Command] = []
    for i, command in enumerate(planned.commands):
        fact = command.fact()
        known = [(version, old) for version, old in enumerate(said.known, 1) if _one_of_a_kind(old, fact)]
        if any(old == fact for _, old in known):
            continue
        if isinstance(command, StateVerdict):
            if i not in planned.as_of_snapshot or not _says_the_same(known, command):
                commands.append(command)
        elif known:
            version, old = known[-1]
            commands.extend(_corrections(version, old, fact, by=signature(source), at=at))
        else:
            commands.append(command)
    return commands


def unrecorded(planned: PlannedOrder, recorded: Sequence[Fact], *, source: str) -> list[Command]:
    """Return the commands for what a longer log of updates says beyond the facts `recorded`.

    What the updates lead to is decided as for a new order, and then compared with the record: judged by today's record,
    an early update would meet an order that is long closed. A fact that the log now tells with other fields, such as an
    outcome that turned out not to be the final one, is corrected.
    """
    told = _told_afresh(planned)
    if told is None:
        return planned.commands  # the engine refuses it too, and says why
    by, at = signature(source), max(command.occurred_at for command in planned.commands)
    said = _as_the_source_said(recorded, by).known
    fresh = [fact for _, fact in told]
    stale = [(version, old) for version, old in enumerate(said, 1) if old not in fresh]
    commands: list[Command] = []
    for command, fact in told:
        if fact in said:
            continue
        same = next((each for each in stale if type(each[1]) is type(fact) and each[1].occurred_at == fact.occurred_at), None)
        if same is None:
            commands.append(command)
        else:
            stale.remove(same)
            commands.extend(_corrections(*same, fact, by=by, at=at))
    return commands


def _told_afresh(planned: PlannedOrder) -> list[tuple[Command, Fact]] | None:
    """Return the facts that the commands lead to on a new order; None when one of them is refused."""
    state, told = INITIAL, []
    for command in planned.commands:
        try:
            facts = decide(command, state)
        except WorkOrderError:
            return None
        for fact in facts:
            state = evolve(state, fact)
            told.append((command, fact))
    return told


def _as_the_source_said(recorded: Sequence[Fact], by: str) -> WorkOrder:
    """Return the order with the imports' own corrections applied, and nobody else's."""
    return fold(fact if not isinstance(fact, Corrected) or fact.by == by else _unapplied(fact) for fact in recorded)


def _unapplied(correction: Corrected) -> Fact:
    """Return a stand-in that keeps the place of a person's correction in the count of versions and changes nothing."""
    return VerdictStated(occurred_at=correction.occurred_at, by=correction.by, target="(corrected by hand)", verdict="unknown")


def _one_of_a_kind(old: Fact, fact: Fact) -> bool:
    if isinstance(old, VerdictStated) and isinstance(fact, VerdictStated):
        return old.target == fact.target
    return type(old) is type(fact)


def _says_the_same(known: list[tuple[int, Fact]], command: StateVerdict) -> bool:
    latest = max((old for _, old in known), key=lambda old: old.occurred_at, default=None)
    return isinstance(latest, VerdictStated) and latest.verdict == command.verdict


def _corrections(version: int, old: Fact, new: Fact, *, by: str, at: datetime) -> Iterator[Correct]:
    personal = {".".join(path) for path in personal_paths(type(old))}
    for field, value in _differences(shape_of(old), shape_of(new)):
        if field in LEFT_ALONE:
            continue
        said = {"text": value} if field in personal else {"value": value}
        yield Correct.model_validate({"occurred_at": at, "by": by, "version": version, "field": field, **said})


def _differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields whose values differ, with the new value; None where there is none any more."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if name in GROUPS and GROUPS[name] is not None:
            yield from ((f"{name}.{inner}", value) for inner, value in _differences(before or {}, after or {}))
        elif name in GROUPS:
            yield name, after or {}
        else:
            yield name, after
