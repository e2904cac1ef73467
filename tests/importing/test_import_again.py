from __future__ import annotations

from datetime import UTC, datetime

from tests.importing.given import DONE, OPEN, city

from slaengine.domain.commands import Correct
from slaengine.importing.plan import order_id

FIRST = datetime(2026, 1, 5, 20, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)
ORDER = order_id("city", "1")


def test_the_same_table_again_adds_nothing(store):
    store.rows(city(), DONE, {**OPEN, "id": "2"})
    again = store.rows(city(), DONE, {**OPEN, "id": "2"})
    assert (again.orders, again.facts, again.new_facts) == (2, 7, 0)


def test_a_newer_extract_adds_the_closing(store):
    store.rows(city(), OPEN, snapshot_at=FIRST)
    assert store.rows(city(), DONE, snapshot_at=LATER).new_facts == 2
    assert [name for name, _ in store.told("1")] == ["received", "classified", "verdict_stated", "resolved", "verdict_stated"]


def test_a_newer_extract_that_says_the_same_of_an_open_order_adds_nothing(store):
    store.rows(city(), OPEN, snapshot_at=FIRST)
    assert store.rows(city(), OPEN, snapshot_at=LATER).new_facts == 0


def test_a_newer_extract_adds_the_verdict_that_changed(store):
    store.rows(city(), OPEN, snapshot_at=FIRST)
    assert store.rows(city(), {**OPEN, "ontime": "no"}, snapshot_at=LATER).new_facts == 1


def test_what_the_source_now_says_otherwise_is_a_correction(store):
    store.rows(city(), OPEN, snapshot_at=FIRST)
    store.rows(city(), {**OPEN, "target": "2026-01-09 09:00:00", "type": "door", "ward": "5"}, snapshot_at=LATER)
    corrections = [(f.version, f.field, f.value, f.by) for f in store.facts("1") if f.NAME == "corrected"]
    assert corrections == [
        (1, "given_due", {"due": "2026-01-09T14:00:00Z"}, "import city"),
        (1, "labels", {"ward": "5"}, "import city"),
        (2, "type", "door", "import city"),
    ]
    known = store.engine.work_orders.work_order(ORDER).known
    assert known[0].given_due == {"due": datetime(2026, 1, 9, 14, tzinfo=UTC)}
    assert known[1].type == "door"


def test_a_correction_is_made_once(store):
    store.rows(city(), OPEN, snapshot_at=FIRST)
    for _ in range(2):
        result = store.rows(city(), {**OPEN, "type": "door"}, snapshot_at=LATER)
    assert result.new_facts == 0


def test_a_persons_own_correction_is_left_alone(store):
    store.rows(city(), OPEN, snapshot_at=FIRST)
    store.engine.handle(ORDER, Correct(occurred_at=LATER, by="li", version=2, field="type", value="door"))
    assert store.rows(city(), OPEN, snapshot_at=LATER).new_facts == 0
    assert store.engine.work_orders.work_order(ORDER).known[1].type == "door"


def test_personal_text_that_changed_is_corrected_as_personal_text(store):
    store.rows(city(), {**OPEN, "note": "Mrs Li waits"}, snapshot_at=FIRST)
    store.rows(city(), {**OPEN, "note": "Mr Wu waits"}, snapshot_at=LATER)
    correction = store.facts("1")[-1]
    assert (correction.field, correction.value, correction.text) == ("description", None, "Mr Wu waits")


def test_a_closing_time_that_changed_is_corrected(store):
    store.rows(city(), DONE, snapshot_at=LATER)
    store.rows(city(), {**DONE, "closed": "2026-01-06 09:30:00"}, snapshot_at=LATER)
    known = store.engine.work_orders.work_order(ORDER).known
    assert known[2].occurred_at == datetime(2026, 1, 6, 14, 30, tzinfo=UTC)


def test_two_rows_of_one_order_are_two_statements(store):
    result = store.rows(city(), OPEN, DONE, snapshot_at=LATER)
    assert result.rejected == 0
    assert [name for name, _ in store.told("1")][2:] == ["verdict_stated", "resolved", "verdict_stated"]
