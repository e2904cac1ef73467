"""Tiles laid again in their places make the sheet that laying all of them anew makes."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.projections.stores import NEW_YEAR, STANDARD, Town

from slaengine.projections.case_file import CaseFile, micros
from slaengine.projections.closure import closure_rows
from slaengine.projections.compliance import compliance_rows
from slaengine.projections.entry import Judge
from slaengine.projections.gather import tile_of_entries
from slaengine.projections.groups import groups_of
from slaengine.projections.kpis import cut_for, kpi_rows
from slaengine.projections.laid_out import LaidOut, Misplaced
from slaengine.projections.promises import chosen_kpis, promises_of
from slaengine.projections.reading import Reader
from slaengine.projections.sheets import side_by_side
from slaengine.projections.tile import Tile
from slaengine.storage.database import Database

NAMES = (
    *("type", "team", "kind", "channel", "community", "building", "person", "received_by", "severity", "party"),
    *("cause", "outcome", "satisfaction", "method"),
)
SIZE = 5
WHOLE = 24


def case_files() -> list[CaseFile]:
    database = Database.open("memory:")
    told, reader = Town(database, WHOLE), Reader()
    told.tell()
    stored: dict = {}
    for fact in told.log.scan():
        stored.setdefault(fact.order_id, []).append(reader.moment(fact.topic, fact.state, fact.version, fact.recorded_at))
    database.close()
    return [CaseFile(order_id, tuple(moments)) for order_id, moments in stored.items()]


FILES = case_files()
JUDGE = Judge(STANDARD)
NOW = micros(NEW_YEAR) + 40 * 86_400_000_000


def tile(number: int, facts: list[int]) -> Tile:
    return _tile(number, tuple(facts))


@cache
def _tile(number: int, facts: tuple[int, ...]) -> Tile:
    """A tile of some orders of which so many facts are known."""
    first = number * SIZE
    files = [CaseFile(f.order_id, f.moments[: max(count, 1)]) for f, count in zip(FILES[first:], facts, strict=False)]
    seqs = {file.order_id: first + n for n, file in enumerate(files)}
    return tile_of_entries(JUDGE.entries(files), NAMES, seqs)


def said(sheet) -> list:
    promises = promises_of(STANDARD, NEW_YEAR)
    rows = [
        compliance_rows(groups_of(sheet.orders, "week", by), promises.targets, sheet, NOW) for by in ((), ("type",), ("person",))
    ]
    kpis = [kpi_rows(kpi, cut_for(kpi, sheet, NOW, promises.zone), zone=promises.zone) for kpi in chosen_kpis(STANDARD, ())]
    closure = closure_rows(groups_of(sheet.orders, None, ("type",)), sheet.orders)
    return [rows, closure, kpis, len(sheet.orders), sorted(sheet.orders.seq.tolist())]


counts = st.lists(st.sampled_from([1, 4, 9, 30]), min_size=SIZE, max_size=SIZE)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), counts), min_size=1, max_size=5), st.integers(0, 5))
def test_tiles_put_in_their_places_again_and_again_are_as_if_laid_once(puts, learned_after):
    laid, last = LaidOut(), {number: tile(number, [3] * SIZE) for number in range(3)}
    for number, one in last.items():
        laid.put(number, one)
    for n, (number, facts) in enumerate(puts):
        if n == learned_after:
            learn(laid, last)
        last[number] = tile(number, facts)
        laid.put(number, last[number])
    if not laid.dimensions:
        learn(laid, last)
    assert said(laid.sheet(NAMES)) == said(side_by_side(list(last.values()), NAMES))


def learn(laid: LaidOut, tiles: dict[int, Tile]) -> None:
    for name in NAMES:
        laid.learn(name, {number: one.dimensions[name] for number, one in tiles.items()})


def test_the_last_tile_grows_in_its_place_and_another_does_not():
    laid = LaidOut()
    laid.put(0, tile(0, [9] * 2))
    learn(laid, {0: tile(0, [9] * 2)})
    laid.put(0, tile(0, [9] * SIZE))
    laid.put(1, tile(1, [9] * 3))
    laid.put(1, tile(1, [9] * 4))
    assert said(laid.sheet(NAMES)) == said(side_by_side([tile(0, [9] * SIZE), tile(1, [9] * 4)], NAMES))
    with pytest.raises(Misplaced):
        laid.put(0, tile(0, [9] * 3))


def test_room_left_behind_is_told_of():
    laid = LaidOut()
    laid.put(0, tile(0, [2] * SIZE))
    assert not laid.wasteful()
    laid.put(0, tile(0, [30] * SIZE))
    assert laid.wasteful() == (len(tile(0, [2] * SIZE).clocks) * 4 > len(laid.sheet(()).clocks))
    assert np.isin(laid.sheet(()).clocks.target.codes, [0]).any()
