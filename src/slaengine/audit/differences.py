"""What was published beside what follows from the facts: every row that differs, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]

WHYS = {
    "edition": "it was judged by a version of the policy that was not in force when the clock started",
    "promise": "it was judged by another target of this name",
    "started_at": "the clock did not start then",
    "stopped_at": "the clock did not stop then",
    "stopped_by": "another fact stopped the clock",
    "due_at": "the promise was not due then",
    "paused": "other time was taken out for pauses",
    "elapsed": "other time passed on the target's calendar",
    "excused": "the waivers say otherwise",
    "verdict": "the verdict does not follow from the facts",
}
"""By the first of these columns that differs: what comes earlier explains what comes later."""


class Difference(NamedTuple):
    """One row that differs. `target` is None for the order's own row, with the cycle in `cycle`.

    `published` and `replayed` hold the columns that differ; None where there is no such row.
    """

    order: str
    target: str | None
    cycle: int | None
    published: Row | None
    replayed: Row | None
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return self._asdict()


def order_differences(order: str, published: Row | None, replayed: Row | None) -> Iterator[Difference]:
    """Yield the difference between an order's published row and the one that follows from its facts, if there is one."""
    if published is None or replayed is None:
        if published is not replayed:
            why = (
                "its facts are in the log, and no row was published"
                if replayed
                else "a row was published, and the log has no such order"
            )
            yield Difference(order, None, None, published, replayed, why)
        return
    columns = [name for name in replayed if published.get(name) != replayed[name]]
    if columns:
        yield Difference(
            order, None, None, _only(published, columns), _only(replayed, columns), f"its facts say another {_named(columns)}"
        )


def clock_differences(
    order: str, published: Mapping[tuple[str, int], Row], replayed: Mapping[tuple[str, int], Row]
) -> Iterator[Difference]:
    """Yield the clocks of an order, by target and cycle, whose published row is not the one that follows from its facts."""
    for key in sorted({*published, *replayed}):
        old, new = published.get(key), replayed.get(key)
        if old is None or new is None:
            why = "the facts make a clock that was not published" if new else "a clock was published that the facts do not make"
            yield Difference(order, *key, old, new, why)
        elif columns := [name for name in new if old.get(name) != new[name]]:
            why = next((why for name, why in WHYS.items() if name in columns), f"its facts say another {_named(columns)}")
            yield Difference(order, *key, _only(old, columns), _only(new, columns), why)


def _only(row: Row, columns: list[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in columns}


def _named(columns: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in columns)
