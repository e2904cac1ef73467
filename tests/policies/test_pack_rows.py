"""Every row of every shipped programme has a target, and every row that a pack says it implements is walked by a test."""

import json
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from tests.policies import (
    test_pack_awaab_2025,
    test_pack_communication,
    test_pack_complaint_code_2024,
    test_pack_front_desk,
    test_pack_owner_satisfaction_plan,
    test_pack_satisfaction_programme,
    test_pack_service_standard,
)
from tests.policies.pack_walk import go, local, then, walking

from slaengine.policies.applies import Applies, matches
from slaengine.policies.book import PolicyBook, pack_text, packs
from slaengine.policies.calendar_spec import ALWAYS
from slaengine.policies.kpi import Kpi
from slaengine.policies.limits import Limit
from slaengine.policies.lint import lint
from slaengine.policies.policy import DONE, Target

WALKED: tuple[ModuleType, ...] = (
    test_pack_awaab_2025,
    test_pack_communication,
    test_pack_complaint_code_2024,
    test_pack_front_desk,
    test_pack_owner_satisfaction_plan,
    test_pack_satisfaction_programme,
    test_pack_service_standard,
)
OTHERS = {"boston-311"}
"""Packs made from a city's own tables, with tests of their own."""


@dataclass(frozen=True)
class Row:
    """A clock as the programmes' papers have it: for which orders, from where to where, how long."""

    pack: str
    order: dict[str, Any]
    start: str
    stop: str
    limit: str
    office: bool = False

    def __str__(self) -> str:
        return f"{self.pack}: {' '.join(map(str, self.order.values()))} {self.start} → {self.stop} {self.limit}"


P1, P2, P3, P4, P5 = "satisfaction-programme", "front-desk", "communication", "service-standard", "owner-satisfaction-plan"
WARRANTY = {"kind": "repair", "type": "facility.wall.seepage", "severity": "hindering", "warranty": True}
ROWS = [
    Row(P1, {"kind": "repair", "severity": "general"}, "received", "responded", "8 h"),
    Row(P1, {"kind": "repair", "severity": "general"}, "received", "resolved", "24 h"),
    Row(P1, {"kind": "repair", "severity": "emergency"}, "received", "arrived", "1 h"),
    Row(P1, {"kind": "repair", "severity": "emergency"}, "received", "resolved", "4 h"),
    Row(P1, {"kind": "repair", "severity": "general"}, "resolved", "revisited", "48 h"),
    Row(P1, {"kind": "repair", "severity": "emergency"}, "resolved", "revisited", "48 h"),
    Row(P1, {"kind": "complaint", "severity": "general"}, "received", "resolved", "3 wd", office=True),
    Row(P1, {"kind": "complaint", "severity": "complex"}, "received", "resolved", "7 wd", office=True),
    Row(P1, {"kind": "complaint", "severity": "major"}, "received", "accepted", "24 h"),
    Row(P1, {"kind": "complaint", "severity": "major"}, "received", "plan_proposed", "15 wd", office=True),
    Row(P1, {"kind": "complaint", "severity": "general"}, "resolved", "revisited (method telephone)", "24 h"),
    Row(P1, {"kind": "complaint", "severity": "major"}, "resolved", "revisited (method telephone)", "24 h"),
    Row(P1, {"kind": "complaint", "severity": "major"}, "resolved", "revisited (method on_site)", "72 h"),
    Row(P2, {"kind": "enquiry"}, "received", "responded", "5 min"),
    Row(P2, {"kind": "complaint"}, "received", "revisited", "24 h"),
    Row(P3, {"kind": "complaint"}, "received", "responded", "15 min"),
    Row(P3, {"kind": "enquiry"}, "received", "responded", "24 h"),
    Row(P3, {"kind": "repair"}, "received", "responded", "48 h"),
    Row(P3, {"kind": "repair", "channel": "app"}, "received", "progress_reported (method push)", "32 h"),
    Row(P4, {"kind": "repair", "severity": "general"}, "received", "arrived", "24 h"),
    Row(P4, {"kind": "repair", "severity": "emergency"}, "received", "arrived", "2 h"),
    Row(P4, {"kind": "repair"}, "received", "plan_proposed", "4 h"),
    Row(P4, {"kind": "repair"}, "resolved", "revisited", "48 h"),
    Row(P4, {"kind": "enquiry"}, "received", "resolved", "1 h"),
    Row(P4, {"kind": "complaint", "type": "service.neighbour.noise"}, "received", "meeting_held (parties at least 3)", "24 h"),
    Row(P4, {"kind": "complaint", "type": "facility.outage.power", "severity": "urgent"}, "received", "responded", "15 min"),
    Row(
        P4, {"kind": "complaint", "type": "facility.lift.entrapment", "severity": "urgent"},
        "dispatched (party contractor)", "arrived (party contractor)", "30 min",
    ),
    Row(P4, {"kind": "complaint", "type": "facility.outage.water", "severity": "urgent"}, "received", "resolved", "every 1 h"),
    Row(P4, {"kind": "complaint", "severity": "important"}, "received", "arrived", "2 h"),
    Row(P4, {"kind": "complaint", "severity": "important"}, "received", "plan_proposed", "24 h"),
    Row(P4, {"kind": "complaint", "severity": "important"}, "received", "plan_proposed (stage rectification)", "72 h"),
    Row(P4, {"kind": "complaint", "severity": "general"}, "received", "plan_proposed (stage measures)", "4 h"),
    Row(P4, {"kind": "complaint", "severity": "general"}, "received", "resolved", "24 h"),
    Row(P4, {"kind": "repair"}, "received", "resolved", "by 17:00"),
    Row(P4, {"kind": "complaint"}, "received", "resolved", "by 17:00"),
    Row(P5, {"kind": "complaint", "severity": "emergency"}, "received", "arrived", "3 min"),
    Row(P5, {"kind": "complaint", "type": "other.safety.fire", "severity": "emergency"}, "received", "arrived", "2 min"),
    Row(P5, {"kind": "repair", "type": "facility.lift.malfunction", "severity": "blocking"}, "accepted", "resolved", "8 h"),
    Row(P5, {"kind": "repair", "type": "facility.lift.malfunction", "severity": "slight"}, "accepted", "resolved", "72 h"),
    Row(P5, {"kind": "repair", "type": "facility.road.pothole", "severity": "hindering"}, "accepted", "resolved", "7 d"),
    Row(P5, WARRANTY, "received", "resolved", "30 cd"),
    Row(P5, WARRANTY, "dispatched (party builder)", "declined (party builder)", "24 h"),
    Row(P5, WARRANTY, "accepted (party builder)", "resolved", "15 cd"),
    Row(P5, WARRANTY, "declined (party builder)", "evidence_attached", "24 h"),
    Row(P5, WARRANTY, "dispatched (party company)", "cost_charged (party builder or retention_money)", "30 cd"),
    Row(P5, {"kind": "complaint"}, "resolved", "revisited", "7 d"),
    Row(P5, {"kind": "service"}, "received", "arrived", "given:agreed"),
]  # fmt: skip
"""The clocks that the five programmes promise, in our words."""


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_programmes_row_has_a_target(row):
    book = PolicyBook.pack(row.pack)
    found = [
        target
        for target, limit in rules_for(book, row.order)
        if limit.text == row.limit
        and row.start in map(str, target.start)
        and row.stop in map(str, target.stop)
        and (target.calendar == ALWAYS) is not row.office
    ]
    assert found


@pytest.mark.parametrize("module", WALKED, ids=lambda module: module.PACK)
def test_every_row_of_the_pack_is_walked_and_no_other(module):
    walked = {walk.row for walk in module.WALKS} | {figure.row for figure in module.FIGURES}
    assert walked == {part.row for part in parts(PolicyBook.pack(module.PACK)) if promises(part)}


@pytest.mark.parametrize("name", packs())
def test_every_pack_that_ships_has_its_walk(name):
    assert name in {module.PACK for module in WALKED} | OTHERS


@pytest.mark.parametrize("name", packs())
def test_nothing_in_a_pack_wants_mending(name):
    assert [finding for finding in lint(pack_text(name), name) if finding.weight == "warning"] == []


@pytest.mark.parametrize("name", packs())
def test_what_resolving_stops_beside_another_fact_says_what_a_reopening_does(name):
    for target in (part for part in parts(PolicyBook.pack(name)) if isinstance(part, Target) and promises(part)):
        by_being_done = {trigger.fact in DONE for trigger in target.stop}
        assert target.reopen or len(by_being_done) == 1, target.name


@pytest.mark.parametrize("module", WALKED, ids=lambda module: module.PACK)
def test_every_part_of_the_pack_has_a_row_and_a_name_in_both_languages(module):
    book = PolicyBook.pack(module.PACK)
    for part in parts(book):
        assert bool(part.row) is promises(part), part.name
        assert part.title.en, part.name
        assert part.title.zh, part.name
    assert book.policy.title.en
    assert book.policy.title.zh


@pytest.mark.parametrize("module", WALKED, ids=lambda module: module.PACK)
def test_every_figure_of_the_pack_can_be_counted(module):
    with walking(module.PACK) as engine:
        for kind, matter in (("repair", "facility.lift.malfunction"), ("complaint", "other.suggestion")):
            classified = then("classify", "2026-01-05T09:00", type=matter)
            go(engine, {"kind": kind, "channel": "app"}, classified, then("resolve", "2026-01-05T10:00", outcome="adopted"))
        counted = {row.kpi for row in engine.kpis(as_of=local(engine, "2026-02-01T00:00"))}
    assert counted == {kpi.name for kpi in PolicyBook.pack(module.PACK).latest.version.kpis}


@pytest.mark.parametrize("module", WALKED, ids=lambda module: module.PACK)
def test_the_pack_says_who_is_told_of_a_breach_and_what_excuses_one(module):
    for edition in PolicyBook.pack(module.PACK).editions:
        names = {target.name for target in edition.version.targets}
        assert edition.version.waivers.reasons
        assert {one.sign for one in edition.version.escalations} == {"warned", "breached"}
        for one in edition.version.escalations:
            assert one.to
            assert set(one.targets) <= names, json.dumps(sorted(set(one.targets) - names))
            assert one.share is None or all(one.share in t.warn for t in edition.version.targets if asks(one.targets, t))


def asks(names: tuple[str, ...], target: Target) -> bool:
    """Whether an escalation about `names` speaks of this target, one that warns at all."""
    return bool(target.warn) and (not names or target.name in names)


def parts(book: PolicyBook) -> list[Target | Kpi]:
    """The targets and KPIs of all editions."""
    return [part for edition in book.editions for part in (*edition.version.targets, *edition.version.kpis)]


def promises(part: Target | Kpi) -> bool:
    """Whether a part implements a row: all do but those that say that no promise is made."""
    return isinstance(part, Kpi) or not (isinstance(part.limit, Limit) and part.limit.kind == "none")


def rules_for(book: PolicyBook, order: dict[str, Any]) -> list[tuple[Target, Limit]]:
    """The rule that each target name has for such an order: the first that fits, whatever the hour."""
    found: dict[str, tuple[Target, Limit]] = {}
    for target in book.latest.version.targets:
        for applies, limit in target.limits():
            if target.name not in found and fits(applies, order):
                found[target.name] = (target, limit)
    return list(found.values())


def fits(applies: Applies, order: dict[str, Any]) -> bool:
    return all(matches(name, order.get(name), wanted) for name, wanted in applies.conditions())
