"""Cells: what clocks are counted in, one for each group of orders and target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slaengine.projections.columns import Ints, Words


class Tally(NamedTuple):
    """By cell: how many clocks stand at each of `VERDICTS`, and the percentiles of elapsed times in µs, NaN without any."""

    counts: Ints
    percentiles: NDArray[np.float64]


class Cells(NamedTuple):
    """Which cell a clock is counted in: of `groups` × `targets`, the one of its order's group and its target's place.

    `group[i]` is the group of order i, `place[w]` that of the target which is word w of the clocks.
    """

    group: Ints
    groups: int
    place: Ints
    targets: int

    def __len__(self) -> int:
        return self.groups * self.targets

    def of(self, order: Ints, target: Words, width: int = 1) -> Ints:
        """Return the cells of clocks of these orders and targets, each times `width`."""
        kind = np.int32 if len(self) * width < 1 << 31 else np.int64
        cell: Ints = (self.group * kind(self.targets * width))[order]
        if len(cell):
            place: Ints = (self.place * kind(width))[target.codes]
            cell += place
        return cell
