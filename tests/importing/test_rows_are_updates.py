from __future__ import annotations

from slaengine.importing import parse_mapping
from slaengine.importing.plan import order_id

LOG = """
source: desk
rows: updates
key: id
time: at
time_zone: UTC
%s
facts:
  - fact: received
    when: {first: true}
    set: {kind: {value: repair}, number: id}
  - fact: reopened
    when: {leaves: {state: [Resolved, Closed]}}
  - fact: classified
    set: {type: matter, by: who}
  - fact: dispatched
    when: {present: team}
    unless: {was: {state: [Resolved, Closed]}, is: {state: [Resolved, Closed]}}
    set: {team: team}
  - fact: resumed
    when: {leaves: {state: Waiting}}
  - fact: paused
    when: {enters: {state: Waiting}}
    set: {reason: {column: state, translate: {Waiting: customer}}}
  - fact: resolved
    when: {enters: {state: [Resolved, Closed]}}
    set: {outcome: code}
  - fact: closed
    when: {enters: {state: Closed}}
    set: {outcome: code}
"""


def desk(extra: str = "final: [code]"):
    return parse_mapping(LOG % extra, "desk.yaml")


def row(at: str, state: str, order: str = "1", **more: str) -> dict[str, str]:
    return {"id": order, "at": f"2026-01-05 {at}", "state": state, "matter": "lift", "team": "A", "code": "", "who": "x", **more}


def names(store, key="1"):
    return [(name, at[6:11]) for name, at in store.told(key, "desk")]


LIFE = (
    row("09:00", "New"),
    row("09:10", "Active"),
    row("09:20", "Waiting"),
    row("10:00", "Active"),
    row("11:00", "Resolved", code="early"),
    row("12:00", "Active"),
    row("13:00", "Resolved"),
    row("14:00", "Closed", code="DONE"),
)


def test_facts_come_from_what_changes_between_rows(store):
    assert store.rows(desk(), *LIFE).rejected == 0
    assert names(store) == [
        ("received", "09:00"),
        ("classified", "09:00"),
        ("dispatched", "09:00"),
        ("paused", "09:20"),
        ("resumed", "10:00"),
        ("resolved", "11:00"),
        ("reopened", "12:00"),
        ("resolved", "13:00"),
        ("closed", "14:00"),
    ]


def test_final_values_are_not_read_before_the_last_row(store):
    store.rows(desk(), *[{**each, "code": "DONE"} for each in LIFE])
    assert [fact.outcome for fact in store.facts("1", "desk") if fact.NAME in ("resolved", "closed")] == [None, None, "DONE"]


def test_what_an_order_is_and_who_has_it_is_recorded_when_it_changes(store):
    rows = (row("09:00", "New"), row("10:00", "Active", team="B", who="y"), row("11:00", "Active", matter="door", team="B"))
    store.rows(desk(), *rows)
    assert names(store)[2:] == [("dispatched", "09:00"), ("dispatched", "10:00"), ("classified", "11:00")]


def test_an_order_closed_without_being_resolved_is_resolved_in_the_same_instant(store):
    store.rows(desk(), row("09:00", "New"), row("10:00", "Closed"))
    assert names(store)[-2:] == [("resolved", "10:00"), ("closed", "10:00")]


def test_an_order_first_seen_resolved_was_resolved_then(store):
    store.rows(desk(), row("09:00", "Resolved"))
    assert names(store) == [("received", "09:00"), ("classified", "09:00"), ("dispatched", "09:00"), ("resolved", "09:00")]


BACKWARDS = (row("09:00", "New"), row("10:00", "Waiting"), row("09:30", "Active"))


def test_a_row_that_goes_back_in_time_happens_with_the_row_before_it(store):
    store.rows(desk(), *BACKWARDS)
    assert names(store)[-2:] == [("paused", "10:00"), ("resumed", "10:00")]


def test_a_row_that_goes_back_in_time_can_reject_its_order(store):
    result = store.rows(desk("rules: {backwards: reject}"), *BACKWARDS)
    assert (result.orders, result.rejected) == (0, 3)
    assert [(r["row"], r["reason"]) for r in store.rejects()] == [
        ("2", "left out with row 4 of the same order"),
        ("3", "left out with row 4 of the same order"),
        ("4", "lies before the time of the order's row before it"),
    ]


def test_rows_that_stand_apart_are_brought_together(store):
    other = [{**each, "id": "2"} for each in LIFE]
    mixed = [each for pair in zip(LIFE, other, strict=True) for each in pair]
    assert store.rows(desk(), *mixed).orders == 2
    assert names(store, "1") == names(store, "2")
    assert len(names(store, "1")) == 9


def test_a_sequence_column_orders_the_rows(store):
    shuffled = [{**each, "n": str(i)} for i, each in enumerate(LIFE)][::-1]
    store.rows(desk("sequence: n"), *shuffled)
    assert len(names(store)) == 9


def test_a_carried_column_keeps_its_value_where_rows_leave_it_out(store):
    rows = (row("09:00", "New"), row("10:00", "Waiting"), row("11:00", ""), row("12:00", "Active"))
    store.rows(desk("carry: state"), *rows)
    assert names(store)[-2:] == [("paused", "10:00"), ("resumed", "12:00")]


def test_a_refused_update_leaves_out_its_order_and_says_which_row_and_why(store):
    text = LOG % "" + "  - fact: accepted\n    when: {is: {state: Closed}}\n"
    result = store.rows(parse_mapping(text), row("09:00", "New"), row("10:00", "Closed"))
    assert (result.orders, result.rejected) == (0, 2)
    assert store.rejects()[1]["row"] == "3"
    assert store.rejects()[1]["reason"].startswith("cannot accept")


def test_importing_the_log_again_adds_nothing(store):
    store.rows(desk(), *LIFE)
    again = store.rows(desk(), *LIFE)
    assert (again.orders, again.new_facts, again.rejected) == (1, 0, 0)


def test_a_longer_log_adds_only_what_is_new(store):
    store.rows(desk(), *LIFE[:5])
    assert store.facts("1", "desk")[-1].outcome == "early"
    result = store.rows(desk(), *LIFE)
    assert (result.rejected, result.new_facts) == (0, 4)
    assert names(store)[-3:] == [("reopened", "12:00"), ("resolved", "13:00"), ("closed", "14:00")]
    known = store.engine.work_orders.work_order(order_id("desk", "1")).known
    assert [fact.outcome for fact in known if fact.NAME == "resolved"] == [None, None]
    assert store.rows(desk(), *LIFE).new_facts == 0
