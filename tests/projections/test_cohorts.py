"""Key figures by other dates than that of receipt, beside what follows from the clocks one by one."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.projections.build import HOUR, at, clocks, ints, orders, sheet
from tests.projections.stores import NEW_YEAR, STANDARD, Town

from slaengine.policies.kpi import Kpi
from slaengine.projections.case_file import CaseFile, micros
from slaengine.projections.cohorts import local_days
from slaengine.projections.columns import Sheet
from slaengine.projections.entry import Entry, Judge
from slaengine.projections.gather import tile_of_entries
from slaengine.projections.kpi_orders import kpi_places
from slaengine.projections.kpis import cut_for, kpi_rows
from slaengine.projections.periods import label, local_day
from slaengine.projections.reading import Reader
from slaengine.projections.sheets import side_by_side
from slaengine.storage.database import Database

JUDGE = Judge(STANDARD)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = micros(NEW_YEAR) + 60 * 24 * HOUR
BELOW = {"compliance": ("met", "missed", "overdue"), "waived": ("met", "missed", "overdue", "waived")}


@cache
def files() -> list[CaseFile]:
    database = Database.open("memory:")
    told, reader = Town(database, 150), Reader()
    told.tell()
    stored = defaultdict(list)
    for fact in told.log.scan():
        stored[fact.order_id].append(reader.moment(fact.topic, fact.state, fact.version, fact.recorded_at))
    database.close()
    return [CaseFile(order_id, tuple(moments)) for order_id, moments in stored.items()]


@cache
def town() -> Sheet:
    """A town as it is kept: with what time alone has done since told beside."""
    entries = [entry for entry in JUDGE.entries(files()) if entry.valid_until is None or entry.valid_until >= NOW]
    return side_by_side([tile_of_entries(entries, ("kind", "type", "team"))], ("kind", "type", "team")).at(NOW, JUDGE.deadlines)


@cache
def judged() -> list[Entry]:
    """The same orders, each judged for the instant."""
    kept = {entry.case_file.order_id for entry in JUDGE.entries(files()) if entry.valid_until is None or entry.valid_until >= NOW}
    return [entry for entry in JUDGE.entries(files(), as_of=NOW) if entry.case_file.order_id in kept]


def by_hand(kpi: Kpi, period: str) -> dict:
    """Above and below the line, and the orders below it, by period and team, from the clocks one by one."""
    found: dict = defaultdict(lambda: (Counter(), set()))
    for place, entry in enumerate(judged()):
        for clock in entry.clocks:
            stopped = clock.stop if clock.stopped_by is not None and clock.verdict in ("met", "missed", "waived") else None
            instant = clock.due if kpi.cohort == "due" else stopped
            if (kpi.target and clock.target != kpi.target) or instant is None:
                continue
            if clock.verdict in BELOW[kpi.measure]:
                counts, behind = found[label(local_day(instant, JUDGE.zone), period), entry.view.team]
                counts["below"] += 1
                counts["above"] += clock.verdict == BELOW[kpi.measure][-1 if kpi.measure == "waived" else 0]
                behind.add(place)
    return found


@pytest.mark.parametrize("period", ["day", "week", "month"])
@pytest.mark.parametrize("target", [None, "daily_progress", "revisit"])
@pytest.mark.parametrize("cohort", ["due", "stopped"])
@pytest.mark.parametrize("measure", ["compliance", "waived"])
def test_clocks_are_counted_in_the_period_in_which_they_were_due_or_stopped(measure, cohort, target, period):
    kpi = Kpi(name="k", measure=measure, cohort=cohort, target=target, by=("team",), period=period)
    cut = cut_for(kpi, town(), NOW, JUDGE.zone)
    expected = by_hand(kpi, period)
    rows = {(row.period, row.group["team"]): (row.above, row.below) for row in kpi_rows(kpi, cut, zone=JUDGE.zone)}
    assert rows == {place: (counts["above"], counts["below"]) for place, (counts, _) in expected.items()}
    behind = {(place.period, place.group["team"]): set(place.orders.tolist()) for place in kpi_places(kpi, cut, "below")}
    assert behind == {place: orders for place, (_, orders) in expected.items() if orders}
    assert sum(below for _, below in rows.values()) > 0


def test_the_town_has_daily_clocks_that_went_on_by_themselves():
    assert town().further.missed.sum() > 0
    assert "daily_progress" in town().further.target.words


@given(
    st.lists(st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: at("2017-06-01") + minutes * 60_000_000), min_size=1),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "America/Havana", "UTC"]),
)
def test_local_dates_of_many_are_those_of_each(instants, name):
    zone = ZoneInfo(name)
    assert local_days(ints(instants), zone).tolist() == [local_day(instant, zone) for instant in instants]


def test_no_instants_have_no_dates():
    assert local_days(np.empty(0, np.int64), SHANGHAI).tolist() == []


def one(**fields):
    return {"received": "2026-01-05", "kind": "repair", **fields}


def test_orders_are_counted_in_the_period_in_which_they_were_closed():
    some = orders(
        one(status="closed", closed="2026-01-31T15:59", satisfaction="satisfied"),
        one(status="closed", closed="2026-01-31T16:00", satisfaction="dissatisfied"),
        one(status="resolved", satisfaction="satisfied"),
    )
    kpi = Kpi(name="k", measure="satisfaction", answers=("satisfied",), cohort="closed")
    cut = cut_for(kpi, sheet(some), at("2026-03-01"), SHANGHAI)
    rows = kpi_rows(kpi, cut, zone=SHANGHAI)
    assert [(row.period, row.cohort, row.above, row.below) for row in rows] == [
        ("2026-01", "closed", 1, 1),
        ("2026-02", "closed", 0, 1),
    ]
    assert [(place.period, cut.orders.seq[place.orders].tolist()) for place in kpi_places(kpi, cut, "below")] == [
        ("2026-01", [0]),
        ("2026-02", [1]),
    ]


def test_elapsed_times_are_those_of_the_clocks_that_stopped_in_the_period():
    ticking = clocks(
        (0, "push", "met", "2026-01-31T15:00", HOUR, "2026-01-31T15:59"), (0, "push", "met", None, 3 * HOUR, "2026-02-01T04:00"),
        (1, "push", "missed", None, 5 * HOUR, "2026-02-10"), (1, "push", "running", "2026-02-09", None),
    )  # fmt: skip
    kpi = Kpi(name="k", measure="elapsed", target="push", cohort="stopped")
    cut = cut_for(kpi, sheet(orders(one(), one()), ticking), at("2026-03-01"), SHANGHAI)
    rows = kpi_rows(kpi, cut, zone=SHANGHAI)
    assert [(row.period, row.below, row.value) for row in rows] == [("2026-01", 1, 3_600.0), ("2026-02", 2, 4 * 3_600.0)]
    assert [place.orders.tolist() for place in kpi_places(kpi, cut, "below")] == [[0], [0, 1]]


@pytest.mark.parametrize(
    ("measure", "cohort"), [("closure", "due"), ("count", "stopped"), ("backlog", "closed"), ("rework", "closed")]
)
def test_a_cohort_that_a_measure_cannot_have_is_refused(measure, cohort):
    with pytest.raises(ValidationError, match="cohort"):
        Kpi(name="k", measure=measure, cohort=cohort)


def test_a_town_asked_on_the_day_it_began_has_no_periods():
    kpi = Kpi(name="k", measure="compliance", cohort="stopped")
    cut = cut_for(kpi, sheet(orders()), micros(datetime(2026, 1, 1, tzinfo=UTC)), SHANGHAI)
    assert kpi_rows(kpi, cut, zone=SHANGHAI) == []
    assert list(kpi_places(kpi, cut, "above")) == []
