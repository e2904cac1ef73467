"""What figures must know of a policy book: its targets and goals, its revisits, and what time alone changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from slaengine.errors import UsageError, nearest
from slaengine.policies.book import PolicyBook
from slaengine.policies.kpi import Kpi
from slaengine.policies.policy import Target
from slaengine.projections.goals import Goal, Promised


@dataclass(frozen=True, slots=True)
class Promises:
    """What reports must know of the policy: its name, and its targets in their order, with the goals in force."""

    policy: str
    zone: ZoneInfo
    targets: tuple[Promised, ...]

    def check(self, names: Sequence[str]) -> None:
        """Do nothing if all of `names` are targets.

        Raises:
            UsageError: one is not.
        """
        known = [target.name for target in self.targets]
        for name in names:
            if name not in known:
                meant = f"{nearest(name, known)} (targets: {', '.join(known)})"
                raise UsageError(f"policy '{self.policy}' has no target '{name}'{meant}")


def promises_of(book: PolicyBook, as_of: datetime) -> Promises:
    """Return the targets of every edition, each as its latest edition has it, with the goals that hold at `as_of`.

    A target's goal is that of the KPI that measures its `compliance`, else of one that measures the compliance of all.
    """
    latest: dict[str, Target] = {target.name: target for edition in book.editions for target in edition.version.targets}
    goals = _goals(book, as_of)
    targets = tuple(Promised(name, latest[name].promise, goals.get(name)) for name in book.target_names())
    return Promises(book.name, ZoneInfo(book.time_zone), targets)


def titles(book: PolicyBook, lang: str) -> dict[str, str]:
    """Return what people call each target in `lang` (`en` or `zh`), by its name, as its latest edition has it."""
    latest = {target.name: target for edition in book.editions for target in edition.version.targets}
    return {name: target.title.text(lang, name) for name, target in latest.items()}


def _goals(book: PolicyBook, as_of: datetime) -> dict[str, Goal]:
    local = as_of.astimezone(ZoneInfo(book.time_zone))
    goals: dict[str, Goal] = {}
    for kpi in book.latest.version.kpis:
        if kpi.measure != "compliance" or kpi.kind or kpi.type:
            continue
        goal = goal_of(kpi, local)
        if goal is not None:
            goals.setdefault(kpi.target or "", goal)
    return {name: goals.get(name) or goals[""] for name in book.target_names() if name in goals or "" in goals}


def chosen_kpis(book: PolicyBook, names: Sequence[str]) -> list[Kpi]:
    """Return the KPIs of the latest edition with these names; all of them when none is named.

    Raises:
        UsageError: it has no KPI of one of the names.
    """
    kpis = {kpi.name: kpi for kpi in book.latest.version.kpis}
    for name in names:
        if name not in kpis:
            raise UsageError(f"policy '{book.name}' has no KPI '{name}'{nearest(name, kpis)} (KPIs: {', '.join(kpis) or 'none'})")
    return [kpis[name] for name in names or kpis]


def goal_of(kpi: Kpi, local: datetime) -> Goal | None:
    """Return the goal of a KPI on the local date of `local`; None if it has none by then.

    Without bands of its own, green is the goal reached and everything else red.
    """
    in_force = [goal for goal in kpi.goals if goal.effective_from is None or goal.effective_from <= local.date()]
    if not in_force:
        return None
    goal = max(in_force, key=lambda one: (one.effective_from is not None, one.effective_from))
    value = goal.at_least if goal.at_least is not None else goal.at_most or 0.0
    green, amber = (kpi.bands.green, kpi.bands.amber) if kpi.bands else (value, value)
    return Goal(value, green, amber, low_is_good=goal.at_most is not None)


def revisit_targets(book: PolicyBook) -> frozenset[str]:
    """Return the names of the targets that ask for a revisit: those that a `revisited` fact stops."""
    return frozenset(
        target.name
        for edition in book.editions
        for target in edition.version.targets
        if any(trigger.fact == "revisited" for trigger in target.stop)
    )


def holder_measured(book: PolicyBook) -> str | None:
    """Return who holds what nobody else does, if a KPI of the policy measures how long parties hold orders; else None."""
    measured = any(kpi.measure == "held" for edition in book.editions for kpi in edition.version.kpis)
    return book.policy.holder if measured else None


@lru_cache(maxsize=64)
def fingerprint(book: PolicyBook) -> str:
    """Return a digest of all that the book's judgements follow from: two books with the same one judge alike.

    When its parts were published is left out: it matters only to what was known then, and that is judged anew each time.
    """
    digest = sha256(book.name.encode())
    for layer in book.layers:
        digest.update(to_json([layer.name, layer.effective_from, layer.scope, layer.content, layer.policy]))
    return digest.hexdigest()
