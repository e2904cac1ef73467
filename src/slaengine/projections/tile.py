"""A tile: some hundreds of orders with their clocks, as columns of bytes that can be kept, read and put side by side.

What one order contributes to figures stands in one tile. When the order changes, the tile is made anew: the old contribution
goes out and the new one comes in, whatever the reason for the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from slaengine.projections.columns import Words

ORDER = np.dtype(
    [
        *((name, "<i8") for name in ("seq", "received_at", "ended_at", "resolved_at", "matter", "responded_at", "revisited_at")),
        *((name, "<i8") for name in ("holds_from", "last_recorded_at", "latest", "valid_until", "closed_at")),
        *((name, "<i4") for name in ("day", "reopened", "escalated", "visits", "revisits_asked", "revisits_open")),
        *((name, "<i2") for name in ("status", "covered")),
    ]
)
"""One order; `NEVER` for None. `status` is a code into `STATUSES`, `covered` into the tile's words."""

CLOCK = np.dtype(
    [
        *(("due_at", "<i8"), ("elapsed", "<i8"), ("order", "<i4"), ("target", "<i2"), ("cadence", "<i2")),
        ("stopped", "<i4"),
        *(("verdict", "<i1"), ("excused", "?")),
    ]
)
"""One clock; `order` is its order's place in the tile, `target` a code into the tile's words, `verdict` into `VERDICTS`.

`cadence`, `stopped`: as in `ClockColumns`.
"""

HELD = np.dtype([("held", "<i8"), ("since", "<i8"), ("order", "<i4"), ("party", "<i2")])
"""A party that held an order, for `held` µs, and since `since` (`NEVER`: it does no more); codes as in `CLOCK`."""

Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Tile:
    """Orders, clocks, holders, the words of `covered`, `target` and `party`, and what the orders say in some dimensions."""

    orders: Records
    clocks: Records
    held: Records
    covered: Sequence[str]
    targets: Sequence[str]
    parties: Sequence[str]
    dimensions: Mapping[str, Words]

    def encoded(self) -> dict[str, bytes]:
        """Return the tile as parts: `orders`, `clocks`, `held`, `words`, and one for each dimension."""
        words = to_json([self.covered, self.targets, self.parties])
        records = {"orders": self.orders.tobytes(), "clocks": self.clocks.tobytes(), "held": self.held.tobytes(), "words": words}
        return records | {name: _encoded(column) for name, column in self.dimensions.items()}

    @classmethod
    def decoded(cls, parts: Mapping[str, bytes], dimensions: Sequence[str]) -> Tile:
        """Return the tile that `encoded` wrote, with these dimensions; one that it has not is not known of any order."""
        orders = np.frombuffer(parts["orders"], ORDER)
        clocks, held = np.frombuffer(parts["clocks"], CLOCK), np.frombuffer(parts["held"], HELD)
        said = {name: words_of(parts.get(name), len(orders)) for name in dimensions}
        covered, targets, parties = from_json(parts["words"])
        return cls(orders, clocks, held, covered, targets, parties, said)

    def only(self, wanted: NDArray[np.bool_]) -> Tile:
        """Return the tile of those of its orders only for which `wanted` is true."""
        if wanted.all():
            return self
        said = {name: column.only(wanted) for name, column in self.dimensions.items()}
        return replace(
            self, orders=self.orders[wanted], clocks=_of(self.clocks, wanted), held=_of(self.held, wanted), dimensions=said
        )

    def with_only(self, dimensions: Sequence[str]) -> Tile:
        """Return the tile with these dimensions; one that it has not is not known of any order."""
        said = {name: self.dimensions.get(name) or _unknown(len(self.orders)) for name in dimensions}
        return replace(self, dimensions=said)


def _of(rows: Records, wanted: NDArray[np.bool_]) -> Records:
    """Return the rows of wanted orders, as rows of these orders alone."""
    kept: Records = rows[wanted[rows["order"]]].copy()
    kept["order"] = (np.cumsum(wanted) - 1)[kept["order"]]
    return kept


def _encoded(column: Words) -> bytes:
    words = to_json(list(column.words))
    return len(words).to_bytes(4, "big") + words + column.codes.astype("<i2").tobytes()


def words_of(content: bytes | None, orders: int) -> Words:
    """Return what so many orders say in a dimension; `content` is the tile's part, None if it has none: not known of any."""
    if content is None:
        return _unknown(orders)
    ends = 4 + int.from_bytes(content[:4], "big")
    return Words(np.frombuffer(content, "<i2", offset=ends), from_json(content[4:ends]))


def _unknown(orders: int) -> Words:
    return Words(np.zeros(orders, np.int64), [None])
