"""What a chunk of the log comes to: rows and a tile, made from its facts and nothing else, in whichever process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from slaengine.errors import CorruptFact
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import CaseFile
from slaengine.projections.entry import Judge
from slaengine.projections.gather import tile_of_rows
from slaengine.projections.reading import Reader
from slaengine.projections.rows import Values
from slaengine.storage.fact_rows import FactRow
from slaengine.storage.read_models import Rows, rows_of
from slaengine.storage.read_models_schema import TILE_ORDERS
from slaengine.storage.tiles import tile_rows

WORK_ORDER = "work_order."
"""What the topics of facts about orders begin with; the log holds others too."""

Chunk = tuple[Rows, list[Values]]
"""The rows of some orders, and those of the tile that they fill."""


class Maker:
    """Makes chunks by one judge."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._reader = Reader()

    def chunk(self, number: int, facts: Sequence[FactRow]) -> Chunk:
        """Return what whole orders come to, as chunk `number`, which is also the number of the tile they fill.

        Raises:
            CorruptFact: a fact cannot be read, or is missing.
            CalendarError: a calendar does not know the time that a limit reaches into.
        """
        entries = dict(enumerate(self.judge.entries(list(self._case_files(facts))), number * TILE_ORDERS))
        rows = rows_of(entries)
        tile = tile_of_rows(rows.orders, rows.clocks, rows.held)
        return rows, tile_rows(number, tile) if entries else []

    def moment(self, fact: FactRow) -> Moment:
        """Return a fact as a moment."""
        _, version, topic, state, recorded_at = fact
        return self._reader.moment(topic, state, version, recorded_at)

    def _case_files(self, facts: Sequence[FactRow]) -> Iterator[CaseFile]:
        for key, of_order in groupby(facts, itemgetter(0)):
            moments = [self.moment(fact) for fact in of_order if fact[2].startswith(WORK_ORDER)]
            if not moments:
                continue
            order_id = UUID(bytes=key)
            if moments[-1].version != len(moments):
                raise CorruptFact(f"work order {order_id}: of {moments[-1].version} facts only {len(moments)} are there")
            yield CaseFile(order_id, tuple(moments))
