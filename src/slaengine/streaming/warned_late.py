"""Warnings that came too late: said when the clock was past its due time, so that nobody could act on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pydantic_core import from_json
from sqlalchemy import inspect, select

from slaengine.storage.database import Database
from slaengine.streaming import tables
from slaengine.streaming.ledger import unpacked
from slaengine.streaming.verdicts import TYPE

WARNED = TYPE.format("clock_warned")


class LateWarning(NamedTuple):
    """A warning: when it should have been said, when it was, and when the clock was due."""

    order: str
    target: str
    cycle: int
    should_be: str
    said: str
    due: str

    @property
    def late_s(self) -> float:
        """The seconds between the due time and the warning."""
        return (datetime.fromisoformat(self.said) - datetime.fromisoformat(self.due)).total_seconds()


def late_warnings(database: Database, policy: str) -> Iterator[LateWarning]:
    """Yield the warnings of a policy that `slaengine watch` said behind the due time, in the order in which they were said."""
    with database.reading() as connection:
        if not inspect(connection).has_table(tables.verdicts.name):
            return
        rows = connection.execute(select(tables.verdicts.c.headers, tables.verdicts.c.body).order_by(tables.verdicts.c.n))
        for packed_headers, body in rows:
            headers = {name: value.decode() for name, value in unpacked(packed_headers)}
            said = headers.get("ce_recordedtime")
            if headers["ce_type"] != WARNED or said is None:
                continue
            told = from_json(body)
            if told["policy"] != policy or "due" not in told:
                continue
            warning = LateWarning(headers["ce_subject"], told["target"], told["cycle"], headers["ce_time"], said, told["due"])
            if warning.late_s > 0:
                yield warning
