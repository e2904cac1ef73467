"""The shape of a fact without the fields that may identify a person."""

from __future__ import annotations

from typing import Any

from slaengine.domain.codec import BY_TOPIC
from slaengine.domain.personal import Path, personal_paths

PERSONAL: dict[str, tuple[Path, ...]] = {topic: paths for topic, fact in BY_TOPIC.items() if (paths := personal_paths(fact))}
"""Topic → the places of its personal fields; topics without any are left out."""


def strip(topic: str, shape: dict[str, Any]) -> dict[str, Any]:
    """Return `shape`, a fact's JSON values under today's `topic`, without its personal fields. Changes `shape` itself."""
    for path in PERSONAL.get(topic, ()):
        inner: Any = shape
        for name in path[:-1]:
            inner = inner.get(name) or {}
        inner.pop(path[-1], None)
    return shape
