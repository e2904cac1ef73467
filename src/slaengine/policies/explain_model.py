"""What an explanation says, as data with a stable JSON form.

Instants are aware UTC. Lengths are seconds, exact to the microsecond. Facts are named by their number (version) in the
order. Nothing here is personal data.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from slaengine.policies.limits import LimitKind
from slaengine.policies.rows import Verdict
from slaengine.policies.words import Title

Cause = Literal["counted", "closed", "paused", "stopped"]
"""`stopped` is the time between a stop and the reopening that undid it."""
ChangeKind = Literal["reclassified", "reassigned", "reopened", "policy_changed"]


class Told(BaseModel):
    """Base of the parts of an explanation."""

    model_config = ConfigDict(frozen=True)


class FactTold(Told):
    """A fact that had a part in it, as it is held to have happened: corrections are in it already."""

    version: int
    name: str
    occurred_at: datetime
    recorded_at: datetime
    fields: dict[str, Any]


class Segment(Told):
    """Time with one cause, half-open `[begins_at, ends_at)`.

    - `reason`: of closed time `night`, `weekend`, `special hours` or the holiday's name; of paused time the reasons in
      force, joined by commas; else None. `facts` began and ended it; empty for counted and closed time.
    - `late`: whether it lies after the instant at which the limit ran out.
    - `length_s`: by the wall clock. `open_s`: the calendar's open time in it. `counted_s`: that part of `open_s` which
      counts, all or nothing. `total_s`: what has counted from the start to `ends_at`.
    """

    begins_at: datetime
    ends_at: datetime
    cause: Cause
    reason: str | None
    facts: tuple[int, ...]
    late: bool
    length_s: float
    open_s: float
    counted_s: float
    total_s: float


class DayCounted(Told):
    """One date on the way to a limit in working days.

    `number`: the working day's number, 0 for the one that counting starts from; None for a date that does not count, because
    of `reason` (`weekend`, `special hours`, a holiday's name) or, without one, because it lies before or after the count.
    `make_up`: a day on which work is done although its weekday is closed.
    """

    date: date
    number: int | None
    reason: str | None
    make_up: bool


class Derivation(Told):
    """How the due time follows from the start.

    - `limit`: as the policy writes it; `form` is what kind of limit that is; `amount`: days, or None where it has none.
    - `from_at`: where counting begins: the start, or where the day rule moves it.
    - `first_due_at`: the due time before any pause. `moved_s`: the open time by which pauses moved it, None while it is
      paused and the due time therefore unknowable.
    - `day_rule` and `days` only go with working days, `given_name` with a due time given from outside.
    - `leaves_first_day`: whether a daily deadline may not fall on the day of the start.
    - `boundary`: what a limit means that runs out at closing time: `end`, due then; `next`, due at the next opening.
    """

    form: LimitKind
    limit: str
    amount: int | None
    from_at: datetime
    first_due_at: datetime
    moved_s: float | None
    day_rule: str | None
    days: tuple[DayCounted, ...]
    given_name: str | None
    leaves_first_day: bool
    boundary: Literal["end", "next"]


class Standing(Told):
    """What held for the clock before or after a change."""

    limit: str
    calendar: str
    edition: str
    started_at: datetime
    due_at: datetime | None


class Change(Told):
    """Another rule, another edition or another start came to hold for the clock; `fact` is None when no fact did it."""

    kind: ChangeKind
    at: datetime
    fact: int | None
    before: Standing
    after: Standing


class WaiverTold(Told):
    """The waiver that excuses a breach of the clock, come or to come: the fact that approved it, and for which reason."""

    fact: int
    approved_at: datetime
    reason: str


class Explanation(Told):
    """Why a clock stands where it stands.

    - `cycles`: how many clocks of the target there are. `row`: the text of the programme that the target implements.
    - `effective_from`: since when the policy's `edition` is in force; `calendars_from`: since when it is with these calendars.
    - `starts_on`, `stops_on`: what the target waits for. `started_by`, `stopped_by`: the facts' numbers, None where a deadline
      or a change of the policy did it, or the clock still runs. `judged_at`: the stop, or the instant of the question.
    - `due_at`: None while paused before it. `ran_out_at`: the due time, when it lies before `judged_at`.
    - `fails_on`: facts that fail it at once; `failed`: one of them did, before the limit ran out.
    - `over_s`: what counted after `ran_out_at`, `overdue_s` the same by the wall clock; None when the limit did not run out.
    - `facts`: every fact that is named, by number. `segments` partition `[started_at, judged_at)`; their `counted_s` add up
      to `elapsed_s`, and the `open_s` of the paused and stopped ones to `paused_s`.
    """

    order: str | None
    target: str
    title: Title
    promise: str
    row: str | None
    cycle: int
    cycles: int
    verdict: Verdict
    raw_verdict: Verdict
    policy: str
    policy_title: Title
    edition: str
    effective_from: datetime
    calendars_from: datetime
    calendar: str
    time_zone: str
    as_of: datetime
    known_at: datetime | None
    starts_on: tuple[str, ...]
    stops_on: tuple[str, ...]
    fails_on: tuple[str, ...]
    failed: bool
    pauses_for: tuple[str, ...]
    started_at: datetime
    started_by: int | None
    stopped_at: datetime | None
    stopped_by: int | None
    judged_at: datetime
    due_at: datetime | None
    ran_out_at: datetime | None
    limit_s: float
    elapsed_s: float
    paused_s: float
    over_s: float | None
    overdue_s: float | None
    derivation: Derivation
    segments: tuple[Segment, ...]
    changes: tuple[Change, ...]
    waiver: WaiverTold | None
    facts: tuple[FactTold, ...]
