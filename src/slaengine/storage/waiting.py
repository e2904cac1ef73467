"""What waits in the log to be taken into the live read models of a policy."""

from __future__ import annotations

from sqlalchemy import Connection

from slaengine.storage.driving import fetched, id_column
from slaengine.storage.fact_rows import FactRow, facts_after
from slaengine.storage.read_models import Build, ReadModels, live
from slaengine.storage.read_models_schema import catalogue, generation

_BUILD = tuple(catalogue.c.keys())


def waiting(
    connection: Connection, models: ReadModels, policy: str, texts: str, limit: int
) -> tuple[Build, list[FactRow], int] | None:
    """Return the live build that fits these texts of the policy, up to `limit` facts behind it, and the last one's position.

    None when there is no such build; its own position when nothing waits. On PostgreSQL it costs one exchange with the server.
    """
    if connection.dialect.name == "sqlite":
        build = live(models.builds(connection, policy), texts)
        return None if build is None else (build, *facts_after(connection, build.position, limit))
    of_fact = f"{id_column(connection)}, version, topic, state, recorded_at, position"
    next_ones = f"SELECT {of_fact} FROM facts WHERE position > b.position ORDER BY position LIMIT ?"
    query = (
        f"SELECT b.*, f.* FROM (SELECT {', '.join(_BUILD)} FROM {catalogue.name} WHERE policy = ? AND state = 'live') AS b "
        f"LEFT JOIN LATERAL ({next_ones}) AS f ON true ORDER BY f.position"
    )
    rows = fetched(connection, query, policy, limit)
    if not rows:
        return None
    number, *rest = rows[0][: len(_BUILD)]
    build, facts = Build(generation(number), *rest), [row[len(_BUILD) :] for row in rows]
    if not build.fits(texts):
        return None
    if facts[0][0] is None:
        return build, [], build.position
    return build, [(key, version, topic, state, at) for key, version, topic, state, at, _ in facts], facts[-1][5]
