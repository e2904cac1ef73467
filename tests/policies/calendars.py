"""Calendars and instants for the calendar's laws, drawn so that awkward ones are common."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Paris",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",  # 45 minutes
    "Pacific/Chatham",  # 45 minutes, with summer time
    "America/Sao_Paulo",  # summer time began at midnight
    "America/Havana",  # midnight comes twice
    "Pacific/Apia",  # a date that never was
    "Africa/Casablanca",  # four changes a year
)
CHANGES = (
    datetime(2015, 3, 8, 7, tzinfo=UTC),
    datetime(2015, 11, 1, 6, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2018, 2, 18, 2, tzinfo=UTC),
    datetime(2022, 4, 2, 15, tzinfo=UTC),
    datetime(2022, 10, 1, 15, 30, tzinfo=UTC),
    datetime(2022, 11, 6, 5, tzinfo=UTC),
    datetime(2022, 3, 27, 1, tzinfo=UTC),
)

readings = st.integers(0, 24 * 4 - 1).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
closings = st.one_of(readings, st.just("24:00"))
windows = st.lists(st.tuples(readings, closings), max_size=3)
days_near = st.sampled_from(CHANGES).flatmap(lambda at: st.integers(-9, 9).map(lambda d: (at + timedelta(days=d)).date()))
definitions = st.fixed_dictionaries(
    {
        "tz": st.sampled_from(ZONES),
        "weekly": st.dictionaries(st.sampled_from(WEEKDAYS), windows.filter(bool), min_size=1),
        "holidays": st.lists(days_near.map(date.isoformat), max_size=3),
        "overrides": st.dictionaries(days_near.map(date.isoformat), windows, max_size=3),
    },
)
instants = st.builds(
    lambda at, minutes, seconds: at + timedelta(minutes=minutes, seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-8 * 1440, 8 * 1440),
    st.sampled_from((0, 0, 0, 17)),
)
limits = st.integers(1, 20 * 3600).map(lambda seconds: timedelta(seconds=seconds))
