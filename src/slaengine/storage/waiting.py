"""What waits in the log to be taken into the live read models of a policy, with what they hold of its orders."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from slaengine.projections.case_file import CaseFile
from slaengine.storage.database import Database
from slaengine.storage.driving import fetched, id_column
from slaengine.storage.fact_rows import FactRow, facts_after
from slaengine.storage.read_models import Build, ReadModels, case_files, free_seq, live, next_seq
from slaengine.storage.read_models_schema import Generation, catalogue, generation

_BUILD = tuple(catalogue.c.keys())
_LAST: WeakKeyDictionary[Database, dict[str, int]] = WeakKeyDictionary()
"""The generation that was live when it was last looked at, by policy: a guess at where to look next."""


class Waiting(NamedTuple):
    """The live build; the facts behind it, and the last one's position (its own when nothing waits).

    `known` has the place and case file of those of their orders that the build holds, and `free` is its first free place.
    """

    build: Build
    facts: list[FactRow]
    position: int
    known: dict[UUID, tuple[int, CaseFile]]
    free: int


def waiting(connection: Connection, models: ReadModels, policy: str, texts: str, limit: int) -> Waiting | None:
    """Return what waits, up to `limit` facts, for the live build that fits these texts of the policy; None without such a build.

    On PostgreSQL it costs one exchange with the server, unless another build has become the live one.
    """
    last = _LAST.setdefault(models.database, {})
    number = last.pop(policy, None) if connection.dialect.name == "postgresql" else None
    found = _at_once(connection, generation(number), policy, limit) if number is not None else None
    if found is None:
        found = _step_by_step(connection, models, policy, texts, limit)
    if found is not None:
        last[policy] = found.build.tables.number
    return found if found is not None and found.build.fits(texts) else None


def _step_by_step(connection: Connection, models: ReadModels, policy: str, texts: str, limit: int) -> Waiting | None:
    build = live(models.builds(connection, policy), texts)
    if build is None:
        return None
    facts, position = facts_after(connection, build.position, limit)
    if not facts:
        return Waiting(build, [], position, {}, 0)
    continued = {UUID(bytes=key) for key, *_ in facts} - {UUID(bytes=key) for key, version, *_ in facts if version == 1}
    known = case_files(connection, build.tables, continued)
    return Waiting(build, facts, position, known, next_seq(connection, build.tables))


def _at_once(connection: Connection, tables: Generation, policy: str, limit: int) -> Waiting | None:
    """Return what waits if the live build is still the one of these tables; else None."""
    try:
        rows = fetched(connection, _query(connection, tables, limit), policy)
    except DBAPIError:  # a build that was replaced goes, with its tables; anything else is met again step by step
        return None
    if not rows:
        return None
    found = [(row[: len(_BUILD)], row[len(_BUILD) : -3], row[-3:]) for row in rows]
    build = Build(tables, *found[0][0][1:])
    facts = [fact for _, fact, _ in found if fact[0] is not None]
    if not facts:
        return Waiting(build, [], build.position, {}, 0)
    known: dict[UUID, tuple[int, CaseFile]] = {}
    for _, fact, (seq, content, _) in found:
        order_id = UUID(bytes=fact[0])
        if seq is not None and order_id not in known:
            known[order_id] = seq, CaseFile.decode(order_id, content)
    return Waiting(build, [fact[:5] for fact in facts], facts[-1][5], known, free_seq([found[0][2][2:]]))


def _query(connection: Connection, tables: Generation, limit: int) -> str:
    """Return PostgreSQL's statement: the build, each fact that waits, and what the build holds of its order.

    Its numbers stand in the text: PostgreSQL would expect much of a limit that it does not know, and plan each time anew.
    """
    build = f"SELECT {', '.join(_BUILD)} FROM {catalogue.name}"
    facts = f"SELECT order_id, {id_column(connection)} AS key, version, topic, state, recorded_at, position FROM facts"
    return (
        "SELECT b.*, f.key, f.version, f.topic, f.state, f.recorded_at, f.position, o.seq, c.content, "
        f"(SELECT max(seq) FROM {tables.orders.name}) "
        f"FROM ({build} WHERE generation = {tables.number:d} AND policy = ? AND state = 'live') AS b "
        f"LEFT JOIN LATERAL ({facts} WHERE position > b.position ORDER BY position LIMIT {limit:d}) AS f ON true "
        f"LEFT JOIN {tables.orders.name} AS o ON o.order_id = f.order_id "
        f"LEFT JOIN {tables.case_files.name} AS c ON c.seq = o.seq ORDER BY f.position"
    )
