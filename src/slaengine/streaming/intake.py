"""The intake: commands from a topic into the log, each carried out once, and answered.

A command is a CloudEvent: `ce_type` is `slaengine.command.` + its verb + `.v1`, `ce_source` and `ce_id` together are its command
id, and the body is a JSON object of its fields; `order` in it names the order, by number or id, except for `receive`. The
answer goes to the reply topic under the same key: recorded, unchanged, or refused with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import delete, insert, select

from slaengine.domain.commands import BY_NAME
from slaengine.engine import OrderRef, SlaEngine
from slaengine.errors import InvalidCommand, StreamingError, UnreadableMessage, WorkOrderError, nearest
from slaengine.streaming.envelope import JSON
from slaengine.streaming.ledger import Ledger, packed, unpacked
from slaengine.streaming.limits import DELIVERY_TIMEOUT_S
from slaengine.streaming.port import Message, Partition, Record
from slaengine.streaming.processor import Handled, Stretch
from slaengine.streaming.reader import Reader
from slaengine.streaming.tables import replies
from slaengine.streaming.topics import COMMANDS, REPLIES, ensure

log = logging.getLogger(__name__)

TYPE, VERSION = "slaengine.command.", ".v1"
ID_MAX = 200
FILLED_IN = ("occurred_at", "number")
"""Fields that the engine gives when they are left out."""


@dataclass(kw_only=True)
class Intake(Reader):
    """Carries commands out in `engine`, whose store also keeps the offsets and the answers: all of it in one transaction."""

    topic: str = COMMANDS
    engine: SlaEngine
    replies: str = REPLIES
    _ledger: Ledger = field(init=False)
    _pending: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._ledger = Ledger(f"intake.{self.topic}")

    @property
    def ledger(self) -> Ledger:
        """The intake's."""
        return self._ledger

    def take(self, stretches: Mapping[Partition, Stretch]) -> Handled:
        """Carry commands out, in order within each partition; nobody else appends to the log meanwhile."""
        done = Handled()
        with self.engine.log.locked() as (connection, _):
            answers = []
            for partition, stretch in stretches.items():
                self._ledger.move(connection, partition, stretch.before, stretch.after)
                for record in stretch.records:
                    answer = self._answer(record)
                    answers.append({"key": record.key, "headers": packed(answer.headers), "body": answer.value})
                    done.handled += 1
            connection.execute(insert(replies), answers)
        self._pending = True
        return done

    def follow_up(self) -> None:
        """Send the answers; when Kafka does not take them, they are kept and tried again."""
        if not self._pending:
            return
        with self.database.reading() as connection:
            rows = connection.execute(select(replies).order_by(replies.c.n).limit(self.batch)).all()
        if not rows:
            self._pending = False
            return
        try:
            ensure(self.kafka, self.replies)
            with closing(self.kafka.producer()) as producer:
                messages = [Message(self.replies, row.key, row.body, unpacked(row.headers)) for row in rows]
                sent = producer.send(messages).wait(DELIVERY_TIMEOUT_S)
        except StreamingError as error:
            log.warning("answers are kept and not sent yet: %s", error)
            return
        if sent:
            with self.database.writing() as connection:
                connection.execute(delete(replies).where(replies.c.n.in_([row.n for row in rows])))

    def caught_up(self) -> None:
        """Do nothing: there is no view to show."""

    def _answer(self, record: Record) -> Message:
        headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
        place = f"{record.topic}/{record.partition}/{record.offset}"
        asked = headers.get("ce_id", place)
        try:
            outcome, body = "recorded", self._carried_out(record, headers)
            if not body["versions"]:
                outcome = "unchanged"
        except (WorkOrderError, UnreadableMessage) as error:
            outcome, body = "refused", {"error": type(error).__name__, "reason": str(error)}
        answer = {
            "ce_specversion": "1.0",
            "ce_id": f"{asked}:reply",
            "ce_type": f"slaengine.reply.{outcome}.v1",
            "ce_source": "urn:slaengine:intake",
            "ce_causationid": asked,
            "ce_subject": str(body.get("number", asked)),
        }
        encoded = [(name, value.encode()) for name, value in answer.items()]
        return Message(self.replies, record.key, to_json({"command": asked, **body}), [*encoded, ("content-type", JSON)])

    def _carried_out(self, record: Record, headers: Mapping[str, str]) -> dict[str, Any]:
        verb, fields = _asked(record, headers)
        order = fields.pop("order", None)
        if verb == "receive":
            found = self.engine.receive(**fields)
            return {"order": str(found.id), "number": found.number, "versions": [1]}
        if not isinstance(order, str):
            raise InvalidCommand(verb.replace("_", " "), "order", "is missing: name it by number or id")
        order_id = self.engine.order_id(order)
        facts = getattr(self.engine, verb)(OrderRef(order_id, order), **fields)
        last = self.engine.log.facts_of(order_id, latest_first=True, limit=1)[0].version
        return {"order": str(order_id), "number": order, "versions": list(range(last - len(facts) + 1, last + 1))}


def _asked(record: Record, headers: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the verb and its fields, with the command id and what the headers say besides."""
    kind = headers.get("ce_type", "")
    verb = kind.removeprefix(TYPE).removesuffix(VERSION)
    if verb not in BY_NAME or kind != f"{TYPE}{verb}{VERSION}":
        raise UnreadableMessage(f"ce_type '{kind}' is no command{nearest(verb, BY_NAME)}; write {TYPE}VERB{VERSION}")
    for name in ("ce_id", "ce_source"):
        if not headers.get(name):
            raise UnreadableMessage(f"a command needs the header {name}: the two together are its command id")
    try:
        fields = from_json(record.value or b"")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise UnreadableMessage("the body of a command is a JSON object of its fields, in UTF-8")
    command = BY_NAME[verb]
    unknown = fields.keys() - command.model_fields.keys() - {"order"}
    if unknown:
        name = min(unknown)
        raise InvalidCommand(verb.replace("_", " "), name, f"is not a field of {verb}{nearest(name, command.model_fields)}")
    missing = [name for name, field in command.model_fields.items() if field.is_required() and name not in {*fields, *FILLED_IN}]
    if missing:
        raise InvalidCommand(verb.replace("_", " "), missing[0], "is missing")
    filled = {"command_id": _command_id(headers), "causation_id": headers["ce_id"][:ID_MAX]}
    if "ce_correlationid" in headers:
        filled["correlation_id"] = headers["ce_correlationid"][:ID_MAX]
    if "ce_time" in headers:
        filled["occurred_at"] = headers["ce_time"]
    return verb, filled | fields


def _command_id(headers: Mapping[str, str]) -> str:
    text = f"{headers['ce_source']}#{headers['ce_id']}"
    return text if len(text) <= ID_MAX else sha256(text.encode()).hexdigest()
