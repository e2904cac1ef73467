"""Facts to JSON and back, with the shapes of older versions brought up to date on reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from slaengine.domain.events import FACTS, Fact
from slaengine.domain.promises import PUBLICATIONS
from slaengine.domain.seals import CheckpointSigned
from slaengine.errors import CorruptFact

Shape = dict[str, Any]
Upcast = Callable[[Shape], Shape]

KINDS: tuple[type[Fact], ...] = (*FACTS, *PUBLICATIONS, CheckpointSigned)
BY_TOPIC: dict[str, type[Fact]] = {kind.TOPIC: kind for kind in KINDS}
"""Every topic of today."""

UPCASTS: dict[str, tuple[str, Upcast]] = {}
"""Old topic → (next topic, how to change the shape). A chain of them ends at a topic in `BY_TOPIC`."""


def encode(fact: Fact) -> bytes:
    """Return the fact as JSON, UTF-8, without what is not known (None); its topic is kept beside it, not inside."""
    return fact.__pydantic_serializer__.to_json(fact, exclude_none=True)


def decode(topic: str, state: bytes) -> Fact:
    """Return the fact that was stored under `topic`, upcast to today's shape.

    Raises:
        CorruptFact: the topic is unknown (perhaps of a newer version), or the content is not of its shape.
    """
    fact = BY_TOPIC.get(topic)
    try:
        if fact is not None:
            return fact.__pydantic_validator__.validate_json(state)  # type: ignore[no-any-return]
        current, shape = upcast(topic, from_json(state))
        return BY_TOPIC[current].model_validate(shape)
    except (ValidationError, ValueError, LookupError, TypeError) as error:
        raise CorruptFact(f"a stored {topic} cannot be read: its content is not of that shape") from error


def upcast(topic: str, shape: Shape) -> tuple[str, Shape]:
    """Return today's topic and shape for an older one; unchanged if it is today's already.

    Raises:
        CorruptFact: `shape` is no object, or no chain of upcasts leads from `topic` to a shape of today.
    """
    if not isinstance(shape, dict):
        raise CorruptFact(f"a stored {topic} cannot be read: its content is not an object")
    while topic not in BY_TOPIC:
        if topic not in UPCASTS:
            raise CorruptFact(
                f"a stored fact has the type {topic}, which this version of slaengine does not know; upgrade slaengine"
            )
        topic, change = UPCASTS[topic]
        shape = change(shape)
    return topic, shape


def shape_of(fact: Fact) -> Shape:
    """Return the fact as plain JSON values."""
    return from_json(to_json(fact, exclude_none=True))  # type: ignore[no-any-return]
