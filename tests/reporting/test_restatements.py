"""What was known at the time beside what is known now: a late report, a correction and a late waiver, counted by hand."""

from datetime import UTC, datetime

import pytest
from tests.reporting.conftest import POLICY

from slaengine.engine import SlaEngine


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path):
    """Four repairs received on 5 January; on 10 January one is known to be met, three seem overdue."""
    (tmp_path / "works.yaml").write_text(POLICY, encoding="utf-8")
    now = [day(5)]
    with SlaEngine.open("memory:", policy=tmp_path / "works.yaml", clock=lambda: now[0]) as engine:
        for number in ("A-1", "A-2", "A-3", "A-4"):
            engine.receive(kind="repair", number=number, occurred_at=day(5))
            engine.dispatch(number, team="lifts", occurred_at=day(5))
        now[0] = day(6)
        engine.resolve("A-1", occurred_at=day(5, 12))
        now[0] = day(12)
        engine.resolve("A-2", occurred_at=day(5, 20))  # reported a week late
        engine.dispatch("A-4", team="water", occurred_at=day(6))
        engine.request_waiver("A-3", by="clerk", target="fix", reason="weather", occurred_at=day(7))
        engine.approve_waiver("A-3", by="manager", target="fix", reason="weather", occurred_at=day(8))
        engine.receive(kind="repair", number="A-5", occurred_at=day(9))
        now[0] = day(20)
        yield engine


def test_figures_that_changed_stand_with_both_values(engine):
    found = engine.restatements(day(10), targets=["fix"])
    changed = {(row.target, row.figure): (row.then, row.now) for row in found.figures}
    assert changed == {
        ("fix", "met"): (1, 2),
        ("fix", "running"): (0, 1),
        ("fix", "overdue"): (3, 1),
        ("fix", "waived"): (0, 1),
        ("fix", "rate"): (1 / 4, 2 / 3),
        (None, "received"): (4, 5),
        (None, "resolved"): (1, 2),
        (None, "closed_loop"): (1, 2),
    }


def test_the_orders_that_made_them_so_stand_with_what_was_learnt(engine):
    orders = {order.number: order for order in engine.restatements(day(10)).orders}
    assert sorted(orders) == ["A-2", "A-3", "A-4", "A-5"]
    (clock,) = orders["A-2"].clocks
    assert (clock.then, clock.now) == ("overdue", "met")
    (learnt,) = orders["A-2"].since
    assert (learnt.name, learnt.late_s) == ("resolved", (6 * 24 + 4) * 3600)
    assert [clock.now for clock in orders["A-3"].clocks] == ["waived"]
    assert (orders["A-4"].clocks, [item.name for item in orders["A-4"].since]) == ([], ["dispatched"])
    assert [(clock.then, clock.now) for clock in orders["A-5"].clocks] == [(None, "running")]


def test_groups_that_an_order_left_or_came_to_are_both_there(engine):
    found = engine.restatements(day(10), by=["team"], targets=["fix"])
    received = {row.group["team"]: (row.then, row.now) for row in found.figures if row.figure == "received"}
    assert received == {"lifts": (4, 3), "water": (None, 1), None: (None, 1)}


def test_nothing_changes_for_who_asks_what_is_known_now(engine):
    found = engine.restatements(day(20))
    assert (found.figures, found.orders) == ([], [])


def test_the_command_shows_both(slaengine):
    ran = slaengine("restatements", "--known-at", "2026-01-01T00:00:00Z", "--as-of", "2026-01-20T00:00:00Z", "--by", "team")
    assert ran.code == 0
    assert "A-1" in ran.out
    ran = slaengine("restatements", "--known-at", "2026-01-01T00:00:00Z", "--as-of", "2026-01-20T00:00:00Z", "--lang", "zh")
    assert "现已变更的数字" in ran.out
    again = slaengine("restatements", "--known-at", "2027-01-01T00:00:00Z", "--json").json
    assert (again["figures"], again["orders"]) == ([], [])
