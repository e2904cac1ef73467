"""Personal fields of facts: where they stand, and how they are concealed on the way into the log and revealed on the way out.

A concealed text reads `sealed:1:KEY:BASE64`; the hash chain, proofs and copies of the log cover that, never the clear text.
Once the key is destroyed it reads `[erased]` for ever, and everything else about the order stays as it was.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import from_json, to_json

from slaengine.domain.events import Fact, Received
from slaengine.domain.personal import Path, personal_paths
from slaengine.errors import MissingExtra

MARK = "sealed:1:"
ERASED = "[erased]"
NONCE = 12


class Keys(Protocol):
    """Where the keys are: apart from the log, so that destroying one reaches every copy of the log."""

    def key_of_order(self, order_id: UUID, subject: str | None) -> tuple[str, bytes]:
        """Return the id and the key under which texts about this order are concealed, made if there is none.

        `subject` is the reporter, known from the fact the order began with; None for later facts and for orders
        without one.
        """

    def key(self, key_id: str) -> bytes | None:
        """Return the key of this id; None once it is destroyed."""


class Vault:
    """Conceals and reveals the personal fields of facts, with AES-256-GCM under a key for each reporter.

    Raises:
        MissingExtra: `cryptography` is not installed.
    """

    def __init__(self, keys: Keys) -> None:
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (an extra)
        except ImportError:
            raise MissingExtra("encrypting personal data", "audit") from None
        self._keys = keys
        self._cipher: Callable[[bytes], AESGCM] = AESGCM

    def conceal(self, order_id: UUID, fact: Fact, state: bytes) -> bytes:
        """Return the JSON of `fact` with every personal text in it concealed."""
        paths = _concealable(fact)
        if not paths:
            return state
        shape = from_json(state)
        subject = fact.reporter.subject if isinstance(fact, Received) and fact.reporter else None
        key_id, key = self._keys.key_of_order(order_id, subject)
        for path in paths:
            *outer, name = path
            holder = _at(shape, outer)
            text = holder[name] if isinstance(holder[name], str) else to_json(holder[name]).decode()
            nonce = os.urandom(NONCE)
            sealed = nonce + self._cipher(key).encrypt(nonce, text.encode(), _context(order_id, path))
            holder[name] = f"{MARK}{key_id}:{base64.b64encode(sealed).decode()}"
        return to_json(shape)

    def reveal(self, order_id: UUID, state: bytes) -> bytes:
        """Return the JSON of a fact with the concealed texts in clear, or `[erased]` where the key is destroyed."""
        if MARK.encode() not in state:
            return state
        shape = from_json(state)
        for holder, path in _concealed(shape):
            holder[path[-1]] = self._opened(order_id, path, holder[path[-1]])
        return to_json(shape)

    def _opened(self, order_id: UUID, path: Path, text: str) -> str:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (an extra)

        key_id, _, encoded = text.removeprefix(MARK).partition(":")
        key = self._keys.key(key_id)
        if key is None:
            return ERASED
        try:
            sealed = base64.b64decode(encoded, validate=True)
            return self._cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], _context(order_id, path)).decode()
        except (binascii.Error, InvalidTag, ValueError):
            return ERASED


def masked(state: bytes, instead: str = ERASED) -> bytes:
    """Return the JSON of a fact with `instead` for every concealed text: what a reader without keys sees."""
    if MARK.encode() not in state:
        return state
    shape = from_json(state)
    for holder, path in _concealed(shape):
        holder[path[-1]] = instead
    return to_json(shape)


def _concealable(fact: Fact) -> list[Path]:
    """Return the personal places of `fact` that hold something."""
    return [path for path in personal_paths(type(fact)) if _holds(fact, path)]


def _holds(value: Any, path: Path) -> bool:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return value is not None


def _at(shape: Any, path: list[str]) -> Any:
    for name in path:
        shape = shape[name]
    return shape


def _concealed(shape: Any, path: Path = ()) -> Iterator[tuple[Any, Path]]:
    """Yield every object in `shape` that holds a concealed text, with the text's place."""
    if isinstance(shape, dict):
        for name, value in shape.items():
            if isinstance(value, str) and value.startswith(MARK):
                yield shape, (*path, name)
            else:
                yield from _concealed(value, (*path, name))


def _context(order_id: UUID, path: Path) -> bytes:
    """What a concealed text is bound to: moved to another order or field it cannot be read."""
    return order_id.bytes + ".".join(path).encode()
