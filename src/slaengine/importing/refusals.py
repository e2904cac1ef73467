"""Which row of an order is to blame when its commands are refused."""

from __future__ import annotations

from collections.abc import Sequence

from slaengine.domain.commands import Command
from slaengine.domain.decide import decide
from slaengine.domain.events import Fact
from slaengine.domain.work_order import evolve, fold
from slaengine.errors import WorkOrderError
from slaengine.importing.plan import PlannedOrder, Reject


def rejects_of(
    planned: PlannedOrder, commands: Sequence[Command], recorded: Sequence[Fact], refusal: WorkOrderError
) -> list[Reject]:
    """Return each row of an order whose `commands` were refused: the one to blame with the reason, the others with it."""
    culprit = _culprit(planned, commands, recorded)
    along = f"left out with row {culprit} of the same order"
    return [Reject(row, "", "", str(refusal) if row == culprit else along) for row in planned.all_rows]


def _culprit(planned: PlannedOrder, commands: Sequence[Command], recorded: Sequence[Fact]) -> int:
    """Return the row that told of the command which was refused: the first one that does not lead to a fact."""
    state = fold(recorded)
    row_of = {id(command): row for command, row in zip(planned.commands, planned.rows, strict=True)}
    for command in commands:
        try:
            for fact in decide(command, state):
                state = evolve(state, fact)
        except WorkOrderError:
            return row_of.get(id(command), planned.all_rows[0])
    return planned.all_rows[0]
