"""Hypothesis strategies: commands, facts, and whole histories with late facts, overlapping pauses and reopenings.

A test asks for them as usual:

    @given(histories())
    def test_my_projection(commands): ...
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from slaengine.domain import commands as c
from slaengine.domain.decide import PERMITTED, decide
from slaengine.domain.events import Fact
from slaengine.domain.values import KINDS, Evidence, Kind, Place, Reporter
from slaengine.domain.work_order import INITIAL, evolve
from slaengine.errors import MissingExtra, WorkOrderError

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra("slaengine.testing.strategies", "testing") from None

NINE = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MINUTES_MAX = 600
LIFE: tuple[type[c.Command], ...] = (
    c.Respond,
    *(c.Classify, c.Dispatch, c.Decline) * 2,
    c.Arrive,
    c.ReportProgress,
    *(c.Pause, c.Resume) * 4,
    *(c.Resolve, c.Reopen) * 3,
    *(c.Revisit, c.Close, c.Correct) * 2,
    c.Cancel,
    c.Merge,
    c.ApproveWaiver,
)
"""What histories are made of; what changes a clock comes more often."""

instants = st.integers(0, MINUTES_MAX).map(lambda minute: NINE + timedelta(minutes=minute))
"""Whole minutes of one working day, few enough that facts fall together."""

names = st.sampled_from(("a", "b", "c"))
"""Labels, few enough that they meet again."""

texts = st.text(max_size=40)
evidence = st.builds(Evidence, digest=st.sampled_from(("0" * 64, "af" * 32)), media_type=st.none() | st.just("image/png"))
_maybe = st.none() | names

_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "occurred_at": instants,
    "command_id": st.none(),
    "kind": st.sampled_from(KINDS),
    "number": st.just("WO-20260105-000001"),
    "place": st.builds(Place, community=_maybe, building=_maybe, premises=_maybe, room=st.none() | texts),
    "reporter": st.none() | st.builds(Reporter, subject=_maybe, name=st.none() | texts, telephone=st.none() | texts),
    "description": st.none() | texts,
    "restated": st.none() | texts,
    "note": st.none() | texts,
    "expected_at": st.none() | instants,
    "labels": st.dictionaries(names, names, max_size=2),
    "given_due": st.dictionaries(st.just("due"), instants, max_size=1),
    "type": st.sampled_from(("facility.lift", "facility.lift.entrapment", "fee.bill")),
    "warranty": st.none() | st.booleans(),
    "evidence": st.lists(evidence, max_size=2).map(tuple),
    "parties": st.lists(names, max_size=3).map(tuple),
    "level": st.integers(1, 3),
    "into": st.just(UUID("019b8bbb-5a00-7000-8000-000000000002")),
    "amount": st.integers(-99_999, 99_999).map(lambda cents: Decimal(cents) / 100),
    "currency": st.sampled_from(("CNY", "EUR")),
    "verdict": st.sampled_from(("met", "missed", "unknown")),
    "version": st.integers(1, 8),
}
"""How each field is drawn; any other is a label, which may be missing where the model says so."""

_OWN: dict[type[c.Command], dict[str, st.SearchStrategy[Any]]] = {
    c.AttachEvidence: {"evidence": evidence},
    c.Dispatch: {"team": names},
    c.RequestWaiver: {"by": names},
    c.ApproveWaiver: {"by": names},
    c.RefuseWaiver: {"by": names},
}
_CORRECTIONS = st.one_of(
    st.builds(lambda at: {"field": "occurred_at", "value": at.isoformat()}, instants),
    st.builds(lambda name: {"field": "reason", "value": name}, names),
    st.builds(lambda kind: {"field": "kind", "value": kind}, st.sampled_from(get_args(Kind))),
    st.builds(lambda name: {"field": "place.building", "value": name}, _maybe),
    st.builds(lambda text: {"field": "reporter.name", "text": text}, texts),
)


def commands(*kinds: type[c.Command]) -> st.SearchStrategy[c.Command]:
    """Draw a command of one of these kinds (of any, if none is named), valid in itself; an order may refuse it."""
    return st.sampled_from(kinds or c.COMMANDS).flatmap(_command)


def facts(*kinds: type[Fact]) -> st.SearchStrategy[Fact]:
    """Draw a fact of one of these kinds (of any, if none is named)."""
    return commands(*(command for command in c.COMMANDS if not kinds or command.FACT in kinds)).map(c.Command.fact)


@st.composite
def histories(draw: st.DrawFn, *, commands_max: int = 20, kinds: tuple[type[c.Command], ...] = LIFE) -> list[c.Command]:
    """Draw the commands of one order in order of arrival, each of which leads to exactly one fact; the first receives.

    Facts arrive in any order, so many are late; pauses overlap, orders are reopened, corrected, cancelled and merged.
    """
    first = draw(commands(c.Receive))
    accepted, state = [first], evolve(INITIAL, first.fact())
    for _ in range(draw(st.integers(0, commands_max))):
        instant = draw(instants)
        status = state.standing_at(instant).status
        kind = draw(st.sampled_from([kind for kind in kinds if status in PERMITTED[kind]]))
        command = draw(_command(kind, st.just(instant)))
        try:
            led_to = decide(command, state)
        except WorkOrderError:
            continue
        for fact in led_to:
            state = evolve(state, fact)
            accepted.append(command)
    return accepted


def _command(kind: type[c.Command], occurred_at: st.SearchStrategy[datetime] = instants) -> st.SearchStrategy[c.Command]:
    fields = {name: _field(kind, name) for name in kind.model_fields} | {"occurred_at": occurred_at}
    if kind is not c.Correct:
        return st.builds(kind, **fields)
    stamp = st.fixed_dictionaries({name: how for name, how in fields.items() if name not in ("field", "value", "text")})
    return st.builds(lambda stamped, what: c.Correct(**stamped, **what), stamp, _CORRECTIONS)


def _field(kind: type[c.Command], name: str) -> st.SearchStrategy[Any]:
    own = _OWN.get(kind, {})
    if name in own:
        return own[name]
    return _FIELDS.get(name, names if kind.model_fields[name].is_required() else _maybe)
