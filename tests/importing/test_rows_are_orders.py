from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.importing.given import DONE, OPEN, city

from slaengine.errors import ImportingError


def test_a_closed_row_becomes_its_facts(store):
    result = store.rows(city(), DONE)
    assert store.told("1") == [
        ("received", "01-05 14:00:00"),
        ("classified", "01-05 14:00:00"),
        ("resolved", "01-06 15:00:00"),
        ("verdict_stated", "01-06 15:00:00"),
    ]
    assert (result.rows, result.orders, result.facts, result.new_facts, result.rejected) == (1, 1, 4, 4, 0)


def test_fields_and_groups_are_filled_and_empty_cells_left_out(store):
    store.rows(city(), {**DONE, "ward": " Ward 5 ", "note": "?"})
    received = store.facts("1")[0]
    assert received.labels == {"ward": "Ward 5"}
    assert received.given_due == {"due": datetime(2026, 1, 8, 14, tzinfo=UTC)}
    assert received.description is None


def test_an_open_row_has_its_verdict_at_the_snapshot(store):
    store.rows(city(), OPEN, snapshot_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert store.told("1")[-1] == ("verdict_stated", "02-01 00:00:00")


def test_without_a_stated_snapshot_it_is_the_latest_time_the_table_knows(store):
    store.rows(city(), OPEN, {**DONE, "id": "2"})
    assert store.told("1")[-1] == ("verdict_stated", "01-06 15:00:00")


def test_an_empty_verdict_is_unknown(store):
    store.rows(city(), {**DONE, "ontime": ""})
    assert store.facts("1")[-1].verdict == "unknown"


def test_a_word_outside_the_table_rejects_the_row(store):
    result = store.rows(city(), {**DONE, "ontime": "perhaps"})
    assert result.rejected == 1
    assert store.rejects() == [
        {
            "file": "table.csv",
            "row": "2",
            "column": "ontime",
            "value": "perhaps",
            "reason": "is not in the mapping's `translate` table for this column, and `others` is `reject`",
        }
    ]


def test_a_row_said_to_be_closed_without_a_time_is_rejected(store):
    store.rows(city(), {**OPEN, "status": "Closed"})
    assert [(r["column"], r["reason"]) for r in store.rejects()] == [
        ("closed", "is missing, so it is not known when the order was resolved")
    ]


def test_an_order_with_one_bad_field_is_left_out_whole(store):
    result = store.rows(city(), {**DONE, "type": "a" * 201}, {**DONE, "id": "2"})
    assert (result.orders, result.rejected) == (1, 1)
    assert store.rejects()[0]["column"] == "type"
    assert store.engine.log.count_orders() == 1


CLOSED_EARLY = {**DONE, "closed": "2026-01-05 08:59:30"}
DUE_EARLY = {**DONE, "target": "2026-01-05 08:00:00"}


class TestBeforeReceived:
    def test_is_kept_as_the_source_says_by_default(self, store):
        store.rows(city(), CLOSED_EARLY)
        assert ("resolved", "01-05 13:59:30") in store.told("1")

    def test_can_be_moved_to_the_receipt(self, store):
        store.rows(city("before_received: clamp"), CLOSED_EARLY)
        assert ("resolved", "01-05 14:00:00") in store.told("1")

    def test_can_be_rejected(self, store):
        store.rows(city("before_received: reject"), CLOSED_EARLY)
        assert store.rejects()[0]["reason"] == "lies 0:00:30 before the order was received"

    @pytest.mark.parametrize(("most", "rejected"), [("30 s", 0), ("29 s", 1)])
    def test_is_accepted_up_to_a_tolerance(self, store, most, rejected):
        assert store.rows(city(f"before_received_at_most: {most}"), CLOSED_EARLY).rejected == rejected


class TestDueBeforeReceived:
    def test_is_kept_by_default(self, store):
        store.rows(city(), DUE_EARLY)
        assert store.facts("1")[0].given_due == {"due": datetime(2026, 1, 5, 13, tzinfo=UTC)}

    def test_can_be_read_as_missing(self, store):
        store.rows(city("due_before_received: missing"), DUE_EARLY)
        assert store.facts("1")[0].given_due == {}

    def test_can_be_rejected(self, store):
        store.rows(city("due_before_received: reject"), DUE_EARLY)
        assert [(r["column"], r["reason"]) for r in store.rejects()] == [("target", "is due before the order was received")]


def test_a_placeholder_date_is_read_as_missing(store):
    store.rows(city('placeholders: "2059-12-31 19:00:00"'), {**DONE, "target": "2059-12-31 19:00:00"})
    assert store.facts("1")[0].given_due == {}


def test_a_due_time_may_lie_in_the_future_and_a_fact_may_not(store):
    store.rows(city(), {**DONE, "target": "2030-01-01 00:00:00"}, {**DONE, "id": "2", "closed": "2030-01-01 00:00:00"})
    assert store.facts("1")[0].given_due["due"].year == 2030
    assert [(r["row"], r["column"], r["reason"]) for r in store.rejects()] == [("3", "closed", "lies in the future")]


def test_a_time_in_the_future_can_be_read_as_not_yet(store):
    row = {**OPEN, "closed": "2030-01-01 00:00:00"}
    assert store.rows(city("future: missing"), row).rejected == 0
    assert [name for name, _ in store.told("1")] == ["received", "classified", "verdict_stated"]


def test_an_unreadable_time_is_rejected_with_its_column(store):
    store.rows(city(), {**OPEN, "opened": "05/01/2026"}, DONE)
    assert [(r["column"], r["value"]) for r in store.rejects()] == [("opened", "05/01/2026")]


def test_a_row_without_a_key_is_rejected(store):
    assert store.rows(city(), {**OPEN, "id": "?"}).rejected == 1
    assert store.rejects()[0]["reason"] == "is missing, so the row belongs to no order"


def test_a_table_nobody_dated_is_refused_when_its_verdicts_need_a_date(store):
    undated = city().model_copy(update={"snapshot_from": ()})
    with pytest.raises(ImportingError, match=r"not known when .* was taken; say so with --snapshot-at"):
        store.rows(undated, OPEN)
    assert store.engine.log.head().position == 0
