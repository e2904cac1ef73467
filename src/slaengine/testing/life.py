"""The life of one work order, drawn step by step: what is said about it, and when each of it reaches us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import accumulate
from random import Random
from typing import NamedTuple
from uuid import UUID

from slaengine.domain import commands as c
from slaengine.domain.values import Evidence, Place, Reporter
from slaengine.testing.town import (
    ANSWERS,
    CHANNELS,
    CLERKS,
    COMMUNITIES,
    MANAGERS,
    MATTERS,
    PAUSE_REASONS,
    PLANS,
    Matter,
    Mix,
)

HOUR_S = 3_600.0
DAY_S = 86_400
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
_SHARES = list(accumulate(matter.share for matter in MATTERS))


class Arrival(NamedTuple):
    """A command and the instant at which it reached us, which is its `recorded_at` to be."""

    command: c.Command
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """All that was ever said about one order, in order of arrival."""

    order_id: UUID
    arrivals: tuple[Arrival, ...]

    @property
    def commands(self) -> list[c.Command]:
        """The commands alone, in order of arrival."""
        return [arrival.command for arrival in self.arrivals]


class Life:
    """One order's life as it is drawn, step by step.

    `previous` is the order before, into which this one may be merged; its number is 0 when there is none.
    """

    def __init__(self, rng: Random, mix: Mix, received_at: datetime, number: str, previous: UUID) -> None:
        self.rng, self.mix, self.received_at, self.number, self.previous = rng, mix, received_at, number, previous
        self.matter: Matter = rng.choices(MATTERS, cum_weights=_SHARES)[0]
        self.clerk = rng.choice(CLERKS)
        self.party: str | None = None
        """The contractor or builder who holds the order; None for the company's own team."""
        self.arrivals: list[Arrival] = []
        self.settled_at = received_at
        """When the last fact that others build on reached us."""

    def history(self) -> History:
        """Draw the life and return its history."""
        order_id = _time_ordered_id(self.rng, self.received_at)
        self._receive()
        self._begin()
        end = self.rng.random()
        if end < self.mix.cancelled:
            self._settle(c.Cancel(occurred_at=max(self._at(0.3), self.answered_at + MINUTE), by=self.clerk, reason="withdrawn"))
        elif end < self.mix.cancelled + self.mix.merged and self.previous.int:
            self._settle(c.Merge(occurred_at=max(self._at(0.3), self.answered_at + MINUTE), by=self.clerk, into=self.previous))
        else:
            self._work()
        self.arrivals.sort(key=lambda arrival: arrival.recorded_at)
        self._correct()
        return History(order_id, tuple(self.arrivals))

    def _receive(self) -> None:
        rng = self.rng
        community, building, flat = rng.choice(COMMUNITIES), rng.randint(1, 18), rng.randint(1, 120)
        self._settle(
            c.Receive(
                occurred_at=self.received_at,
                by=self.clerk,
                channel=rng.choice(CHANNELS),
                kind=self.matter.kind,
                number=self.number,
                place=Place(community=community, building=str(building), premises=f"{community[0]}-{building}-{flat}"),
                reporter=Reporter(subject=f"{community[0]}{building}-{flat}"),
                received_by=self.clerk,
            )
        )

    def _begin(self) -> None:
        rng, matter = self.rng, self.matter
        self.answered_at = self._later(rng.lognormvariate(5.3, 0.9))
        if rng.random() < 0.95:
            self._say(c.Respond(occurred_at=self.answered_at, by=self.clerk))
        first = matter
        if rng.random() < self.mix.reclassified:
            self.matter = rng.choice([other for other in MATTERS if other is not matter and other.kind == matter.kind] or MATTERS)
        self._classify(first, self._later(rng.uniform(60, 600)))
        self.begun_at = self._later(rng.uniform(600, 1_800))
        if self.matter is not first:
            self._classify(self.matter, self.begun_at)
        self.seconds = max(1_900.0, HOUR_S * self.matter.hours * rng.lognormvariate(0, 0.7))

    def _classify(self, matter: Matter, occurred_at: datetime) -> None:
        self._settle(
            c.Classify(occurred_at=occurred_at, by=self.clerk, type=matter.type, severity=matter.severity, party="company")
        )

    def _work(self) -> None:
        rng = self.rng
        self._dispatch(self.begun_at)
        self._on_the_way()
        if rng.random() < self.mix.never_resolved:
            return
        pause_s = self._pause() if rng.random() < self.mix.paused else 0.0
        resolved_at = self._resolve(max(self._at(1.0), self.answered_at + MINUTE) + timedelta(seconds=pause_s))
        while rng.random() < self.mix.reopened:
            resolved_at = self._again(resolved_at)
        self._finish(resolved_at)

    def _dispatch(self, occurred_at: datetime) -> None:
        """Send the order to a contractor or the builder, who may decline it, or to the matter's own team."""
        rng, team = self.rng, self.matter.team
        person = f"{team}-{rng.randint(1, 9):02}"
        self.party = None
        if rng.random() < self.mix.contractor or self.matter.type == "facility.lift.entrapment":
            party = self.party = rng.choice(("contractor", "builder"))
            self._settle(c.Dispatch(occurred_at=occurred_at, by=self.clerk, party=party))
            if rng.random() < self.mix.declined:
                self.party = None
                self._settle(c.Decline(occurred_at=self._at(0.05, occurred_at), reason="not_ours", party=party))
                self._settle(c.Dispatch(occurred_at=self._at(0.06, occurred_at), by=self.clerk, team=team, person=person))
        else:
            self._settle(c.Dispatch(occurred_at=occurred_at, by=self.clerk, team=team, person=person))
        if rng.random() < 0.8:
            self._say(c.Accept(occurred_at=self._at(0.08, occurred_at), by=person))

    def _on_the_way(self) -> None:
        rng, matter = self.rng, self.matter
        if matter.on_site and rng.random() < 0.93:
            self._say(c.Arrive(occurred_at=self._at(rng.uniform(0.1, 0.6)), by=f"{matter.team}-01", party=self.party))
        if matter.kind in ("repair", "complaint") and rng.random() < self.mix.planned:
            for n, stage in enumerate(PLANS.get(matter.severity, ("first",)) if matter.kind == "complaint" else ("first",)):
                self._say(c.ProposePlan(occurred_at=self._at(0.3 + 0.3 * n), stage=stage))
        if matter.type == "service.neighbour.noise":
            self._say(c.HoldMeeting(occurred_at=self._at(0.62), parties=("owner", "neighbour", "company")))
        for day in range(1, min(10, int(self.seconds // DAY_S) + 1)):
            self._say(c.ReportProgress(occurred_at=self._later(day * DAY_S * 0.98), by=self.clerk, method="push"))
        if rng.random() < self.mix.escalated:
            self._settle(c.Escalate(occurred_at=self._at(0.68), by=self.clerk, level=1, reason="overdue"))
        if rng.random() < self.mix.evidence:
            digest = sha256(self.number.encode()).hexdigest()
            self._say(c.AttachEvidence(occurred_at=self._at(0.66), evidence=Evidence(digest=digest)))

    def _pause(self) -> float:
        """Let the work wait for one or two reasons after 70 % of it, and return how many seconds it waits."""
        rng = self.rng
        waits = [(0.0, self.rng.lognormvariate(10.3, 0.8), rng.choice(PAUSE_REASONS))]
        if rng.random() < self.mix.second_pause:
            reason = rng.choice([reason for reason in PAUSE_REASONS if reason != waits[0][2]])
            waits.append((waits[0][1] * rng.choice((0.5, 1.5)), rng.lognormvariate(9.5, 0.8), reason))
        steps: list[c.Command] = []
        begin = self._at(0.7)
        for after_s, for_s, reason in waits:
            since = begin + timedelta(seconds=after_s)
            steps.append(c.Pause(occurred_at=since, reason=reason))
            if rng.random() >= self.mix.left_paused:
                steps.append(c.Resume(occurred_at=since + timedelta(seconds=for_s), reason=reason))
        for step in sorted(steps, key=lambda step: step.occurred_at):
            self._settle(step)
        return max(after_s + for_s for after_s, for_s, _ in waits)

    def _resolve(self, occurred_at: datetime) -> datetime:
        self._settle(c.Resolve(occurred_at=occurred_at, by=f"{self.matter.team}-01", outcome="done"))
        return occurred_at

    def _again(self, resolved_at: datetime) -> datetime:
        rng = self.rng
        reopened_at = resolved_at + timedelta(seconds=rng.lognormvariate(11, 0.8))
        self._settle(c.Reopen(occurred_at=reopened_at, by=self.clerk, reason="not_solved"))
        self._dispatch(reopened_at + timedelta(seconds=rng.uniform(300, 3_000)))
        return self._resolve(reopened_at + timedelta(seconds=4_000 + self.seconds * rng.uniform(0.2, 1.0)))

    def _finish(self, resolved_at: datetime) -> None:
        rng, last = self.rng, resolved_at
        if rng.random() < self.mix.revisited:
            last = resolved_at + timedelta(seconds=rng.lognormvariate(11.2, 0.7))
            self._settle(c.Revisit(occurred_at=last, by=self.clerk, method="telephone", satisfaction=rng.choice(ANSWERS)))
            if rng.random() < self.mix.revisited_on_site:
                last += timedelta(seconds=rng.uniform(HOUR_S, 2 * DAY_S))
                self._settle(c.Revisit(occurred_at=last, by=self.clerk, method="on_site", satisfaction=rng.choice(ANSWERS)))
        if rng.random() < self.mix.closed:
            last += timedelta(seconds=rng.uniform(60, DAY_S))
            self._settle(c.Close(occurred_at=last, by=self.clerk))
        if rng.random() < self.mix.cost:
            amount = Decimal(rng.randint(1_000, 90_000)) / 100
            self._say(c.ChargeCost(occurred_at=last, by=MANAGERS[0], party="builder", amount=amount))
        if rng.random() < self.mix.waiver:
            self._waive(last)

    def _waive(self, last: datetime) -> None:
        asked_at, decided_at = last + timedelta(seconds=3_000), last + timedelta(seconds=90_000)
        decision = self.rng.choice((c.ApproveWaiver, c.ApproveWaiver, c.RefuseWaiver))
        self._settle(c.RequestWaiver(occurred_at=asked_at, by=self.clerk, target="resolution", reason="no_access"))
        self._settle(decision(occurred_at=decided_at, by=self.rng.choice(MANAGERS), target="resolution", reason="no_access"))

    def _correct(self) -> None:
        """Put one fact right, after all: a building, or the time of an arrival by the minutes a clock was wrong."""
        if self.rng.random() >= self.mix.corrected:
            return
        at = self.arrivals[-1].recorded_at + timedelta(seconds=HOUR_S)
        correction = c.Correct(occurred_at=at, by=self.clerk, version=1, field="place.building", value="19")
        for version, arrival in enumerate(self.arrivals, 1):
            if type(arrival.command) is c.Arrive:
                right = (arrival.command.occurred_at - timedelta(seconds=300)).isoformat()
                correction = c.Correct(occurred_at=at, by=self.clerk, version=version, field="occurred_at", value=right)
        self.arrivals.append(Arrival(correction, at))

    def _settle(self, command: c.Command) -> None:
        """Let a command arrive that later ones build on: never before those it builds on itself."""
        self.settled_at = max(self._recorded_at(command), self.settled_at + TICK)
        self.arrivals.append(Arrival(command, self.settled_at))

    def _say(self, command: c.Command) -> None:
        """Let a command arrive that no other one waits for; it may wait for those settled so far."""
        self.arrivals.append(Arrival(command, max(self._recorded_at(command), self.settled_at)))

    def _recorded_at(self, command: c.Command) -> datetime:
        late = self.rng.random() < self.mix.late
        delay_s = self.rng.lognormvariate(10.5, 0.9) if late else self.rng.random() * 20
        return command.occurred_at + timedelta(seconds=delay_s)

    def _at(self, share: float, since: datetime | None = None) -> datetime:
        """Return the instant at which this share of the work is done, counted from `since` or from its beginning."""
        return (since or self.begun_at) + timedelta(seconds=self.seconds * share)

    def _later(self, seconds: float) -> datetime:
        return self.received_at + timedelta(seconds=seconds)


def _time_ordered_id(rng: Random, instant: datetime) -> UUID:
    """Return a UUID of version 7: milliseconds since the epoch, then chance."""
    milliseconds = int(instant.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62))
