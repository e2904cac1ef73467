"""The history: a log as Parquet files that grow with it, month by month, for replay here and analysis anywhere.

A part holds facts recorded in one month, of orders that began in one stretch of the log (a *bucket*), so that a replay
reads whole orders, bucket by bucket, in bounded memory. The file `history.json` says how far the history goes, and which
parts belong to it: it is exchanged last, so that an export that was cut short leaves no trace.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from slaengine.audit.chain import GENESIS, verify_columns
from slaengine.audit.history_schema import FORMAT, arrow, sorted_table
from slaengine.audit.shapes import Shaper, Stored
from slaengine.errors import AuditError
from slaengine.policies.compiled import available

if TYPE_CHECKING:
    import pyarrow as pa

BUCKET = 1 << 20
"""Positions whose orders stand together; with some ten facts an order, a bucket replays in a few hundred megabytes."""
BEGUN_MAX = 1_000_000
"""Orders whose beginning is remembered, a hundred bytes each."""
BATCH = 20_000
"""Facts turned into columns at a time."""
WORDS_MAX = 1 << 26
"""Bytes of a column's different words up to which they are written once: read as they stand, they would be compared anew."""

SORTED_BY = ("order", "fact", "occurred_at", "version")

PathLike = str | Path


class ReadableLog(Protocol):
    """The log, as far as an export reads it."""

    def columns(self, after: int, limit: int, /) -> Stored | None:
        """Return up to `limit` facts behind position `after`, in order of position; None when there are none."""

    def first_positions(self, order_ids: Collection[UUID], /) -> Mapping[UUID, int]:
        """Return the position of each order's first fact."""


@dataclass(frozen=True)
class Part:
    """One file: its path within the history, its bucket, the positions it lies between (inclusive), and its rows."""

    path: str
    bucket: int
    first: int
    last: int
    rows: int


@dataclass(frozen=True)
class Manifest:
    """How far a history goes: the last position in it, its hash, and the parts."""

    position: int = 0
    hash: bytes = GENESIS
    parts: tuple[Part, ...] = field(default=())


class Stamp(NamedTuple):
    """By what a fact is known again elsewhere."""

    position: int
    fact: str
    hash: bytes


class History:
    """A history in a folder.

    Raises:
        AuditError: on opening, when the folder holds none and `create` is False, or one of another version.
    """

    def __init__(self, path: PathLike, *, create: bool = False) -> None:
        self.path = Path(path)
        self.manifest = self._load(create=create)

    def buckets(self) -> list[int]:
        """Return the buckets there are, ascending."""
        return sorted({part.bucket for part in self.manifest.parts})

    def read(self, bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows of the orders in a bucket, sorted by order and then as they happened.

        Args:
            bucket: one of `buckets()`.
            columns: those that are wanted; None reads every column. What the rows are sorted by is read beside them when the
                bucket has more than one part.

        Raises:
            AuditError: a part is missing or damaged.
        """
        parts = [part for part in self.manifest.parts if part.bucket == bucket]
        if len(parts) == 1:
            return self._read_part(parts[0], columns)
        wanted = None if columns is None else tuple(dict.fromkeys((*columns, *SORTED_BY)))
        tables = [self._read_part(part, wanted) for part in parts]
        if not available():
            return sorted_table(arrow().concat_tables(tables).unify_dictionaries())
        from slaengine.audit.merging import merged  # noqa: PLC0415 (needs an extra)

        return merged(tables)

    def of_orders(self, bucket: int, orders: Collection[int], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of some orders of a bucket, by the positions at which they began; as `read`."""
        table = self.read(bucket, columns)
        return table.filter(arrow().compute.is_in(table["order"], value_set=arrow().array(list(orders), "int64")))

    def stamps(self) -> Iterator[Stamp]:
        """Yield every fact's position, name and hash, in order of position; some hundred bytes a fact of one step are held.

        Raises:
            AuditError: a part is missing or damaged.
        """
        steps: dict[int, list[Part]] = {}
        for part in self.manifest.parts:
            steps.setdefault(part.first, []).append(part)
        for first in sorted(steps):
            tables = [self._read_part(part, ("position", "fact", "hash")) for part in steps[first]]
            table = arrow().concat_tables(tables).unify_dictionaries().sort_by("position")
            columns = (table[name].to_pylist() for name in ("position", "fact", "hash"))
            yield from map(Stamp._make, zip(*columns, strict=True))

    def _read_part(self, part: Part, columns: Sequence[str] | None) -> pa.Table:
        import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

        try:
            wanted = None if columns is None else list(columns)
            with pq.ParquetFile(self.path / part.path, memory_map=True) as file:
                table = file.read(wanted, use_threads=False)
        except (OSError, arrow().ArrowInvalid) as error:
            raise AuditError(f"the history lacks {part.path}, or it is damaged: {error}") from None
        if table.num_rows != part.rows:
            raise AuditError(f"{part.path} holds {table.num_rows} facts instead of {part.rows}: it was exchanged")
        return table

    def _load(self, *, create: bool) -> Manifest:
        file = self.path / "history.json"
        if not file.exists():
            if not create:
                raise AuditError(f"there is no history in {self.path}; `slaengine audit export` makes one")
            return Manifest()
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise AuditError(f"{file} is of the format {content['format']}, and this version of slaengine reads {FORMAT}")
            parts = tuple(Part(**part) for part in content["parts"])
            return Manifest(content["position"], bytes.fromhex(content["hash"]), parts)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AuditError(f"{file} is not a history's: {error}") from None

    def _save(self, manifest: Manifest) -> None:
        content = {
            "format": FORMAT,
            "position": manifest.position,
            "hash": manifest.hash.hex(),
            "parts": [part.__dict__ for part in manifest.parts],
        }
        draft = self.path / "history.json.draft"
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.path / "history.json")
        self.manifest = manifest

    def extend(
        self, log: ReadableLog, *, chained: bool = True, step: int = BUCKET, progress: Callable[[int], None] = lambda _: None
    ) -> int:
        """Add what the log holds behind this history, and return how many facts that was.

        Args:
            log: its chain is checked on the way.
            chained: False for a log that lacks some facts, or parts of them, so that its chain cannot be checked.
            step: facts after which what was done is kept, so that an export that was cut short goes on from there.
            progress: told the position reached.

        Raises:
            AuditError: the log does not go on where the history ends, its chain is broken, or a file cannot be written.
        """
        begun = self.manifest.position
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._check_joint(log)
            reading = _Reading(log, Shaper(), _Begun(log), chained)
            while (taken := self._step(reading, step, progress)) is not None:
                self._save(taken)
        except OSError as error:
            raise AuditError(f"cannot write the history in {self.path}: {error.strerror or error}") from None
        return self.manifest.position - begun

    def _check_joint(self, log: ReadableLog) -> None:
        manifest = self.manifest
        joint = log.columns(manifest.position - 1, 1) if manifest.position else None
        if manifest.position and (joint is None or joint.hash[0] != manifest.hash):
            raise AuditError(
                f"this log does not go on where the history in {self.path} ends, at position {manifest.position}: "
                "it is another log, or it was rewritten or cut"
            )

    def _step(self, reading: _Reading, step: int, progress: Callable[[int], None]) -> Manifest | None:
        """Write the next `step` facts and return the manifest with them; None when there are none."""
        before = self.manifest
        end, previous = before.position, before.hash
        pieces: dict[tuple[str, int], list[pa.Table]] = {}
        while end < before.position + step and (facts := reading.log.columns(end, min(BATCH, before.position + step - end))):
            bad = verify_columns(facts, previous=previous, after=end) if reading.chained else None
            if bad is not None:
                raise AuditError(f"the chain of the log is broken at position {bad}; the history ends at {before.position}")
            for key, table in _split(reading.shaper.table(facts, reading.orders.of(facts))):
                pieces.setdefault(key, []).append(table)
            end, previous = facts.position[-1], facts.hash[-1]
            progress(end)
        if end == before.position:
            return None
        parts = [self._write(key, tables, before.position + 1, end) for key, tables in sorted(pieces.items())]
        return replace(before, position=end, hash=previous, parts=(*before.parts, *parts))

    def _write(self, key: tuple[str, int], tables: list[pa.Table], first: int, last: int) -> Part:
        import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

        month, bucket = key
        name = f"month={month}/bucket={bucket:05}/facts-{first:012}-{last:012}.parquet"
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        table = sorted_table(arrow().concat_tables(tables).unify_dictionaries().combine_chunks())
        pq.write_table(table, self.path / name, compression="lz4", dictionary_pagesize_limit=WORDS_MAX)
        return Part(name, bucket, first, last, table.num_rows)


class _Reading(NamedTuple):
    """What an export reads with: the log, what turns its facts into columns, and what knows where orders begin."""

    log: ReadableLog
    shaper: Shaper
    orders: _Begun
    chained: bool


class _Begun:
    """At which position each order began; those met lately are remembered."""

    def __init__(self, log: ReadableLog) -> None:
        self._log = log
        self._known: dict[bytes, int] = {}

    def of(self, facts: Stored) -> Mapping[bytes, int]:
        """Return the first positions of the orders of these facts; the answer holds until the next one."""
        known = self._known
        if len(known) > BEGUN_MAX:
            known.clear()
        for order_id, position, version in zip(facts.order_id, facts.position, facts.version, strict=True):
            if version <= 1:
                known.setdefault(order_id, position)
        earlier = {UUID(bytes=order_id) for order_id in facts.order_id if order_id not in known}
        if earlier:
            known.update((order_id.bytes, position) for order_id, position in self._log.first_positions(earlier).items())
        return known


def _split(table: pa.Table) -> Iterator[tuple[tuple[str, int], pa.Table]]:
    """Yield the rows by month of recording and bucket."""
    import pyarrow.compute as pc  # noqa: PLC0415 (an extra)

    months = pc.strftime(table["recorded_at"], "%Y-%m")
    buckets = pc.divide(pc.subtract(table["order"], 1), BUCKET)
    keyed = table.append_column("month", months).append_column("bucket", buckets)
    for row in keyed.group_by(["month", "bucket"]).aggregate([]).to_pylist():
        chosen = pc.and_(pc.equal(months, row["month"]), pc.equal(buckets, row["bucket"]))
        yield (row["month"], row["bucket"]), table.filter(chosen)
