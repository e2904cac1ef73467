"""What a command says, in 32 bytes: how a repeated command id is told from a reused one."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from hashlib import sha256
from typing import Any

from slaengine.domain.commands import Command
from slaengine.domain.personal import personal_paths

NOTHING: frozenset[str] = frozenset()


def digest_of(command: Command, filled_in: Collection[str] = NOTHING) -> bytes:
    """Return the digest of what the caller said.

    Left out are the command id, the fields that we filled in for the caller (`filled_in`), and personal fields: a digest
    must tell nothing about a person whose data was erased.
    """
    said = command.__pydantic_serializer__.to_json(
        command, exclude_defaults=True, exclude=_left_out(type(command), frozenset(filled_in))
    )
    return sha256(b"%b\x00%b" % (command.NAME.encode(), said)).digest()


@cache
def _left_out(kind: type[Command], filled_in: frozenset[str]) -> dict[str, Any]:
    """Return the fields to leave out, in the nested form of pydantic's `exclude`."""
    left_out: dict[str, Any] = {"command_id": True, **dict.fromkeys(filled_in, True)}
    for *outer, name in personal_paths(kind):
        inner = left_out
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[name] = True
    return left_out
