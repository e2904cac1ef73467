"""Verification of KPI values: what the read models give beside what follows from the facts alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from slaengine.audit.differences import Difference
from slaengine.policies.kpi import Kpi
from slaengine.projections.case_file import CaseFile
from slaengine.projections.columns import Sheet
from slaengine.projections.gather import tile_of_entries
from slaengine.projections.groups import stored_dimensions
from slaengine.projections.kpis import KpiRow, cut_for, kpi_rows
from slaengine.projections.measures import needed
from slaengine.projections.promises import chosen_kpis
from slaengine.projections.sheets import side_by_side
from slaengine.storage.figures import Figures

VALUES = ("above", "below", "value", "p50_s", "p90_s", "band")
Place = tuple[str, str | None, tuple[tuple[str, str | None], ...]]


class KpiTally:
    """Collects orders made again from their facts, a few hundred bytes each, and compares every KPI of the policy at the end.

    `as_of` (µs) is the instant for which KPIs are asked.
    """

    def __init__(self, figures: Figures, as_of: int) -> None:
        self._figures, self._as_of = figures, as_of
        self._kpis = chosen_kpis(figures.judge.book, ())
        self._by = [name for kpi in self._kpis for name in needed(kpi)]
        self._names = stored_dimensions(self._by)
        self._tiles: list[Any] = []
        self.values = 0

    def take(self, files: Sequence[CaseFile]) -> None:
        """Judge some orders as of the instant, and keep what KPIs look at."""
        if self._kpis:
            self._tiles.append(tile_of_entries(self._figures.judge.entries(files, as_of=self._as_of), self._names))

    def differences(self) -> Iterator[Difference]:
        """Yield the KPI values that do not follow from the facts, and count them all in `values`."""
        if not self._tiles:
            return
        with self._figures.sheet(self._as_of, None, self._by) as sheet:
            published = [self._rows(kpi, sheet) for kpi in self._kpis]
        replayed = side_by_side(self._tiles, self._names)
        for kpi, old in zip(self._kpis, published, strict=True):
            new = self._rows(kpi, replayed)
            self.values += len(new)
            for place in sorted({*old, *new}, key=str):
                before, after = old.get(place), new.get(place)
                if before != after:
                    yield Difference(_named(place), None, None, before, after, "the facts give the KPI another value")

    def _rows(self, kpi: Kpi, sheet: Sheet) -> dict[Place, dict[str, Any]]:
        zone = self._figures.judge.zone
        rows = kpi_rows(kpi, cut_for(kpi, sheet, self._as_of, zone), zone=zone)
        return {_place(row): {name: getattr(row, name) for name in VALUES} for row in rows}


def _place(row: KpiRow) -> Place:
    return row.kpi, row.period, tuple(row.group.items())


def _named(place: Place) -> str:
    kpi, period, group = place
    return " ".join(["KPI", kpi, *([period] if period else []), *(f"{name}={value}" for name, value in group)])
