"""A log replayed without a history: the same answers as by way of one, whatever the facts look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from town_logs import BUSY, START, TownLog, arrivals, odd, pausing, town_log

from slaengine.audit import log_history as reading
from slaengine.audit.cutter import Cutter, Rows
from slaengine.audit.history import History
from slaengine.audit.judging import Facts, Question
from slaengine.audit.log_history import log_history
from slaengine.audit.packed import packed_of
from slaengine.audit.replay import Replay, Replayed
from slaengine.audit.shapes import stored
from slaengine.audit.totals import totals
from slaengine.domain.codec import BY_TOPIC, encode
from slaengine.engine import SlaEngine
from slaengine.errors import CorruptFact
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros, moment_of
from slaengine.storage.log import FactLog, NewFact, StoredFact
from slaengine.testing import examples

DAY = 86_400_000_000
HALF = micros(START) + 2 * DAY
INSTANTS = [(None, None), (HALF, None), (micros(START) + 90 * DAY, None), (None, HALF), (HALF, HALF + DAY // 2)]
ORDERS = [UUID(int=n + (7 << 76)) for n in range(8)]


def replayed(facts: Facts, question: Question) -> list[Replayed]:
    return [bucket for bucket in Replay(facts, question, workers=2).run() if bucket.facts]


def assert_same(log: FactLog, question: Question, folder: Path) -> list[Replayed]:
    """Assert that the log's own replay is that of its history, and return it."""
    made = History(folder, create=True)
    made.extend(log)
    read = log_history(log, question)
    assert read is not None
    found, expected = replayed(read, question), replayed(made, question)
    assert [(bucket.bucket, bucket.facts) for bucket in found] == [(bucket.bucket, bucket.facts) for bucket in expected]
    for one, other in zip(found, expected, strict=True):
        for ours, theirs in zip(one.clocks, other.clocks, strict=True):
            assert np.array_equal(ours, theirs)
    return found


@pytest.mark.parametrize("instants", INSTANTS, ids=["open", "half way", "long after", "as known then", "both"])
@pytest.mark.parametrize("policy", ["new_orders", "open_clocks", "restate", "service-standard", "boston-311"])
def test_a_replay_of_the_log_is_that_of_its_history(
    town: TownLog, history: History, policy: str, instants: tuple[int | None, int | None]
):
    book = PolicyBook.pack(policy) if "-" in policy else pausing(policy)
    question = Question(book, *instants)
    read = log_history(town, question)
    assert read is not None
    (found,), (expected,) = replayed(read, question), replayed(history, question)
    assert (found.bucket, found.facts) == (expected.bucket, expected.facts)
    for ours, theirs in zip(found.clocks, expected.clocks, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("rows", [0, 1 << 24], ids=["a reading a bucket", "one reading"])
def test_a_log_of_many_buckets_is_read_in_pieces_that_come_to_the_same(
    town: TownLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
):
    from slaengine.audit import history as exporting

    for module in (exporting, reading):
        monkeypatch.setattr(module, "BUCKET", 300)
    monkeypatch.setattr(reading, "CHUNK", 70)
    monkeypatch.setattr(reading, "ROWS_MAX", rows)
    assert len(assert_same(town, Question(pausing("open_clocks"), HALF), tmp_path)) > 4


def test_facts_recorded_after_the_reading_began_are_not_in_it(tmp_path: Path):
    facts = arrivals(40, seed=3)
    question = Question(pausing())
    with town_log() as growing:
        growing.take(facts[:200])
        read = log_history(growing, question)
        made = History(tmp_path, create=True)
        made.extend(growing)
        growing.take(facts[200:])
        assert read is not None
        assert totals(read, question) == totals(made, question)


def test_a_file_is_read_as_well_as_memory(tmp_path: Path):
    with town_log(f"sqlite:///{tmp_path}/town.db") as filled:
        filled.take(arrivals(60, seed=6, mix=BUSY))
        assert_same(filled, Question(PolicyBook.pack("service-standard"), HALF), tmp_path / "history")


def test_given_due_times_are_read_also_where_they_are_corrected(tmp_path: Path):
    book = PolicyBook.parse(
        """
policy: given
time_zone: UTC
version: "1"
effective_from: 2020-01-01
targets:
  - {name: due, start: received, stop: resolved, limit: given}
  - {name: slot, start: received, stop: arrived, limit: given:slot}
""",
        "given.yaml",
    )
    clock = START
    with SlaEngine.open("memory:", clock=lambda: clock + timedelta(days=9)) as engine:
        for i in range(40):
            clock = START + timedelta(hours=i)
            given = {"due": clock + timedelta(hours=3)} | ({"slot": clock + timedelta(hours=i)} if i % 3 else {})
            order = engine.receive(kind="repair", channel="app", occurred_at=clock, given_due=given if i % 5 else {})
            engine.arrive(order, occurred_at=clock + timedelta(hours=2))
            engine.resolve(order, occurred_at=clock + timedelta(hours=1 + i % 4))
            if i % 4 == 0:
                right = (clock + timedelta(minutes=5)).isoformat()
                engine.correct(order, version=1, field="given_due.due", value=right, occurred_at=clock + timedelta(days=1))
        (found,) = assert_same(engine.log, Question(book), tmp_path)
    assert len(found.clocks.order) > 40


def test_publications_and_seals_in_the_log_are_no_orders(tmp_path: Path):
    facts = [*examples.FACTS.values(), *examples.PUBLICATIONS.values(), examples.SEAL]
    with town_log() as filled:
        new = [NewFact(examples.ORDER_ID, v, fact.TOPIC, encode(fact)) for v, fact in enumerate(examples.FACTS.values(), 1)]
        others = [NewFact(ORDERS[n], 1, fact.TOPIC, encode(fact)) for n, fact in enumerate(facts[len(new) :])]
        filled.take([(START, fact) for fact in [*others, *new]])
        (found,) = assert_same(filled, Question(PolicyBook.pack("service-standard")), tmp_path)
    assert set(found.clocks.order.tolist()) == {len(others) + 1}


def test_a_policy_that_looks_at_what_differs_from_fact_to_fact_is_replayed_by_a_history(town: TownLog):
    assert log_history(town, Question(odd())) is None


def test_without_the_compiled_kernel_there_is_none(town: TownLog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "available", lambda: False)
    assert log_history(town, Question(pausing())) is None


# ---- any fact at all

ASKED = ("kind", "type", "labels", "place", *reading.EVERYWHERE)
SHAPES = [(fact.TOPIC, json.loads(encode(fact))) for fact in examples.FACTS.values()]
TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(["\x00", "\\", '"', '","occurred_at":"', "维修", "\U0001f600", "é\n", "2026-01-05T08:30:00Z"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 99), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
INSTANT_TEXTS = st.one_of(
    st.datetimes().map(lambda at: at.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")),
    st.datetimes().map(lambda at: at.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")),
    st.sampled_from(
        ["2026-02-29T00:00:00Z", "2024-02-29T23:59:59.9Z", "2026-01-05T08:30:00+08:00", "2026-01-05T24:00:00Z", "soon"]
    ),
    st.datetimes().map(lambda at: at.isoformat() + "+05:30"),
)


@st.composite
def states(draw: Callable[..., Any]) -> tuple[str, bytes]:
    """Return a fact that is right, odd, or damaged."""
    topic, shape = draw(st.sampled_from(SHAPES))
    shape = dict(shape, occurred_at=draw(st.one_of(st.just(shape["occurred_at"]), INSTANT_TEXTS)))
    names = st.sampled_from(["number", "note", "labels", "kind", "type", "value", "by", "expected_at", "text", "odd"])
    shape |= draw(st.dictionaries(st.one_of(names, TEXTS), VALUES, max_size=2))
    if "place" in shape and isinstance(shape["place"], dict):
        shape["place"] = {
            **shape["place"],
            **draw(st.dictionaries(st.sampled_from(["community", "premises", "room", "x"]), VALUES)),
        }
    items = draw(st.permutations(list(shape.items())))
    compact = draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")]))
    text = json.dumps(dict(items), ensure_ascii=draw(st.booleans()), separators=compact)
    if draw(st.integers(0, 9)) == 0:
        text = text[:-1] + "," + text[1:]
    state = bytearray(text.encode(errors="surrogatepass"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(state) - 1))
        state[place : place + draw(st.integers(0, 2))] = draw(
            st.sampled_from([b'"', b"\\", b"{", b"}", b",", b":", b"\xff", b"\n", b"7", b"[]"])
        )
    return topic, bytes(state)


def plainly(topic: str, state: bytes) -> tuple[str, int, dict[str, Any]] | None:
    """Return what a fact says that is asked for, read by itself; None when it cannot be read."""
    try:
        moment = moment_of(topic, state, 1, 0)
    except (CorruptFact, AttributeError):  # a place that is none
        return None
    said = {name: value for name, value in moment.fields.items() if name in ASKED}
    if isinstance(said.get("place"), dict):
        said["place"] = {name: value for name, value in said["place"].items() if name in ("community", "building")}
    return moment.name, moment.occurred_at, said


def cut(facts: list[tuple[str, bytes]]) -> tuple[Cutter, Rows]:
    rows = [StoredFact(n, ORDERS[0], n, topic, state, 0, b"") for n, (topic, state) in enumerate(facts, 1)]
    cutter = Cutter(ASKED, ("due",))
    return cutter, cutter.read(packed_of(stored(rows)), len(rows))


@given(st.lists(states(), min_size=1, max_size=12))
def test_a_fact_is_cut_to_what_reading_it_by_itself_says(facts: list[tuple[str, bytes]]):
    expected = [plainly(*fact) for fact in facts]
    if None in expected:
        with pytest.raises((CorruptFact, AttributeError)):
            cut(facts)
        facts = [fact for fact, said in zip(facts, expected, strict=True) if said is not None]
        expected = [said for said in expected if said is not None]
    if not facts:
        return
    cutter, rows = cut([*facts, *facts])
    for row, said in enumerate([*expected, *expected]):
        shape = cutter.shapes[rows.shape[row]]
        assert said == (shape.name, int(rows.occurred[row]), json.loads(shape.fields))


def test_every_known_fact_is_met_once_and_then_looked_up(monkeypatch: pytest.MonkeyPatch):
    facts = [(fact.TOPIC, encode(fact)) for fact in examples.FACTS.values()]
    assert all(topic in BY_TOPIC for topic, _ in facts)
    later = [(topic, state.replace(b"2026-01-05", b"2026-01-06").replace(b"-07", b"-08")) for topic, state in facts]
    met: list[str] = []
    from slaengine.audit import cutter as cutting

    monkeypatch.setattr(cutting, "moment_of", lambda topic, *rest: met.append(topic) or moment_of(topic, *rest))
    cut([*facts, *later, *later])
    assert sorted(met) == sorted(topic for topic, _ in facts)
