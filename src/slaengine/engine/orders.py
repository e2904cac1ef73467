"""How callers name a work order, and how a new one gets its id."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OrderRef:
    """A work order's two names: its id for programs, its number for people."""

    id: UUID
    number: str

    def __str__(self) -> str:
        """Return the number."""
        return self.number


Order = OrderRef | UUID | str
"""What every verb accepts for an order: its reference, its id, or its number."""


def order_id_for(instant: datetime, seed: str | None = None) -> UUID:
    """Return an id for an order received at `instant`, aware; later orders have greater ids, by the millisecond.

    With a `seed`, such as the row of another system's table, the same seed and instant give the same id each time.
    Without one, the id is new. In the form of a UUID version 7 (RFC 9562): databases append such ids, they scatter others.
    """
    milliseconds = int(instant.timestamp() * 1000)
    tail = os.urandom(10) if seed is None else sha256(f"slaengine.order\x00{seed}".encode()).digest()[:10]
    number = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(tail, "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
