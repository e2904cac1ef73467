"""The columns of a history, and the facts of a log as such columns. docs/reference/history.md describes them for users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from slaengine.errors import MissingExtra
from slaengine.policies.moment import Moment

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "slaengine-history/1"
"""The version of these columns. A column may be added to it; anything else makes the next one."""

SHARED = (
    "kind",
    "type",
    "severity",
    "channel",
    "party",
    "team",
    "person",
    "reason",
    "target",
    "by",
)
"""Fields with columns of their own, for those who ask by them; `community` and `building` come from the place."""

OWN = frozenset(
    {
        "number",
        "reporter",
        "given_due",
        "expected_at",
        "correlation_id",
        "causation_id",
        "received_by",
        "into",
        "evidence",
        "amount",
        "text",
        "note",
    }
)
"""Fields that differ from fact to fact: they stand in `own`, so that the rest repeats itself and packs well in `fields`."""


def arrow() -> Any:
    """Return pyarrow.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 (an extra)
    except ImportError:
        raise MissingExtra("a columnar history", "audit") from None
    return pa


def schema() -> pa.Schema:
    """Return the columns, in their order."""
    pa = arrow()
    word = pa.dictionary(pa.int32(), pa.string())
    instant = pa.timestamp("us", tz="UTC")
    fields = [
        pa.field("order", pa.int64(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("fact", word, nullable=False),
        pa.field("occurred_at", instant, nullable=False),
        pa.field("recorded_at", instant, nullable=False),
        pa.field("order_id", pa.binary(16)),
        pa.field("number", pa.string()),
        pa.field("due", instant),
        *(pa.field(name, word) for name in (*SHARED, "community", "building")),
        pa.field("fields", word, nullable=False),
        pa.field("own", pa.string()),
        pa.field("hash", pa.binary(32), nullable=False),
    ]
    return pa.schema(fields, metadata={"slaengine": FORMAT})


def sorted_table(table: pa.Table) -> pa.Table:
    """Return the rows order by order, each order's as they happened: its receipt first, ties as recorded."""
    received = arrow().compute.not_equal(table["fact"].cast("string"), "received")
    keyed = table.append_column("not_received", received)
    keys = [(name, "ascending") for name in ("order", "not_received", "occurred_at", "version")]
    return keyed.sort_by(keys).drop_columns(["not_received"])


def moments_of(table: pa.Table) -> list[tuple[int, list[Moment]]]:
    """Return the orders in a table of these columns, by their `order`, each with its facts as moments.

    Columns that the table lacks are taken as empty: `version` and `recorded_at` as 0, `own` and `number` as not known.
    """
    columns = ("order", "fact", "version", "fields", "own", "number", "occurred_at", "recorded_at")
    orders: list[tuple[int, list[Moment]]] = []
    parsed: dict[str, dict[str, Any]] = {}
    for order, fact, version, shared, own, number, occurred, recorded in zip(*(_plain(table, c) for c in columns), strict=True):
        fields = parsed.get(shared)
        if fields is None:
            fields = parsed[shared] = from_json(shared)
        if own is not None:
            fields = _with(fields, from_json(own))
        if number is not None:
            fields = {**fields, "number": number}
        if not orders or orders[-1][0] != order:
            orders.append((order, []))
        orders[-1][1].append(Moment(fact, occurred, recorded, version, fields))
    return orders


def _with(fields: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return shared fields with a fact's own ones; the shared ones stay as they are, since other facts have them too."""
    if "premises" in own:
        own["place"] = {**fields.get("place", {}), "premises": own.pop("premises")}
    return {**fields, **own}


def _plain(table: pa.Table, name: str) -> list[Any]:
    if name not in table.column_names:
        return [None if name in ("own", "number") else 0] * table.num_rows
    column = table[name].combine_chunks() if table[name].num_chunks != 1 else table[name].chunk(0)
    if name in ("fact", "fields"):
        words = column.dictionary.to_pylist()
        return [words[code] for code in column.indices.to_pylist()]
    return (column.cast("int64") if name.endswith("_at") else column).to_pylist()  # type: ignore[no-any-return]
