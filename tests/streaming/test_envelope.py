from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from slaengine.domain import events
from slaengine.domain.codec import encode
from slaengine.domain.values import Place, Reporter
from slaengine.errors import CorruptFact, UnreadableMessage
from slaengine.storage.log import StoredFact
from slaengine.streaming.envelope import Address, Envelope, key_of
from slaengine.streaming.port import Message, Record
from slaengine.streaming.streamed import StreamedFact, read

ORDER = UUID("01948f2a-0000-7000-8000-000000000001")
AT = datetime(2026, 1, 5, 9, 0, 0, 250, tzinfo=UTC)
RECORDED = 1_767_603_601_000_000
RECEIVED = events.Received(
    occurred_at=AT,
    kind="repair",
    number="WO-20260105-000123",
    place=Place(community="Lakeside", building="3", room="1204"),
    reporter=Reporter(subject="p-77", name="Wang Fang", telephone="13800000000"),
    description="water from the ceiling",
    correlation_id="call-9",
    causation_id="ring-1",
    labels={},
    given_due={},
)
PERSONAL = (b"Wang Fang", b"13800000000", b"water from the ceiling", b"1204")


def stored(fact: events.Fact, version: int = 1) -> StoredFact:
    return StoredFact(42, ORDER, version, fact.TOPIC, encode(fact), RECORDED, b"h" * 32)


def message(fact: events.Fact, *, personal: bool = False) -> Message:
    return Envelope("urn:city", "facts", personal=personal).message(stored(fact), b"WO-20260105-000123", key_of(ORDER), 2)


def record(sent: Message, **changed: bytes | None) -> Record:
    headers = dict(sent.headers) | {name: value for name, value in changed.items() if value is not None}
    for name, value in changed.items():
        if value is None:
            del headers[name]
    return Record("facts", 2, 7, sent.key, sent.value, list(headers.items()), 0)


def test_the_headers_are_a_cloud_event_in_binary_binding() -> None:
    assert dict(message(RECEIVED).headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"01948f2a-0000-7000-8000-000000000001:1",
        "ce_type": b"slaengine.work_order.received.v1",
        "ce_source": b"urn:city",
        "ce_subject": b"WO-20260105-000123",
        "ce_time": b"2026-01-05T09:00:00.000250Z",
        "ce_recordedtime": b"2026-01-05T09:00:01Z",
        "ce_sequence": b"42",
        "ce_version": b"1",
        "ce_hash": b"68" * 32,
        "ce_correlationid": b"call-9",
        "ce_causationid": b"ring-1",
        "content-type": b"application/json",
    }
    assert message(RECEIVED).key == str(ORDER).encode()


def test_personal_fields_are_left_out_unless_the_topic_may_carry_them() -> None:
    whole = message(RECEIVED, personal=True)
    bare = message(RECEIVED)
    assert all(text in (whole.value or b"") for text in PERSONAL)
    assert not any(text in (bare.value or b"") for text in PERSONAL)
    assert not any(text in value for text in PERSONAL for _, value in [*whole.headers, *bare.headers])
    assert b"Lakeside" in (bare.value or b"")


def test_a_personal_correction_leaves_without_its_text() -> None:
    sent = message(events.Corrected(occurred_at=AT, version=1, field="reporter.name", text="Li Lei"))
    assert b"reporter.name" in (sent.value or b"")
    assert b"Li Lei" not in (sent.value or b"")


def test_what_was_sent_is_read_back_without_its_personal_fields() -> None:
    found = read(record(message(RECEIVED)))
    assert found == StreamedFact(
        source="urn:city", position=42, order_id=ORDER, number="WO-20260105-000123", version=1, type="work_order.received.v1",
        state=message(RECEIVED).value or b"", recorded_at=RECORDED, topic="facts", partition=2, offset=7, hash=b"h" * 32,
    )  # fmt: skip
    fact = found.fact
    assert isinstance(fact, events.Received)
    assert (fact.occurred_at, fact.place.community, fact.place.room) == (AT, "Lakeside", None)
    assert fact.reporter == Reporter(subject="p-77")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", None),
        ("ce_type", None),
        ("ce_version", b"one"),
        ("ce_version", b"0"),
        ("ce_sequence", None),
        ("ce_recordedtime", b"yesterday"),
        ("ce_subject", b"\xff\xfe"),
    ],
)
def test_a_message_off_the_contract_is_named_by_its_place(name: str, value: bytes | None) -> None:
    with pytest.raises(UnreadableMessage, match="facts, partition 2, offset 7"):
        read(record(message(RECEIVED), **{name: value}))


def test_an_event_of_another_version_of_cloudevents_is_refused() -> None:
    with pytest.raises(UnreadableMessage, match="ce_specversion"):
        read(record(message(RECEIVED), ce_specversion=b"2.0"))


@pytest.mark.parametrize("body", [b"\x00\x01", b"", None, b"[1]"])
def test_a_body_that_is_no_object_is_refused(body: bytes | None) -> None:
    with pytest.raises(UnreadableMessage):
        read(record(message(RECEIVED)._replace(value=body)))


def test_a_fact_of_a_newer_version_is_not_sent_since_nobody_knows_what_is_personal_in_it() -> None:
    newer = StoredFact(1, ORDER, 1, "work_order.received.v9", b'{"occurred_at":"2026-01-05T09:00:00Z"}', RECORDED, b"")
    with pytest.raises(CorruptFact, match="upgrade"):
        Envelope("urn:city", "facts").message(newer, b"n", b"k", 0)


def test_a_newer_shape_of_a_known_fact_is_told_from_an_unknown_fact() -> None:
    sent = message(RECEIVED)
    assert read(record(sent, ce_type=b"slaengine.work_order.received.v9")).known
    assert not read(record(sent, ce_type=b"slaengine.work_order.teleported.v1")).known


def test_an_occurrence_is_read_whichever_way_its_json_is_laid_out() -> None:
    laid_out = b'{\n  "occurred_at":"2026-01-05T09:00:00Z",\n  "by":"x"}'
    nested = b'{"inner":{"occurred_at":"never"}\n,"occurred_at":"2026-01-05T09:00:00Z"}'
    plain = b'{"occurred_at":"2026-01-05T09:00:00Z"}'
    for states in ([laid_out], [nested], [plain, laid_out, nested, plain]):
        rows = [(n, ORDER.bytes, n, "work_order.arrived.v1", state, RECORDED, b"h" * 32) for n, state in enumerate(states, 1)]
        sent = Envelope("urn:city", "facts").messages(rows, {ORDER.bytes: Address.of(b"n", key_of(ORDER), 2)})
        assert [dict(message.headers)["ce_time"] for message in sent] == [b"2026-01-05T09:00:00Z"] * len(states)


@pytest.mark.parametrize(
    "fact",
    [
        RECEIVED.model_copy(update={"labels": {"occurred_at": "never"}}),
        RECEIVED.model_copy(update={"by": 'a "occurred_at":"b" c'}),
        RECEIVED.model_copy(update={"channel": "{ } curly"}),
        events.Corrected(occurred_at=AT, version=1, field="labels", value={"occurred_at": "2020"}),
    ],
)
def test_the_time_of_occurrence_is_the_facts_own_whatever_else_is_called_so(fact: events.Fact) -> None:
    assert dict(message(fact).headers)["ce_time"] == b"2026-01-05T09:00:00.000250Z"


def test_facts_of_all_kinds_together_come_out_as_each_alone() -> None:
    told: list[events.Fact] = [
        RECEIVED,
        RECEIVED.model_copy(update={"description": None, "correlation_id": None, "causation_id": None}),
        events.Arrived(occurred_at=AT),
        events.Resolved(occurred_at=AT, note='he said "occurred_at":"never" {twice}', causation_id="ring-2"),
    ]
    rows = [(n, ORDER.bytes, n, fact.TOPIC, encode(fact), RECORDED + n, b"h" * 32) for n, fact in enumerate(told, 1)]
    for some in (rows, [rows[2]], [(*row[:-1], b"") for row in rows], [(*rows[0][:-1], b""), *rows[1:]], []):
        envelope, address = Envelope("urn:city", "facts"), {ORDER.bytes: Address.of(b"n", key_of(ORDER), 2)}
        alone = [
            envelope.message(StoredFact(at, ORDER, version, topic, state, recorded, link), b"n", key_of(ORDER), 2)
            for at, _, version, topic, state, recorded, link in some
        ]
        together = envelope.messages(some, address)
        assert list(together) == alone
        assert [dict(message.headers)["ce_time"] for message in together] == [b"2026-01-05T09:00:00.000250Z"] * len(some)
        assert ["ce_hash" in dict(message.headers) for message in together] == [bool(row[-1]) for row in some]
