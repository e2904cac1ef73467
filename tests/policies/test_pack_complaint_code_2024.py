"""The pack complaint-code-2024 keeps each time limit of the code, and the change of its anchor on 1 April 2024."""

import pytest
from tests.policies.pack_walk import Walk, clock, go, keeps_to_the_second, targets, then, walking

PACK = "complaint-code-2024"
COMPLAINT = {"kind": "complaint"}
OLD, NEW = "2024-02-01T10:00", "2024-05-01T10:00"
OLD_STAGE_1 = (
    then("respond", "2024-02-05T10:00"),
    then("resolve", "2024-02-12T10:00"),
    then("reopen", "2024-02-19T10:00", reason="stage_2"),
)
NEW_STAGE_1 = (
    then("respond", "2024-05-03T10:00"),
    then("resolve", "2024-05-15T10:00"),
    then("reopen", "2024-05-20T10:00", reason="stage_2"),
)

WALKS = [
    Walk(
        "complaint · received → acknowledged · 5 working days",
        "stage_1_acknowledged", COMPLAINT, ("respond", {}), "2024-02-09T00:00", received=OLD,
    ),
    Walk(  # the bank holiday of 6 May does not count
        "complaint · received → acknowledged · 5 working days",
        "stage_1_acknowledged", COMPLAINT, ("respond", {}), "2024-05-10T00:00", received=NEW,
    ),
    Walk(
        "complaint, until 31 March 2024 · received → full response · 10 working days",
        "stage_1_response", COMPLAINT, ("resolve", {}), "2024-02-16T00:00", None, OLD_STAGE_1[:1], OLD,
    ),
    Walk(
        "complaint, from 1 April 2024 · acknowledged → full response · 10 working days",
        "stage_1_response", COMPLAINT, ("resolve", {}), "2024-05-21T00:00", None, (then("respond", "2024-05-03T10:00"),), NEW,
    ),
    Walk(
        "complaint at stage 2 · asked for → acknowledged · 5 working days",
        "stage_2_acknowledged", COMPLAINT, ("respond", {}), "2024-02-27T00:00", None, OLD_STAGE_1, OLD,
    ),
    Walk(
        "complaint at stage 2, until 31 March 2024 · asked for → full response · 20 working days",
        "stage_2_response", COMPLAINT, ("resolve", {}), "2024-03-19T00:00", None, OLD_STAGE_1, OLD,
    ),
    Walk(
        "complaint at stage 2, from 1 April 2024 · acknowledged → full response · 20 working days",
        "stage_2_response", COMPLAINT, ("resolve", {}), "2024-06-21T00:00", None,
        (*NEW_STAGE_1, then("respond", "2024-05-22T10:00")), NEW,
    ),
]  # fmt: skip
FIGURES = []


@pytest.fixture(scope="module")
def engine():
    with walking(PACK) as engine:
        yield engine


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: f"{walk} {walk.received}")
def test_the_row_is_kept_to_the_second(engine, walk):
    keeps_to_the_second(engine, walk)


@pytest.mark.parametrize(
    ("received", "limit_from", "verdict"),
    [("2024-03-28T10:00", "received", "missed"), ("2024-04-02T10:00", "acknowledged", "met")],
)
def test_the_clock_keeps_the_code_in_force_when_it_started(engine, received, limit_from, verdict):
    order = go(engine, COMPLAINT, then("respond", "2024-04-05T10:00"), then("resolve", "2024-04-18T10:00"), received=received)
    judged = clock(engine, order, "stage_1_response")
    assert judged.edition == {"received": "2022", "acknowledged": "2024"}[limit_from]
    assert judged.verdict == verdict


def test_under_the_new_code_nothing_runs_towards_a_response_before_the_acknowledgement(engine):
    assert targets(engine, go(engine, COMPLAINT, received=NEW)) == {"stage_1_acknowledged": "overdue"}
