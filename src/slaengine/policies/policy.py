"""The policy file: what is promised, to whom, by when, as a model that can be checked and shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from slaengine.domain.promises import Scope
from slaengine.domain.values import Label
from slaengine.errors import nearest
from slaengine.policies.applies import DIMENSIONS, Applies
from slaengine.policies.calendar import Boundary, DayRule
from slaengine.policies.calendar_spec import ALWAYS, CalendarSpec, HolidayList
from slaengine.policies.kpi import Escalation, Kpi
from slaengine.policies.limits import LIMIT_SCHEMA, Limit, Table, limit_of
from slaengine.policies.triggers import TRIGGER_SCHEMA, Trigger, triggers_of
from slaengine.policies.words import Part, Title, Words

Promise = Literal["sla", "ola", "contract"]
Reopen = Literal["continue", "restart", "new_cycle", "ignore"]

Limits = Annotated[Limit | Table, BeforeValidator(limit_of), WithJsonSchema(LIMIT_SCHEMA)]
Triggers = Annotated[tuple[Trigger, ...], BeforeValidator(triggers_of), WithJsonSchema(TRIGGER_SCHEMA)]
DONE = ("resolved", "closed")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"'{name}' is not a time zone; write one as Area/City, such as Asia/Shanghai") from None
    return name


def _version(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f'write the version in quotes: "{value}"')  # noqa: TRY004 - shown by pydantic
    return value


VersionName = Annotated[Label, BeforeValidator(_version)]


class Target(Part):
    """One promise: from which fact to which, for which orders, within what limit. docs/reference/policy-language.md."""

    name: Label
    title: Title = Title()
    promise: Promise = "sla"
    applies: Applies = Applies()
    start: Triggers = Field(default=(Trigger("received"),), validate_default=True)
    stop: Triggers
    beat: Triggers = (Trigger("progress_reported"),)
    fail: Triggers = ()
    limit: Limits
    day_rule: DayRule = "end_of_day"
    calendar: Label = ALWAYS
    boundary: Boundary = "end"
    pause: Words = ()
    reopen: Reopen | None = None
    reclassify: Literal["recompute", "restart", "keep"] = "recompute"
    reassign: Literal["keep", "restart", "new_cycle"] = "keep"
    cancel: Literal["judge", "excuse"] = "judge"
    warn: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    owner: Label | None = None
    row: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Target:
        if any(trigger.after for trigger in (*self.stop, *self.beat, *self.fail)):
            raise ValueError("stop, beat and fail are facts; only a start can wait for another target")
        if self.repeats and self.reopen in ("continue", "restart"):
            raise ValueError(f"reopen: a cadence begins a new cycle or ignores the reopening, not '{self.reopen}'")
        if isinstance(self.limit, Table) and self.limit.by not in DIMENSIONS and not self.limit.by.startswith("labels."):
            words = [*DIMENSIONS, "labels.NAME"]
            raise ValueError(
                f"limit: no table is by '{self.limit.by}'{nearest(self.limit.by, words) or '; write ' + ', '.join(words)}"
            )
        for _, limit in self.limits():
            if limit.unit == "d" and self.calendar != ALWAYS:
                raise ValueError(f"limit: '{limit.text}' in the calendar '{self.calendar}': write h, wd or cd")
        return self

    @property
    def repeats(self) -> bool:
        """Whether the limit is a cadence: a row for each cycle."""
        limits = [self.limit] if isinstance(self.limit, Limit) else [limit for _, limit in self.limit.rows]
        return any(limit.kind in ("every", "by") for limit in limits)

    def limits(self) -> Iterator[tuple[Applies, Limit]]:
        """Yield the limit with the orders it is for; a table yields each of its rows."""
        if isinstance(self.limit, Limit):
            yield self.applies, self.limit
            return
        for value, limit in self.limit.rows:
            narrowed = self.applies.narrowed(self.limit.by, value)
            if narrowed is not None:
                yield narrowed, limit

    def rows_left_out(self) -> list[str]:
        """Return the rows of the limit's table that no order of the target can fit."""
        rows = self.limit.rows if isinstance(self.limit, Table) else ()
        by = self.limit.by if isinstance(self.limit, Table) else ""
        return [value for value, _ in rows if self.applies.narrowed(by, value) is None]

    @property
    def when_reopened(self) -> Reopen:
        """What a reopening does: by default it goes on with what resolving or closing had stopped, and nothing to others."""
        if self.reopen:
            return self.reopen
        if any(trigger.fact in DONE for trigger in self.stop):
            return "new_cycle" if self.repeats else "continue"
        return "ignore"


class WaiverRules(Part):
    """For which reasons a breach may be excused; an empty list means that none can."""

    reasons: tuple[Label, ...] = ()


class Version(Part):
    """The promises that hold from one instant on. A naive `effective_from` is in the policy's time zone."""

    version: VersionName
    effective_from: datetime
    scope: Scope = "new_orders"
    targets: tuple[Target, ...]
    kpis: tuple[Kpi, ...] = ()
    waivers: WaiverRules = WaiverRules()
    escalations: tuple[Escalation, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Version:
        if not self.targets:
            raise ValueError("targets: write at least one")
        names = {target.name for target in self.targets}
        for what, name in self._mentioned():
            if name not in names:
                raise ValueError(f"{what} '{name}', which is no target{nearest(name, names)}")
        repeating = {target.name for target in self.targets if target.repeats}
        for target in self.targets:
            for trigger in target.start:
                if trigger.after in repeating:
                    raise ValueError(f"target '{target.name}' starts after '{trigger.after}', which repeats and has no one stop")
        in_order(self.targets)
        return self

    def _mentioned(self) -> Iterator[tuple[str, str]]:
        """Yield the targets that other parts mention, with who does."""
        for target in self.targets:
            yield from ((f"target '{target.name}' starts after", trigger.after) for trigger in target.start if trigger.after)
        for kpi in self.kpis:
            if kpi.target is not None:
                yield f"kpi '{kpi.name}' measures", kpi.target
        for reaction in self.escalations:
            yield from (("an escalation watches", name) for name in reaction.targets)


def in_order(targets: Iterable[Target]) -> list[str]:
    """Return the names of targets so that each comes after those whose stop starts it.

    Raises:
        ValueError: some wait for each other in a circle.
    """
    waits: dict[str, set[str]] = {}
    for target in targets:
        waits.setdefault(target.name, set()).update(trigger.after for trigger in target.start if trigger.after)
    order: list[str] = []
    while len(order) < len(waits):
        ready = [name for name in waits if name not in order and waits[name] <= set(order)]
        if not ready:
            raise ValueError(f"the targets {', '.join(sorted(set(waits) - set(order)))} wait for each other in a circle")
        order.extend(ready)
    return order


class Policy(Part):
    """A policy: its versions by effective date, with the calendars they use."""

    policy: Label
    title: Title = Title()
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    holder: Label = "company"
    calendars: dict[Label, CalendarSpec] = Field(default_factory=dict)
    holiday_lists: dict[Label, HolidayList] = Field(default_factory=dict)
    versions: tuple[Version, ...]

    @model_validator(mode="before")
    @classmethod
    def _one_version(cls, data: Any) -> Any:
        """Take a file that writes its one version at the top level."""
        if not isinstance(data, Mapping) or "versions" in data:
            return data
        single = {name: value for name, value in data.items() if name in Version.model_fields}
        return {**{name: value for name, value in data.items() if name not in single}, "versions": [single]}

    @model_validator(mode="after")
    def _calendars_exist(self) -> Policy:
        if not self.versions:
            raise ValueError("versions: write at least one")
        names = [version.version for version in self.versions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"versions: '{name}' names two of them; give each a name of its own")
        known = {ALWAYS, *self.calendars}
        for version in self.versions:
            for target in version.targets:
                hours = target.applies.hours
                for name in (target.calendar, *((hours.inside, hours.outside) if hours else ())):
                    if name is not None and name not in known:
                        raise ValueError(
                            f"target '{target.name}' uses the calendar '{name}', which is not here{nearest(name, known)}"
                        )
        return self

    def instant(self, moment: datetime) -> datetime:
        """Return an instant of the file as an aware one: without an offset it is in the policy's time zone."""
        return moment.replace(tzinfo=ZoneInfo(self.time_zone)) if moment.tzinfo is None else moment
