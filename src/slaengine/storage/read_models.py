"""The read models: orders, clocks and case files in tables, with the position in the log up to which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from slaengine.errors import Overtaken
from slaengine.projections.case_file import CaseFile
from slaengine.projections.entry import Entry
from slaengine.projections.rows import Values, clock_values, file_values, held_values, order_values
from slaengine.storage.bulk import chunks, delete_rows, deletion, insert_rows, insertion
from slaengine.storage.database import Database
from slaengine.storage.driving import Answer, Statement, as_driven, fetched, fetched_among, id_column, or_fail, run_together
from slaengine.storage.read_models_schema import SCHEMA, Generation, catalogue, catalogue_metadata, generation
from slaengine.storage.tiles import forget, forgetting

IDS_A_STATEMENT = 500
"""Ids in one `IN` list: SQLite allows 32,766 parameters, and a longer list is no quicker."""


_CATALOGUED = ", ".join(catalogue.c.keys())
_STANDS = "state <> 'dropped'"
TOLD_AT_ONCE_MAX = 200
"""Rows that go to PostgreSQL in one text, some hundred bytes each."""


class Rows(NamedTuple):
    """Rows of some orders, in the order of their tables' columns."""

    orders: list[Values]
    clocks: list[Values]
    held: list[Values]
    files: list[Values]


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
        """Return the builds for `policy` that have tables, the oldest first."""
        wanted = f"{_STANDS} AND policy = ?"
        rows = fetched(connection, f"SELECT {_CATALOGUED} FROM {catalogue.name} WHERE {wanted} ORDER BY generation", policy)
        return [Build(generation(number), *rest) for number, *rest in rows]

    def newest(self, connection: Connection, policy: str | None = None) -> int:
        """Return the number of the build that was begun last, of `policy` or of all; 0 when there is none."""
        of_policy = () if policy is None else (catalogue.c.policy == policy,)
        return connection.scalar(select(func.max(catalogue.c.generation)).where(*of_policy)) or 0

    def begin(self, connection: Connection, policy: str, fingerprint: str) -> Build:
        """Make the empty tables of a new build, in state `building`; drop what an earlier one left behind."""
        for build in self.builds(connection, policy):
            if build.state != "live":
                _set_state(connection, catalogue.c.generation == build.tables.number, state="dropped")  # waits for who holds it
                build.tables.metadata.drop_all(connection)
        number = self.newest(connection) + 1
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
        """Make `build` the live one; the one that was live is kept, retired, for readers that are still at it.

        Raises:
            Overtaken: as `hold`, or another worker has put one in its place.
        """
        state = hold(connection, build)
        if state == "retired":
            raise Overtaken(f"another worker has put newer read models of '{build.policy}' in the place of these; try again")
        if state == "live":  # another worker at the same build was quicker
            return
        _set_state(connection, catalogue.c.policy == build.policy, catalogue.c.state == "live", state="retired")
        _set_state(connection, catalogue.c.generation == build.tables.number, state="live")

    def retire(self, connection: Connection, build: Build) -> None:
        """Take `build` out of use; its tables go when the next one begins.

        Raises:
            Overtaken: as `hold`.
        """
        hold(connection, build)
        _set_state(connection, catalogue.c.generation == build.tables.number, state="retired")

    def advance(self, connection: Connection, build: Build, position: int) -> None:
        """Say that `build` now stands at `position`.

        Raises:
            Overtaken: another worker moved it meanwhile; nothing of this transaction may stay.
        """
        _check_moved(build, *run_together(connection, [_advance(build, position)]))

    def take_in(self, build: Build, position: int, rows: Rows, replaced: Sequence[int], *, end: bytes | None = None) -> None:
        """Write rows of orders as `put_rows` does and say that `build` now stands at `position`, in one transaction.

        Few rows cost PostgreSQL one exchange; there `end` makes it a condition that the build is live and that the log ends with
        the fact of this hash.

        Raises:
            Overtaken: as `advance`, or the condition does not hold.
        """
        if self.database.dialect == "sqlite" or sum(map(len, rows)) > TOLD_AT_ONCE_MAX:
            with self.database.writing(derived=True) as connection:
                self.advance(connection, build, position)
                put_rows(connection, build.tables, rows, replaced)
            return
        tables = build.tables
        written = tables.orders, tables.clocks, tables.held, tables.case_files
        gone = [forgetting(tables, (row[0] for row in rows.orders))] if rows.orders else []
        gone += [deletion(table, replaced) for table in written] if replaced else []
        new = [insertion(table, of_table) for table, of_table in zip(written, rows, strict=True) if of_table]
        moves, values = _advance(build, position)
        if end is not None:
            moves, values = f"{moves} AND state = 'live' AND (SELECT hash FROM log_head) = ?", (*values, end)
        self.database.write_at_once([or_fail((moves, values)), *gone, *new], derived=True)


def _advance(build: Build, position: int) -> Statement:
    where = position, build.tables.number, build.position
    return f"UPDATE {catalogue.name} SET position = ? WHERE generation = ? AND position = ? AND {_STANDS}", where


def _check_moved(build: Build, answer: Answer) -> None:
    if answer.changed != 1:
        raise Overtaken(f"another worker is keeping the read models of '{build.policy}'; nothing was changed, try again")


def live(builds: Iterable[Build], texts: str) -> Build | None:
    """Return the build that readers see, if it fits these texts of the policy."""
    return next((build for build in builds if build.state == "live" and build.fits(texts)), None)


def hold(connection: Connection, build: Build) -> str:
    """Keep other writers of the build out until the transaction ends, and return its state.

    Raises:
        Overtaken: another worker has dropped it, to begin one by other texts of the policy.
    """
    here = catalogue.c.generation == build.tables.number
    state = connection.scalar(select(catalogue.c.state).where(here).with_for_update())
    if state in {None, "dropped"}:
        raise Overtaken(f"another worker has begun read models of '{build.policy}' by other texts and dropped these; try again")
    return str(state)


def _set_state(connection: Connection, *where: Any, state: str) -> None:
    connection.execute(update(catalogue).where(*where).values(state=state))


def case_files(connection: Connection, tables: Generation, order_ids: Iterable[UUID]) -> dict[UUID, tuple[int, CaseFile]]:
    """Return the place (`seq`) and case file of those of these orders that the tables hold."""
    found: dict[UUID, tuple[int, CaseFile]] = {}
    orders, files, key = tables.orders.name, tables.case_files.name, id_column(connection)
    for ids in chunks(order_ids, IDS_A_STATEMENT):
        keys = [as_driven(connection, order_id) for order_id in ids]
        query = f"SELECT o.seq, {key}, content FROM {orders} o JOIN {files} f ON f.seq = o.seq WHERE order_id"
        for seq, order_key, content in fetched_among(connection, query, keys):
            order_id = UUID(bytes=order_key)
            found[order_id] = (seq, CaseFile.decode(order_id, content))
    return found


def next_seq(connection: Connection, tables: Generation) -> int:
    """Return the first free place."""
    return free_seq(fetched(connection, f"SELECT max(seq) FROM {tables.orders.name}"))


def free_seq(rows: Sequence[tuple[Any, ...]]) -> int:
    """Return the first free place, by what the database says of the last one."""
    ((last,),) = rows
    return 0 if last is None else last + 1


def put(connection: Connection, tables: Generation, entries: Mapping[int, Entry], replaced: Sequence[int]) -> None:
    """Write `entries` (place → entry). `replaced` are the places among them that hold an earlier state of the order."""
    put_rows(connection, tables, rows_of(entries), replaced)


def put_rows(connection: Connection, tables: Generation, rows: Rows, replaced: Sequence[int]) -> None:
    """Write rows of orders. `replaced` are the places among them that hold an earlier state of the order."""
    forget(connection, tables, (row[0] for row in rows.orders))
    for table in (tables.orders, tables.clocks, tables.held, tables.case_files):
        delete_rows(connection, table, replaced)
    write(connection, tables, rows)


def rows_of(entries: Mapping[int, Entry]) -> Rows:
    """Return the rows of entries by their place."""
    return Rows(
        [order_values(seq, entry) for seq, entry in entries.items()],
        [values for seq, entry in entries.items() for values in clock_values(seq, entry)],
        [values for seq, entry in entries.items() for values in held_values(seq, entry)],
        [file_values(seq, entry) for seq, entry in entries.items()],
    )


def write(connection: Connection, tables: Generation, rows: Rows) -> None:
    """Write rows of orders that are not there."""
    insert_rows(connection, tables.orders, rows.orders)
    insert_rows(connection, tables.clocks, rows.clocks)
    insert_rows(connection, tables.held, rows.held)
    insert_rows(connection, tables.case_files, rows.files)
