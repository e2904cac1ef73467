"""The orders behind a figure of a report: the ones that were counted in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from slaengine.errors import UsageError, nearest
from slaengine.projections.closure import closure_flags
from slaengine.projections.columns import VERDICTS, Flags, Ints, Sheet
from slaengine.projections.groups import Groups, groups_of
from slaengine.projections.promises import Promises
from slaengine.projections.report import Question

NOT_MEASURABLE = "not_measurable"


class Behind(BaseModel):
    """The orders counted in one figure of one group; `target` is None for a figure of closure. `orders` are their numbers."""

    model_config = ConfigDict(frozen=True)
    period: str | None
    group: dict[str, str | None]
    target: str | None
    figure: str
    orders: list[str]


class Place(NamedTuple):
    """A figure's place in the report, and which of the sheet's orders are counted in it, ascending, each once."""

    period: str | None
    group: dict[str, str | None]
    target: str | None
    orders: Ints


def behind(figure: str, question: Question, promises: Promises, sheet: Sheet, as_of: int) -> list[Place]:
    """Return the orders counted in `figure` (a verdict, `not_measurable`, or a count of closure), by group and target.

    An order with several clocks at that verdict stands there once. Places without orders are left out.

    Raises:
        UsageError: there is no such figure, or the question names a target that the policy does not have.
    """
    promises.check(question.targets)
    targets = [target.name for target in promises.targets if not question.targets or target.name in question.targets]
    groups = groups_of(sheet.orders, question.period, question.by)
    flags = closure_flags(sheet.orders)
    if figure in flags:
        return list(_split(groups, flags[figure], None))
    if figure == NOT_MEASURABLE:
        return [place for name in targets for place in _split(groups, _uncovered(sheet, name), name)]
    if figure in VERDICTS:
        at = sheet.clocks.verdict_at(as_of) == VERDICTS.index(figure)
        since = _since(sheet, figure)
        return [place for name in targets for place in _split(groups, _with_clock(sheet, at, since, name), name)]
    known = (*VERDICTS, NOT_MEASURABLE, *flags)
    raise UsageError(f"no report counts '{figure}'{nearest(figure, known)} (figures: {', '.join(known)})")


def _since(sheet: Sheet, verdict: str) -> Flags:
    """Return which of the entries of `sheet.further` stand for clocks at this verdict."""
    if verdict == "running":
        return np.ones(len(sheet.further.order), np.bool_)
    return (sheet.further.missed > 0) & (verdict == "missed")


def _with_clock(sheet: Sheet, wanted: Flags, since: Flags, target: str) -> Flags:
    """Return which orders have one of the wanted clocks of this target."""
    found = np.zeros(len(sheet.orders), np.bool_)
    found[sheet.clocks.order[wanted & sheet.clocks.target.among([target])]] = True
    found[sheet.further.order[since & sheet.further.target.among([target])]] = True
    return found


def _uncovered(sheet: Sheet, target: str) -> Flags:
    covered = sheet.orders.covered
    return ~covered.among([word for word in covered.words if target in (word or "").split(",")])


def _split(groups: Groups, wanted: Flags, target: str | None) -> Iterator[Place]:
    chosen = np.flatnonzero(wanted)
    order = np.argsort(groups.group[chosen], kind="stable")
    sizes = np.bincount(groups.group[chosen], minlength=len(groups))
    parts: Sequence[Ints] = np.split(chosen[order], np.cumsum(sizes)[:-1]) if len(groups) else []
    for (period, group), part in zip(groups.keys, parts, strict=True):
        if len(part):
            yield Place(period, group, target, part)
