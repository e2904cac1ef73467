"""The contract of the stream: a JSON Schema for every fact, and an AsyncAPI 3 document that puts them on their topics.

Both are made from the facts themselves. What is published stays compatible: `incompatibilities` tells what a change breaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from slaengine import __version__
from slaengine.domain.commands import COMMANDS as COMMAND_MODELS
from slaengine.domain.commands import Command
from slaengine.domain.events import FACTS as FACT_MODELS
from slaengine.domain.events import Fact
from slaengine.domain.personal import personal_paths
from slaengine.domain.promises import PUBLICATIONS
from slaengine.streaming.envelope import TYPE_PREFIX
from slaengine.streaming.topics import COMMANDS, FACTS, REPLIES, VERDICTS
from slaengine.streaming.verdicts import TYPE as VERDICT_TYPE
from slaengine.streaming.verdicts import Saying

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PUBLISHED: tuple[type[Fact], ...] = (*FACT_MODELS, *PUBLICATIONS)
INSTANT: Schema = {"type": "string", "format": "date-time"}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}


def event_schemas() -> dict[str, Schema]:
    """Return the JSON Schema of the body of each event type on the topic of facts; personal fields are not in them.

    The schemas are open: a reader must bear fields that it does not know, since fields may be added.
    """
    return {f"{TYPE_PREFIX}{fact.TOPIC}": _schema(fact) for fact in PUBLISHED}


def asyncapi() -> Schema:
    """Return the AsyncAPI 3.0 document of the four topics."""
    messages = {
        "facts": {fact.NAME: _message(f"{TYPE_PREFIX}{fact.TOPIC}", fact.__doc__, _schema(fact)) for fact in PUBLISHED},
        "verdicts": {
            saying: _message(VERDICT_TYPE.format(saying), f"What became of a clock: {saying}.", _VERDICT)
            for saying in get_args(Saying)
        },
        "commands": {
            command.NAME: _message(f"slaengine.command.{command.NAME}.v1", command.__doc__, _command_schema(command))
            for command in COMMAND_MODELS
        },
        "replies": {
            outcome: _message(f"slaengine.reply.{outcome}.v1", f"A command was {outcome}.", _REPLY)
            for outcome in ("recorded", "unchanged", "refused")
        },
    }
    addresses = {"facts": FACTS, "verdicts": VERDICTS, "commands": COMMANDS, "replies": REPLIES}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "slaengine",
            "version": __version__,
            "description": "Facts of work orders and verdicts on their promises, as CloudEvents 1.0 in Kafka's binary binding. "
            "The key of every message is the work order's id: an order's messages stand in one partition, in order.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, addresses[name], messages[name]) for name in messages},
        "operations": {
            "publishFacts": {"action": "send", "channel": {"$ref": "#/channels/facts"}},
            "sayVerdicts": {"action": "send", "channel": {"$ref": "#/channels/verdicts"}},
            "takeCommands": {
                "action": "receive",
                "channel": {"$ref": "#/channels/commands"},
                "reply": {"channel": {"$ref": "#/channels/replies"}},
            },
        },
        "components": {"messages": {f"{name}.{key}": each for name, some in messages.items() for key, each in some.items()}},
    }


def incompatibilities(published: Mapping[str, Schema], today: Mapping[str, Schema]) -> list[str]:
    """Return what readers of the `published` schemas would trip over in events of `today`'s; nothing when all is well.

    Fields may be added; an event type or field may not vanish, become optional where it was always there, or change its type.
    """
    return [
        f"{name}: {problem}"
        for name, before in published.items()
        for problem in (_breaks(before, today[name], before, today[name], "") if name in today else ["the event type is gone"])
    ]


def _breaks(before: Schema, now: Schema, before_root: Schema, now_root: Schema, path: str) -> Iterator[str]:
    before, now = _resolved(before, before_root), _resolved(now, now_root)
    here = path or "the body"
    if before.get("type") != now.get("type") or before.get("format") != now.get("format"):
        yield f"{here} was {_kind(before)} and is {_kind(now)}"
        return
    if "enum" in before and not set(now.get("enum", ["anything"])) <= set(before["enum"]):
        yield f"{here} may have values that it could not have"
    for name in before.get("required", ()):
        if name not in now.get("required", ()):
            yield f"{f'{path}.{name}'.strip('.')} was always there and may be missing"
    for name, inner in before.get("properties", {}).items():
        place = f"{path}.{name}".strip(".")
        if name not in now.get("properties", {}):
            yield f"{place} is gone"
        else:
            yield from _breaks(inner, now["properties"][name], before_root, now_root, place)
    for name in ("items", "additionalProperties"):
        if isinstance(before.get(name), dict):
            yield from _breaks(before[name], now.get(name) or {}, before_root, now_root, f"{path}[]")


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(schema: Schema) -> str:
    return str(schema.get("format") or schema.get("type") or "anything")


def _schema(fact: type[Fact]) -> Schema:
    schema = _open(fact.model_json_schema(mode="serialization"))
    for path in personal_paths(fact):
        _take_out(schema, schema, path)
    schema["required"] = sorted({*schema.get("required", ()), "occurred_at"})
    _drop_unused(schema)
    return {"$schema": DIALECT, "$id": f"urn:slaengine:schema:{fact.TOPIC}", **schema, "title": fact.TOPIC}


def _command_schema(command: type[Command]) -> Schema:
    schema = _open(command.model_json_schema(mode="validation"))
    properties = {name: inner for name, inner in schema["properties"].items() if name != "command_id"}
    required = set(schema.get("required", ())) - {"occurred_at", "number"}
    if command.NAME != "receive":
        properties["order"] = {"type": "string", "description": "The order's number or id."}
        required.add("order")
    return {**schema, "properties": properties, "required": sorted(required), "title": command.NAME}


def _open(node: Any) -> Any:
    """Return a schema as readers should take it: open to new fields, and "may be null" said as "may be missing"."""
    if isinstance(node, list):
        return [_open(each) for each in node]
    if not isinstance(node, dict):
        return node
    closing = {"default"} | ({"additionalProperties"} if node.get("additionalProperties") is False else set())
    open_node = {name: _open(inner) for name, inner in node.items() if name not in closing}
    some = [each for each in open_node.get("anyOf", ()) if each != {"type": "null"}]
    if len(some) == 1 and "anyOf" in open_node:
        del open_node["anyOf"]
        open_node = some[0] | open_node
    return open_node


def _take_out(schema: Schema, root: Schema, path: tuple[str, ...]) -> None:
    inner = _resolved(schema, root)
    for name in path[:-1]:
        inner = _resolved(inner["properties"][name], root)
    inner["properties"].pop(path[-1], None)


def _drop_unused(schema: Schema) -> None:
    used = str({name: inner for name, inner in schema.items() if name != "$defs"}) + str(schema.get("$defs", ""))
    definitions = {name: inner for name, inner in schema.get("$defs", {}).items() if f"#/$defs/{name}" in used}
    schema.pop("$defs", None)
    if definitions:
        schema["$defs"] = definitions


_HEADERS: Schema = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "The same for the same event, however often it is sent."},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_subject": {"type": "string", "description": "The order's readable number."},
        "ce_time": INSTANT | {"description": "When it occurred."},
        "ce_recordedtime": INSTANT | {"description": "When it was recorded."},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "Its position in the source's log."},
        "ce_version": {"type": "string", "pattern": "^[0-9]+$", "description": "Its number in the order, from 1."},
        "ce_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Its hash in the source's chain."},
        "ce_correlationid": TEXT,
        "ce_causationid": TEXT,
        "content-type": {"type": "string", "const": "application/json"},
    },
}
_VERDICT: Schema = {
    "type": "object",
    "required": ["policy", "edition", "target", "promise", "cycle", "start", "paused_s", "limit"],
    "properties": {
        **dict.fromkeys(("policy", "edition", "target", "promise", "limit"), TEXT),
        "cycle": {"type": "integer", "minimum": 1},
        **dict.fromkeys(("start", "due", "stop"), INSTANT),
        **dict.fromkeys(("elapsed_s", "paused_s", "share"), NUMBER),
    },
}
_REPLY: Schema = {
    "type": "object",
    "required": ["command"],
    "properties": {
        **dict.fromkeys(("command", "order", "number", "error", "reason"), TEXT),
        "versions": {"type": "array", "items": {"type": "integer"}},
    },
}


def _message(event: str, description: str | None, payload: Schema) -> Schema:
    headers = _HEADERS | {"properties": _HEADERS["properties"] | {"ce_type": {"type": "string", "const": event}}}
    return {
        "name": event,
        "title": event,
        "summary": " ".join((description or event).split()),
        "contentType": "application/json",
        "headers": headers,
        "payload": _inlined(payload, payload),
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, "bindingVersion": "0.5.0"}},
    }


def _inlined(node: Any, root: Schema) -> Any:
    """Return a schema with its definitions put in place: in the document, a `#` would mean another root."""
    if isinstance(node, list):
        return [_inlined(each, root) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(_resolved(node, root), root) | {name: each for name, each in node.items() if name != "$ref"}
    return {name: _inlined(inner, root) for name, inner in node.items() if name not in {"$defs", "$schema", "$id"}}


def _channel(name: str, address: str, messages: Mapping[str, Schema]) -> Schema:
    return {
        "address": address,
        "messages": {key: {"$ref": f"#/components/messages/{name}.{key}"} for key in messages},
        "bindings": {"kafka": {"topic": address, "bindingVersion": "0.5.0"}},
    }
