"""The read models: orders, clocks and case files in tables, with the position in the log up to which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from slaengine.errors import Overtaken
from slaengine.projections.case_file import CaseFile
from slaengine.projections.entry import Entry
from slaengine.storage.database import Database
from slaengine.storage.read_models_schema import SCHEMA, Generation, catalogue, catalogue_metadata, generation
from slaengine.storage.tiles import forget

IDS_A_STATEMENT = 500
"""Ids in one `IN` list: SQLite allows 32,766 parameters, and a longer list is no quicker."""

ROWS_A_STATEMENT = 2_000
"""psycopg sends many rows in one pipeline, which can block for ever when both ends have too much to say."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Build:
    """One build of a policy's read models, as the catalogue has it."""

    tables: Generation
    policy: str
    state: str
    schema_version: int
    fingerprint: str
    position: int

    def fits(self, fingerprint: str) -> bool:
        """Whether it can be read and continued by this version of slaengine, for a policy of these texts."""
        return self.schema_version == SCHEMA and self.fingerprint == fingerprint


class ReadModels:
    """The read models in one store. Each policy has its own; readers see a build only when it is whole."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.reading() as connection:
            there = connection.dialect.has_table(connection, catalogue.name)
        if not there:
            with database.writing() as connection:
                catalogue_metadata.create_all(connection)

    def builds(self, connection: Connection, policy: str) -> list[Build]:
        """Return the builds for `policy`, the oldest first."""
        rows = connection.execute(select(catalogue).where(catalogue.c.policy == policy).order_by(catalogue.c.generation))
        return [Build(generation(number), *rest) for number, *rest in rows]

    def begin(self, connection: Connection, policy: str, fingerprint: str) -> Build:
        """Make the empty tables of a new build, in state `building`; drop what an earlier one left behind."""
        for build in self.builds(connection, policy):
            if build.state != "live":
                build.tables.metadata.drop_all(connection)
                connection.execute(delete(catalogue).where(catalogue.c.generation == build.tables.number))
        number = (connection.scalar(select(func.max(catalogue.c.generation))) or 0) + 1
        tables = generation(number)
        tables.metadata.create_all(connection)
        build = Build(tables, policy, "building", SCHEMA, fingerprint, 0)
        connection.execute(
            insert(catalogue).values(
                generation=number, policy=policy, state="building", schema_version=SCHEMA, fingerprint=fingerprint, position=0
            )
        )
        return build

    def swap_in(self, connection: Connection, build: Build) -> None:
        """Make `build` the live one; the one that was live is kept, retired, for readers that are still at it."""
        _set_state(connection, catalogue.c.policy == build.policy, catalogue.c.state == "live", state="retired")
        _set_state(connection, catalogue.c.generation == build.tables.number, state="live")

    def advance(self, connection: Connection, build: Build, position: int) -> None:
        """Say that `build` now stands at `position`.

        Raises:
            Overtaken: another worker moved it meanwhile; nothing of this transaction may stay.
        """
        moved = connection.execute(
            update(catalogue)
            .where(catalogue.c.generation == build.tables.number, catalogue.c.position == build.position)
            .values(position=position)
        )
        if moved.rowcount != 1:
            raise Overtaken(f"another worker is keeping the read models of '{build.policy}'; nothing was changed, try again")


def hold(connection: Connection, build: Build) -> None:
    """Keep other writers of the build out until the transaction ends."""
    connection.execute(select(catalogue.c.position).where(catalogue.c.generation == build.tables.number).with_for_update())


def _set_state(connection: Connection, *where: Any, state: str) -> None:
    connection.execute(update(catalogue).where(*where).values(state=state))


def case_files(connection: Connection, tables: Generation, order_ids: Iterable[UUID]) -> dict[UUID, tuple[int, CaseFile]]:
    """Return the place (`seq`) and case file of those of these orders that the tables hold."""
    found: dict[UUID, tuple[int, CaseFile]] = {}
    orders, files = tables.orders, tables.case_files
    for ids in chunks(order_ids, IDS_A_STATEMENT):
        query = (
            select(orders.c.seq, orders.c.order_id, files.c.content)
            .join(files, files.c.seq == orders.c.seq)
            .where(orders.c.order_id.in_(ids))
        )
        for seq, order_id, content in connection.execute(query):
            found[order_id] = (seq, CaseFile.decode(order_id, content))
    return found


def next_seq(connection: Connection, tables: Generation) -> int:
    """Return the first free place."""
    return (connection.scalar(select(func.max(tables.orders.c.seq))) or 0) + 1


def put(connection: Connection, tables: Generation, entries: Mapping[int, Entry], replaced: Sequence[int]) -> None:
    """Write `entries` (place → entry). `replaced` are the places among them that hold an earlier state of the order."""
    forget(connection, tables, entries)
    if replaced:
        for table in (tables.orders, tables.clocks, tables.case_files):
            gone = delete(table).where(table.c.seq == bindparam("gone"))
            connection.execute(gone, [{"gone": seq} for seq in replaced])
    insert_rows(connection, tables.orders, (order_row(seq, entry) for seq, entry in entries.items()))
    files = ({"seq": seq, "content": entry.case_file.encode()} for seq, entry in entries.items())
    insert_rows(connection, tables.case_files, files)
    insert_rows(connection, tables.clocks, (row for seq, entry in entries.items() for row in clock_rows(seq, entry)))


def insert_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, all with the same columns, in the driver's own form: SQLAlchemy's costs more than the database does."""
    sqlite = connection.dialect.name == "sqlite"
    for some in chunks(rows, ROWS_A_STATEMENT):
        names = list(some[0])
        marks = ", ".join(["?" if sqlite else "%s"] * len(names))
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
        connection.exec_driver_sql(statement, [_as_driven(row, sqlite=sqlite) for row in some])


def _as_driven(row: Mapping[str, Any], *, sqlite: bool) -> tuple[Any, ...]:
    """Return the values as the driver takes them: SQLite's knows no UUID."""
    if sqlite and "order_id" in row:
        row = {**row, "order_id": row["order_id"].bytes}
    return tuple(row.values())


def order_row(seq: int, entry: Entry) -> dict[str, Any]:
    """Return the row of the orders table for an entry."""
    view = entry.view
    return {
        "seq": seq,
        "order_id": entry.case_file.order_id,
        "number": view.number,
        "kind": view.kind,
        "type": view.type,
        "severity": view.severity,
        "channel": view.channel,
        "community": view.community,
        "building": view.building,
        "team": view.team,
        "person": view.person,
        "party": view.party,
        "source": view.source,
        "received_by": view.received_by,
        "cause": view.cause,
        "outcome": view.outcome,
        "satisfaction": view.satisfaction,
        "status": view.status,
        "labels": to_json(view.labels).decode() if view.labels else None,
        "matter": entry.matter,
        "day": entry.day,
        "received_at": view.received_at,
        "responded_at": view.responded_at,
        "arrived_at": view.arrived_at,
        "resolved_at": view.resolved_at,
        "closed_at": view.closed_at,
        "revisited_at": view.revisited_at,
        "ended_at": view.ended_at,
        "reopened": view.reopened,
        "escalated": view.escalated,
        "revisits_asked": entry.revisits_asked,
        "revisits_open": entry.revisits_open,
        "covered": ",".join(entry.covered),
        "last_occurred_at": entry.last_occurred_at,
        "last_recorded_at": entry.last_recorded_at,
        "version": entry.case_file.version,
        "valid_until": entry.valid_until,
    }


def clock_rows(seq: int, entry: Entry) -> Iterator[dict[str, Any]]:
    """Yield the rows of the clocks table for an entry."""
    for clock in entry.clocks:
        yield {
            "seq": seq,
            "target": clock.target,
            "cycle": clock.cycle,
            "promise": clock.promise,
            "edition": clock.edition,
            "started_at": clock.start,
            "due_at": clock.due,
            "stopped_at": clock.stop,
            "stopped_by": clock.stopped_by,
            "elapsed": clock.elapsed,
            "paused": clock.paused,
            "verdict": clock.verdict,
            "excused": clock.waived,
        }


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
