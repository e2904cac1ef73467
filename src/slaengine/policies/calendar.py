"""The business calendar: a weekly rule, holidays and single days' hours in one time zone, and what it answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as wall_time
from functools import cached_property
from typing import Annotated, Any, Final, Literal, NamedTuple, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from slaengine.errors import CalendarError, nearest
from slaengine.policies import calendar_arrays
from slaengine.policies.business import DAY, DAY_RULES
from slaengine.policies.calendar_instants import as_datetime, as_length, as_micros, as_timedelta
from slaengine.policies.calendar_reach import Reach, Timetable, timetable
from slaengine.policies.calendar_rules import FIRST_DAY, LAST_DAY, CalendarRules, Window, date_of, day_number, time_of_day, window
from slaengine.policies.china import state_council_days

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
Boundary = Literal["end", "next"]
Reversed = Literal["zero", "negative"]
DayRule = Literal[
    "end_of_day",
    "end_of_date",
    "same_local_time_then_roll_forward",
    "roll_start_forward_then_same_local_time",
    "roll_to_opening",
    "skip_non_working_keep_local_time",
    "skip_closed_days_keep_local_time",
    "roll_late_start_then_same_local_time",
]

_ALWAYS: Final = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
_NOT_CHINA: Final = "literal['china']"
"""How pydantic names the branch of `holidays` that is one word."""


def _checked_time(value: object) -> str:
    if isinstance(value, wall_time):
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a time of day; write it in quotes, as "18:00"')  # noqa: TRY004 - pydantic wants ValueError
    time_of_day(value)
    return value


def _checked_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"'{name}' is not a time zone; write one as Area/City, such as Asia/Shanghai, or UTC") from None
    return name


def _named_holidays(value: object) -> object:
    if isinstance(value, str) and value != "china":
        raise ValueError(f"'{value}' is no known list; write a list of dates, a mapping of dates to names, or china")
    return dict.fromkeys(value, "holiday") if isinstance(value, (list, tuple, set, frozenset)) else value


def _opens_before_midnight(hours: tuple[str, str]) -> tuple[str, str]:
    if time_of_day(hours[0]) == DAY:
        raise ValueError("a window opens at 23:59:59 at the latest; 24:00 can only close one")
    return hours


TimeOfDay = Annotated[str, BeforeValidator(_checked_time)]
Hours = tuple[Annotated[tuple[TimeOfDay, TimeOfDay], AfterValidator(_opens_before_midnight)], ...]


class Segment(NamedTuple):
    """Open time from `start` up to, but not including, `end`; both UTC."""

    start: datetime
    end: datetime


class BusinessCalendar(BaseModel):
    """When work is done, and so when a promise's time runs.

    Windows are half-open, in wall-clock time of `tz`; one that does not close later on its day crosses midnight and
    belongs to the day on which it opens; windows that overlap count once. An override replaces whatever else is said of its
    date; `[]` closes it. A holiday closes the windows that open on it. An instant is open when the wall clock's
    reading at it lies in a window: an hour that comes twice counts twice, one that is skipped never, and lengths are real
    seconds.

    `holidays` is a list of dates, a mapping of dates to names, or `china`: the State Council's holidays with their
    make-up working days, which take the hours of `makeup_hours_of` (without it, of the first weekday that has
    any), unless that day of the week opens anyway. Beyond the years that are known every question is refused, or, with
    `unknown_years: weekly`, answered by the weekly rule alone.

    Building one raises `CalendarError`, naming the fields at fault. Calendars are equal, and share their tables, when
    they are defined alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    tz: Annotated[str, AfterValidator(_checked_zone)]
    weekly: dict[Weekday, Hours] = Field(default_factory=dict)
    holidays: Annotated[Literal["china"] | dict[date, str], BeforeValidator(_named_holidays)] = Field(default_factory=dict)
    overrides: dict[date, Hours] = Field(default_factory=dict)
    makeup_hours_of: Weekday | None = None
    unknown_years: Literal["refuse", "weekly"] = "refuse"

    @model_validator(mode="wrap")
    @classmethod
    def _validated(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise _calendar_error(error) from None

    @classmethod
    def always(cls, tz: str = "UTC") -> Self:
        """Return the calendar that is open at every instant; `tz` matters to rules that count days."""
        return cls.model_validate({"tz": tz, "weekly": _ALWAYS})

    def __hash__(self) -> int:
        return hash(self.rules)

    @cached_property
    def rules(self) -> CalendarRules:
        """The definition as plain numbers."""
        return _resolved(self)

    @cached_property
    def timetable(self) -> Timetable:
        """The tables, and the same questions in integer µs."""
        return timetable(self.rules)

    def due_at(self, start: datetime, limit: timedelta, boundary: Boundary = "end") -> datetime:
        """Return the instant at which `limit` open time has passed since `start`.

        When the limit runs out exactly at closing time, `end` answers the closing time, `next` the next opening.
        A negative limit walks backwards, mirrored: `end` answers the opening it has reached, `next` the closing before.
        Zero is due at `start` itself by `end`, at the first open instant from `start` on by `next`.

        Raises:
            NoOpenTime: the calendar does not open for so long in that direction.
            CalendarError: `start` is naive, or the answer lies where the calendar is not known.
        """
        later = boundary != "end" and _chosen(boundary, "end", "next")
        return as_datetime(self.timetable.due_at(as_micros(start), as_length(limit), later=later))

    def business_time(self, start: datetime, end: datetime, reversed: Reversed = "zero") -> timedelta:  # noqa: A002 - contract
        """Return the open time in `[start, end)`. When `end` comes first that is zero, or its negative, by `reversed`.

        Raises:
            CalendarError: an instant is naive or lies where the calendar is not known.
        """
        first, last = as_micros(start), as_micros(end)
        if first > last and not _chosen(reversed, "zero", "negative"):
            return timedelta()
        return as_timedelta(self.timetable.open_between(first, last))

    def due_on(self, start: datetime, days: int, rule: DayRule = "end_of_day") -> datetime:
        """Return the instant at which `days` working days from `start` are over; the day of `start` is day 0.

        A working day is a date with a window opening on it. The rules, and what zero and negative `days` mean under
        each, are those of `business.due_on`; `roll_to_opening` is another name of `roll_start_forward_then_same_local_time`.

        Raises:
            NoOpenTime: there are not so many working days in that direction.
            CalendarError: `start` is naive, no such rule, or the answer lies where the calendar is not known.
        """
        return as_datetime(self.timetable.due_on(as_micros(start), days, _rule_code(rule)))

    def wall_clock_days(self, start: datetime, days: int) -> datetime:
        """Return `start` moved by calendar days, open or not, at the same time of day on the wall clock."""
        return as_datetime(self.timetable.wall_clock_days(as_micros(start), days))

    def next_daily(self, start: datetime, at: str) -> datetime:
        """Return the first instant strictly after `start` at which a working day's wall clock shows `at` (`17:00`)."""
        try:
            shown = time_of_day(at)
        except ValueError as error:
            raise CalendarError(str(error)) from None
        return as_datetime(self.timetable.next_daily(as_micros(start), shown))

    def is_open(self, instant: datetime) -> bool:
        """Return whether `instant` lies in a window; closing time does not."""
        at = as_micros(instant)
        return bisect_right(self.timetable.cover(at, at).tables.edges, at) & 1 == 1

    def segments(self, start: datetime, end: datetime) -> Iterator[Segment]:
        """Yield the open time within `[start, end)`, in order; windows that touch are one segment."""
        first, last = as_micros(start), as_micros(end)
        if first >= last:
            return
        edges = self.timetable.cover(first, last).tables.edges
        for i in range(bisect_right(edges, first) // 2 * 2, bisect_left(edges, last), 2):
            if (opens := max(edges[i], first)) < (closes := min(edges[i + 1], last)):
                yield Segment(as_datetime(opens), as_datetime(closes))

    def hours_of(self, day: date) -> Segment | None:
        """Return the first opening and last closing of the windows that open on `day`, breaks between; None when none does."""
        number = day_number(day)
        tables = self._around(number).tables
        i = bisect_left(tables.workdays, number)
        if i == len(tables.workdays) or tables.workdays[i] != number:
            return None
        return Segment(as_datetime(tables.opens[i]), as_datetime(tables.closes[i]))

    def working_days_between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` up to and including `last`; 0 when `last` comes first."""
        begins, ends = day_number(first), day_number(last)
        if begins >= ends:
            return 0
        self._around(begins)
        days = self._around(ends).tables.workdays
        return bisect_right(days, ends) - bisect_right(days, begins)

    def reason_closed(self, instant: datetime) -> str | None:
        """Return why the calendar is closed at `instant`, None when it is open.

        That is the name of a holiday, `special hours` on an overridden date, `weekend` on a weekday that never opens, else
        `night`, which stands for every hour outside the windows of a day that does open.
        """
        if self.is_open(instant):
            return None
        day = instant.astimezone(ZoneInfo(self.tz)).date()
        if day in self.overrides:
            return "special hours"
        if (name := self.holiday_names.get(day)) is not None:
            return name
        return "night" if self.hours_of(day) else "weekend"

    @cached_property
    def holiday_names(self) -> dict[date, str]:
        """The names of the holidays by date, those of `china` resolved."""
        return dict(state_council_days().holidays) if self.holidays == "china" else dict(self.holidays)

    def business_time_many(self, starts: Any, ends: Any, reversed: Reversed = "zero") -> calendar_arrays.Array:  # noqa: A002
        """Return `business_time` of many pairs: int64 µs UTC arrays in, int64 µs out."""
        first, last = calendar_arrays.instants(starts, "starts"), calendar_arrays.instants(ends, "ends")
        return calendar_arrays.open_between(self.timetable, first, last, negative=_chosen(reversed, "zero", "negative"))

    def due_at_many(self, starts: Any, limits: Any, boundary: Boundary = "end") -> calendar_arrays.Array:
        """Return `due_at` of many pairs: int64 arrays of µs UTC and of µs in, int64 µs UTC out. One limit may serve all."""
        first, lengths = calendar_arrays.instants(starts, "starts"), calendar_arrays.instants(limits, "limits")
        return calendar_arrays.due_at(self.timetable, first, lengths, later=_chosen(boundary, "end", "next"))

    def _around(self, day: int) -> Reach:
        """Return tables that hold a day: those that reach its noon on the wall clock."""
        noon = as_micros(datetime.combine(date_of(day), wall_time(12), ZoneInfo(self.tz)))
        return self.timetable.cover(noon, noon)


def _chosen(value: str, first: str, second: str) -> bool:
    """Return whether the second of two choices was made."""
    if value not in (first, second):
        raise CalendarError(f"'{value}' is neither '{first}' nor '{second}'")
    return value == second


def _rule_code(rule: str) -> int:
    try:
        return DAY_RULES[rule]
    except KeyError:
        raise CalendarError(f"no day rule '{rule}'{nearest(rule, DAY_RULES)}; there are {', '.join(DAY_RULES)}") from None


def _resolved(calendar: BusinessCalendar) -> CalendarRules:
    weekly = tuple(_windows(calendar.weekly.get(name, ())) for name in WEEKDAYS)
    special: dict[int, tuple[Window, ...]] = {day_number(day): () for day in calendar.holiday_names}
    first_day, last_day = FIRST_DAY, LAST_DAY
    if calendar.holidays == "china":
        known = state_council_days()
        ordinary = (
            weekly[WEEKDAYS.index(calendar.makeup_hours_of)] if calendar.makeup_hours_of else next(filter(None, weekly), ())
        )
        special |= {day_number(day): weekly[day.weekday()] or ordinary for day in known.makeup_days}
        if calendar.unknown_years == "refuse":
            first_day, last_day = day_number(known.known_from), day_number(known.known_until)
    special |= {day_number(day): _windows(hours) for day, hours in calendar.overrides.items()}
    return CalendarRules(calendar.tz, weekly, tuple(sorted(special.items())), first_day, last_day)


def _windows(hours: Hours) -> tuple[Window, ...]:
    return tuple(sorted(window(opens, closes) for opens, closes in hours))


def _calendar_error(error: ValidationError) -> CalendarError:
    problems, fields = [], []
    for found in error.errors(include_url=False):
        if _NOT_CHINA in found["loc"]:
            continue
        path = tuple(part for part in found["loc"] if part not in ("[key]", "dict[date,str]"))
        fields.append(path)
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the definition"
        problems.append(f"{name}: {_problem(found['type'], found['msg'], path)}")
    return CalendarError(f"calendar cannot be used: {'; '.join(dict.fromkeys(problems))}", tuple(dict.fromkeys(fields)))


def _problem(kind: str, message: str, path: tuple[str | int, ...]) -> str:
    word = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        return f"no such field{nearest(word, BusinessCalendar.model_fields)}"
    return message.removeprefix("Value error, ")
