"""The orders behind a figure of a report: the ones that were counted in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
        return list(split(groups, flags[figure], None))
    if figure == NOT_MEASURABLE:
        return [place for name in targets for place in split(groups, _uncovered(sheet, name), name)]
    if figure in VERDICTS:
        at = at_verdicts(sheet, (figure,), as_of)
        return [place for name in targets for place in split(groups, with_clock(sheet, at, name), name)]
    known = (*VERDICTS, NOT_MEASURABLE, *flags)
    raise UsageError(f"no report counts '{figure}'{nearest(figure, known)} (figures: {', '.join(known)})")


class AtVerdicts(NamedTuple):
    """Which of a sheet's clocks are at certain verdicts, and which entries of its `further` stand for such."""

    clocks: Flags
    further: Flags


def at_verdicts(sheet: Sheet, verdicts: Collection[str], as_of: int) -> AtVerdicts:
    """Return which clocks are at one of these verdicts at `as_of` (µs UTC)."""
    codes = [VERDICTS.index(name) for name in verdicts]
    further = (sheet.further.missed > 0) & ("missed" in verdicts) | ("running" in verdicts)
    return AtVerdicts(np.isin(sheet.clocks.verdict_at(as_of), codes), further)


def with_clock(sheet: Sheet, at: AtVerdicts, target: str | None) -> Flags:
    """Return which orders have one of these clocks, of this target; None means of any."""
    found = np.zeros(len(sheet.orders), np.bool_)
    for clocks, chosen in ((sheet.clocks, at.clocks), (sheet.further, at.further)):
        found[clocks.order[chosen & clocks.target.among([target]) if target else chosen]] = True
    return found


def _uncovered(sheet: Sheet, target: str) -> Flags:
    covered = sheet.orders.covered
    return ~covered.among([word for word in covered.words if target in (word or "").split(",")])


def split(groups: Groups, wanted: Flags, target: str | None) -> Iterator[Place]:
    """Yield the wanted orders by group; groups without any are left out."""
    chosen = np.flatnonzero(wanted)
    order = np.argsort(groups.group[chosen], kind="stable")
    sizes = np.bincount(groups.group[chosen], minlength=len(groups))
    parts: Sequence[Ints] = np.split(chosen[order], np.cumsum(sizes)[:-1]) if len(groups) else []
    for (period, group), part in zip(groups.keys, parts, strict=True):
        if len(part):
            yield Place(period, group, target, part)
