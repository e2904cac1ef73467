from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.projections.build import HOUR, clocks, orders, sheet

from slaengine.errors import UsageError
from slaengine.projections.goals import Goal, Promised
from slaengine.projections.promises import Promises
from slaengine.projections.report import Question, Report, tabulate

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
PROMISES = Promises("works", ZoneInfo("UTC"), (Promised("fix", "sla", Goal(0.95, 0.95, 0.9)), Promised("call", "ola")))


def report(order_columns, clock_columns, **asked) -> Report:
    return tabulate(Question.of(NOON, **asked), PROMISES, sheet(order_columns, clock_columns))


def test_the_rate_is_met_over_met_missed_and_overdue():
    three = orders(*({"received": "2026-01-05"} for _ in range(6)))
    found = report(
        three,
        clocks(
            (0, "fix", "met", "2026-01-06", HOUR),
            (1, "fix", "missed", "2026-01-06", 2 * HOUR),
            (2, "fix", "running", "2026-02-01T11:59", None),
            (3, "fix", "running", "2026-02-01T12:00", None),
            (4, "fix", "waived", "2026-01-06", 3 * HOUR),
            (5, "fix", "cancelled", None, None),
        ),
        targets=["fix"],
    ).rows[0]
    assert (found.met, found.missed, found.running, found.overdue, found.waived, found.cancelled) == (1, 1, 1, 1, 1, 1)
    assert found.rate == pytest.approx(1 / 3)
    assert found.raw_rate == 1 / 4
    assert found.band == "red"


def test_a_paused_clock_without_a_due_time_is_running_however_late_it_is():
    row = report(orders({"received": "2020-01-05"}), clocks((0, "fix", "running", None, None))).rows[0]
    assert (row.running, row.overdue, row.rate, row.band) == (1, 0, None, None)


def test_an_order_that_no_rule_covers_is_not_measurable_and_not_compliant():
    found = report(orders({"received": "2026-01-05", "covered": ""}), clocks())
    assert [(row.target, row.not_measurable, row.met, row.rate) for row in found.rows] == [
        ("fix", 1, 0, None),
        ("call", 1, 0, None),
    ]


def test_a_target_not_yet_started_leaves_no_row_behind():
    found = report(orders({"received": "2026-01-05", "covered": "fix,call"}), clocks((0, "fix", "met", None, HOUR)))
    assert [row.target for row in found.rows] == ["fix"]


def test_percentiles_are_of_stopped_clocks_and_interpolated_between_ranks():
    four = orders(*({"received": "2026-01-05"} for _ in range(5)))
    rows = [(i, "fix", "met", None, hours * HOUR) for i, hours in enumerate((1, 2, 4, 9))]
    row = report(four, clocks(*rows, (4, "fix", "running", None, None))).rows[0]
    assert (row.p50_s, row.p90_s) == (3 * 3600, 7.5 * 3600)


def test_groups_stand_in_order_with_the_unknown_last():
    some = orders(
        {"received": "2026-01-05", "team": None, "type": "lift.stuck"},
        {"received": "2026-02-05", "team": "b", "type": "lift.noise"},
        {"received": "2026-01-06", "team": "a", "type": "pipe"},
    )
    found = report(some, clocks(), period="month", by=["team"])
    assert [(row.period, row.group) for row in found.closure] == [
        ("2026-01", {"team": "a"}),
        ("2026-01", {"team": None}),
        ("2026-02", {"team": "b"}),
    ]
    by_prefix = report(some, clocks(), by=["type.1"])
    assert [(row.group, row.received) for row in by_prefix.closure] == [({"type.1": "lift"}, 2), ({"type.1": "pipe"}, 1)]


def test_closure_counts_what_stands_and_its_rates_leave_out_what_was_void():
    some = orders(
        {"received": "2026-01-05", "status": "closed", "asked": 1, "place": "3", "type": "tap", "ended": "2026-01-07"},
        {"received": "2026-01-05", "status": "resolved", "asked": 1, "open_revisits": 1},
        {"received": "2026-01-05", "status": "resolved"},
        {"received": "2026-01-08", "status": "open", "reopened": 2, "place": "3", "type": "tap"},
        {"received": "2026-01-05", "status": "cancelled"},
        {"received": "2026-01-05", "status": "merged"},
    )
    row = report(some, clocks()).closure[0]
    assert (row.received, row.resolved, row.closed, row.closed_loop) == (6, 3, 1, 2)
    assert (row.revisits_due, row.revisited, row.reopened, row.recurred) == (2, 1, 1, 1)
    assert (row.resolved_rate, row.closure_rate, row.closed_loop_rate, row.revisit_rate) == (0.75, 0.25, 0.5, 0.5)


def test_an_empty_store_reports_no_rows():
    found = report(orders(), clocks(), by=["team"], period="week")
    assert (found.rows, found.closure) == ([], [])


def test_the_json_has_the_promised_keys():
    found = report(orders({"received": "2026-01-05"}), clocks((0, "fix", "met", None, HOUR))).model_dump(mode="json")
    assert list(found) == ["as_of", "known_at", "policy", "rows", "closure"]
    promised = {"period", "group", "target", "promise", "met", "missed", "running", "overdue", "waived", "cancelled"}
    assert promised | {"not_measurable", "rate", "p50_s", "p90_s", "goal", "band"} <= set(found["rows"][0])
    closure = {"period", "group", "received", "resolved", "closed", "closed_loop", "closure_rate", "closed_loop_rate"}
    assert closure | {"revisit_rate", "reopened", "recurred"} <= set(found["closure"][0])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": ["tem"]}, "did you mean 'team'"),
        ({"by": ["type.x"]}, "cannot be grouped by 'type.x'"),
        ({"period": "mont"}, "did you mean 'month'"),
        ({"targets": ["fx"]}, "did you mean 'fix'"),
    ],
)
def test_a_question_that_makes_no_sense_says_what_would(asked, said):
    with pytest.raises(UsageError, match=said):
        report(orders({"received": "2026-01-05"}), clocks(), **asked)
