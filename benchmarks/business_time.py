"""Business time per pair, beside other libraries on the same pairs: python -m benchmarks business_time

Each library gets Monday to Friday, 09:00 to 17:00 in UTC with ten holidays, and pairs of instants up to 60 days
apart. Answers are compared with ours before anything is timed; a peer that is missing or differs is said so aloud.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time

import numpy as np

from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_instants import as_micros

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
HOLIDAYS = [date(2025, month, 15) for month in range(1, 11)]
CALENDAR = BusinessCalendar.model_validate(
    {"tz": "UTC", "weekly": dict.fromkeys(WEEKDAYS, [["09:00", "17:00"]]), "holidays": HOLIDAYS},  # noqa: RUF024 - only read
)
Pair = tuple[datetime, datetime]
FEW = 200
"""Pairs that the peers are asked about; some take milliseconds for one."""


def pairs(count: int) -> list[Pair]:
    chance = random.Random(311)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    starts = [first + timedelta(seconds=chance.randrange(300 * 86_400)) for _ in range(count)]
    return [(start, start + timedelta(seconds=chance.randrange(60 * 86_400))) for start in starts]


def best_of(times: int, work: Callable[[], object]) -> float:
    """Return the shortest time of several runs, in ns of this process."""
    spent = []
    for _ in range(times):
        begun = time.process_time_ns()
        work()
        spent.append(time.process_time_ns() - begun)
    return min(spent)


def ours(several: list[Pair]) -> None:
    limits = [(start, timedelta(seconds=3600 * (n % 80))) for n, (start, _) in enumerate(several)]
    ask, due, days = CALENDAR.business_time, CALENDAR.due_at, CALENDAR.due_on
    show("slaengine business_time", len(several), lambda: [ask(start, end) for start, end in several])
    show("slaengine due_at", len(several), lambda: [due(start, limit) for start, limit in limits])
    show("slaengine due_on, 5 working days", len(several), lambda: [days(start, 5) for start, _ in several])
    starts, ends = (np.array([as_micros(pair[n]) for pair in several] * 50) for n in (0, 1))
    show("slaengine business_time_many (arrays)", len(starts), lambda: CALENDAR.business_time_many(starts, ends))
    show("slaengine due_at_many (arrays)", len(starts), lambda: CALENDAR.due_at_many(starts, ends - starts))


def show(name: str, count: int, work: Callable[[], object]) -> None:
    work()
    print(f"{name:42}{best_of(15 if count > FEW else 5, work) / count:>14,.0f} ns a pair")


def peer(name: str, prepare: Callable[[], Callable[[Pair], timedelta]], several: list[Pair]) -> None:
    try:
        ask = prepare()
        differs = [pair for pair in several if ask(pair) != CALENDAR.business_time(*pair)]
    except Exception as problem:  # noqa: BLE001 - whatever a peer does wrong, the others are still measured
        print(f"{name:42}{'skipped':>14}: {problem!r}")
        return
    show(name, len(several), lambda: [ask(pair) for pair in several])
    if differs:
        print(f"{'':42}{'':>14}  differs in {len(differs)} of {len(several)} answers, first {differs[0][0]} to {differs[0][1]}")


def businesstimedelta() -> Callable[[Pair], timedelta]:
    import businesstimedelta as library

    around = [date(2024, 1, 15), *HOLIDAYS, date(2026, 12, 15)]  # it cannot look past the last one it knows
    holidays = library.HolidayRule(around)
    days = library.WorkDayRule(start_time=wall_time(9), end_time=wall_time(17), working_days=[0, 1, 2, 3, 4])
    rules = library.Rules([days, holidays])
    return lambda pair: rules.difference(pair[0], pair[1]).timedelta


def businesstime() -> Callable[[Pair], timedelta]:
    import businesstime as library

    calendar = library.BusinessTime(business_hours=(wall_time(9), wall_time(17)), holidays=HOLIDAYS)
    day = timedelta(hours=8)

    def ask(pair: Pair) -> timedelta:
        found = calendar.businesstimedelta(pair[0].replace(tzinfo=None), pair[1].replace(tzinfo=None))
        return found.days * day + timedelta(seconds=found.seconds)

    return ask


def business_duration() -> Callable[[Pair], timedelta]:
    import pandas as pd
    from business_duration import businessDuration

    def ask(pair: Pair) -> timedelta:
        start, end = (pd.Timestamp(instant.replace(tzinfo=None)) for instant in pair)
        hours = {"starttime": wall_time(9), "endtime": wall_time(17)}
        return timedelta(seconds=round(businessDuration(start, end, **hours, holidaylist=HOLIDAYS, unit="sec")))

    return ask


def pandas() -> Callable[[Pair], timedelta]:
    """Count business hours with CustomBusinessHour: whole hours only, so answers differ by less than one."""
    import pandas as pd

    offset = pd.offsets.CustomBusinessHour(start="09:00", end="17:00", holidays=HOLIDAYS)
    return lambda pair: timedelta(
        hours=len(pd.date_range(pair[0].replace(tzinfo=None), pair[1].replace(tzinfo=None), freq=offset))
    )


def main() -> None:
    several = pairs(20_000)
    print(f"process time of this process, best of 15, of 5 for peers; NumPy {np.__version__}")
    ours(several)
    few = several[:FEW]
    for prepare in (businesstimedelta, businesstime, business_duration, pandas):
        peer(prepare.__name__, prepare, few)


if __name__ == "__main__":
    main()
