"""A fact in the compact form that judging works on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

PASSED_OVER = "passed_over"
"""The name of a moment that only holds the place of a fact: one that a reader of the stream did not know, or was told to skip."""


class Moment(NamedTuple):
    """One fact of an order, without personal data.

    `name` is the fact's word (`received`, `paused`…), `version` its number in the order, from 1. `occurred_at` and
    `recorded_at` are µs since the epoch, UTC. `fields` are its other fields as plain JSON values; what is not known
    is left out.
    """

    name: str
    occurred_at: int
    recorded_at: int
    version: int
    fields: Mapping[str, Any]
