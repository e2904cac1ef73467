from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from slaengine.storage.log import StoredFact
from slaengine.streaming.contract import asyncapi, event_schemas, incompatibilities
from slaengine.streaming.envelope import Envelope
from slaengine.testing.generator import encoded, histories

HERE = Path(__file__).parent
PUBLISHED: dict[str, Any] = json.loads((HERE / "published-events.json").read_text())
RECEIVED = "slaengine.work_order.received.v1"


def test_nothing_that_was_published_is_broken() -> None:
    assert incompatibilities(PUBLISHED, event_schemas()) == []


def test_what_is_published_is_written_down() -> None:
    assert event_schemas() == PUBLISHED, "compatible, so take it over: slaengine schema events --json > published-events.json"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_event_schema_is_valid_and_without_personal_fields(name: str) -> None:
    Draft202012Validator.check_schema(event_schemas()[name])
    text = json.dumps(event_schemas()[name]["properties"])
    for personal in (
        '"description": {"maxLength"',
        '"note"',
        '"restated"',
        '"telephone"',
        '"room"',
        '"text": {"maxLength": 10000',
    ):
        assert personal not in text


def test_what_is_sent_fits_its_schema() -> None:
    validators = {name: Draft202012Validator(schema) for name, schema in event_schemas().items()}
    envelope, seen = Envelope("urn:test", "facts"), set()
    for fact in encoded(histories(40, seed=5)):
        stored = StoredFact(1, fact.order_id, fact.version, fact.topic, fact.state, 0, b"")
        message = envelope.message(stored, b"n", b"k", 0)
        kind = dict(message.headers)["ce_type"].decode()
        validators[kind].validate(json.loads(message.value or b""))
        seen.add(kind)
    assert len(seen) > 12


def test_the_asyncapi_document_is_valid_by_its_official_schema() -> None:
    official = json.loads((HERE / "asyncapi-3.0.0.json").read_text())
    document = json.loads(json.dumps(asyncapi()))
    assert [error.message for error in Draft7Validator(official).iter_errors(document)] == []
    assert [channel["address"] for channel in document["channels"].values()] == [
        "slaengine.work-orders",
        "slaengine.verdicts",
        "slaengine.commands",
        "slaengine.replies",
    ]
    for channel in document["channels"].values():
        for reference in channel["messages"].values():
            assert reference["$ref"].removeprefix("#/components/messages/") in document["components"]["messages"]


def changed(change: Any) -> dict[str, Any]:
    schemas = copy.deepcopy(PUBLISHED)
    change(schemas)
    return schemas


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda s: s.pop(RECEIVED), "the event type is gone"),
        (lambda s: s[RECEIVED]["properties"].pop("kind"), "kind is gone"),
        (lambda s: s[RECEIVED]["required"].remove("number"), "number was always there and may be missing"),
        (lambda s: s[RECEIVED]["properties"]["number"].update(type="integer"), "number was string and is integer"),
        (lambda s: s[RECEIVED]["properties"]["kind"]["enum"].append("parcel"), "kind may have values that it could not have"),
        (lambda s: s[RECEIVED]["$defs"]["Place"]["properties"].pop("building"), "place.building is gone"),
        (lambda s: s[RECEIVED]["properties"]["occurred_at"].pop("format"), "occurred_at was date-time and is string"),
    ],
)
def test_a_change_that_readers_would_trip_over_is_named(change: Any, problem: str) -> None:
    assert incompatibilities(PUBLISHED, changed(change)) == [f"{RECEIVED}: {problem}"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update({"slaengine.work_order.teleported.v1": {"type": "object"}}),
        lambda s: s[RECEIVED]["properties"].update(colour={"type": "string"}),
        lambda s: s[RECEIVED]["required"].append("by"),
        lambda s: s[RECEIVED]["properties"]["kind"]["enum"].pop(),
    ],
)
def test_a_change_that_readers_can_bear_passes(change: Any) -> None:
    assert incompatibilities(PUBLISHED, changed(change)) == []
