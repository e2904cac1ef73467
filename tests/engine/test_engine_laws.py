"""Laws that hold whatever is sent: each accepted command, sent again at any later time, records nothing."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from slaengine.audit.chain import verify
from slaengine.domain import commands as c
from slaengine.domain.work_order import fold
from slaengine.engine import SlaEngine, order_id_for
from slaengine.errors import WorkOrderError
from slaengine.testing.examples import after

IDS = [order_id_for(after(0), f"row-{row}") for row in range(3)]
REASONS = st.sampled_from(["parts", "access"])
TARGETS = {"target": st.just("resolution"), "reason": st.just("storm"), "by": st.just("manager-01")}
FIELDS: dict[type[c.Command], dict[str, st.SearchStrategy[object]]] = {
    c.Receive: {"kind": st.sampled_from(["repair", "complaint"]), "number": st.sampled_from(["R-1", "R-2", "R-3"])},
    c.Respond: {},
    c.Classify: {"type": st.sampled_from(["facility.lift", "fee"]), "severity": st.sampled_from(["general", "urgent"])},
    c.Dispatch: {"team": st.sampled_from(["engineering", "security"])},
    c.Decline: {"reason": st.just("not_ours")},
    c.Pause: {"reason": REASONS},
    c.Resume: {"reason": REASONS},
    c.Escalate: {"level": st.integers(1, 2)},
    c.Resolve: {},
    c.Revisit: {"method": st.just("telephone")},
    c.Reopen: {},
    c.Close: {},
    c.Cancel: {"reason": st.just("withdrawn")},
    c.Merge: {"into": st.sampled_from(IDS)},
    c.RequestWaiver: TARGETS,
    c.ApproveWaiver: TARGETS,
    c.Correct: {"version": st.integers(1, 3), "field": st.sampled_from(["severity", "reason"]), "value": REASONS},
}
DEEP = bool(os.environ.get("SLAENGINE_DEEP"))
COMMAND_IDS = st.none() | st.integers(0, 20).map(str)


@st.composite
def commands(draw: st.DrawFn) -> c.Command:
    kind = draw(st.sampled_from(list(FIELDS)))
    fields = {name: draw(values) for name, values in FIELDS[kind].items()}
    return kind(occurred_at=after(draw(st.integers(0, 12)) * 5), command_id=draw(COMMAND_IDS), **fields)


class SentTwice(RuleBasedStateMachine):
    """Random commands to three orders, each sent twice, old ones again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = SlaEngine.open("memory:", clock=lambda: after(60))
        self.accepted: list[Callable[[], int]] = []

    def teardown(self) -> None:
        self.engine.shutdown()

    @rule(order=st.sampled_from(IDS), command=commands())
    def send_twice(self, order: object, command: c.Command) -> None:
        before = self.engine.log.head()

        def send() -> int:
            return len(self.engine.handle(order, command))

        try:
            recorded = send()
        except WorkOrderError:
            assert self.engine.log.head() == before
            return
        assert self.engine.log.head().position == before.position + recorded
        assert send() == 0
        if recorded or command.command_id:
            self.accepted.append(send)  # what was only 'already so', and has no id, may mean something new later

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def send_an_old_one_again(self, data: st.DataObject) -> None:
        before = self.engine.log.head()
        assert data.draw(st.sampled_from(self.accepted))() == 0
        assert self.engine.log.head() == before

    @invariant()
    def the_log_holds_together(self) -> None:
        assert verify(self.engine.log.scan()) is None
        for order in IDS:
            facts = self.engine.log.facts_of(order)
            assert [fact.version for fact in facts] == list(range(1, len(facts) + 1))
            assert self.engine.work_orders.work_order(order) == fold(map(self.engine.work_orders.fact_of, facts))


TestSentTwice = SentTwice.TestCase
TestSentTwice.settings = settings(max_examples=1_000 if DEEP else 20, stateful_step_count=25, deadline=None)
