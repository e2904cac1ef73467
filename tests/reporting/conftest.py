"""A store with a few orders whose figures can be counted by hand, and a command line over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from slaengine.cli import run
from slaengine.engine import SlaEngine

POLICY = """
policy: works
title: Works
time_zone: Asia/Shanghai
version: "1"
effective_from: 2026-01-01
waivers: {reasons: [weather]}
targets:
  - {name: fix, applies: {kind: repair}, stop: resolved, limit: 24 h, pause: [parts]}
  - {name: revisit, applies: {kind: repair, type: lift}, start: resolved, stop: revisited, limit: 48 h}
kpis:
  - {name: fix_rate, measure: compliance, target: fix, goals: [{at_least: 0.95}], bands: {green: 0.95, amber: 0.5}}
"""


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `works.yaml` and `works.db`: a lift met and revisited, a pipe missed, one waived, one open, one enquiry."""
    folder = tmp_path_factory.mktemp("works")
    (folder / "works.yaml").write_text(POLICY, encoding="utf-8")
    with SlaEngine.open(f"sqlite:///{folder / 'works.db'}", policy=folder / "works.yaml", clock=lambda: day(20)) as engine:

        def order(number: str, received: datetime, matter: str, team: str, kind: str = "repair"):
            place = {"community": "North", "building": "3", "premises": "N-3-1"}
            one = engine.receive(kind=kind, number=number, place=place, channel="app", occurred_at=received)
            engine.classify(one, type=matter, occurred_at=received)
            engine.dispatch(one, team=team, occurred_at=received)
            return one

        lift = order("A-1", day(5), "lift.noise", "lifts")
        engine.resolve(lift, occurred_at=day(5, 12))
        engine.revisit(lift, method="telephone", satisfaction="satisfied", occurred_at=day(6))
        engine.close(lift, occurred_at=day(6, 1))
        engine.state_verdict(lift, target="fix", verdict="met", occurred_at=day(6, 1))
        again = order("A-2", day(8), "lift.noise", "lifts")
        engine.resolve(again, occurred_at=day(8, 6))
        pipe = order("B-1", day(7), "pipe", "water")
        engine.resolve(pipe, occurred_at=day(9))
        engine.close(pipe, occurred_at=day(9))
        engine.state_verdict(pipe, target="fix", verdict="met", occurred_at=day(9))
        storm = order("B-2", day(7), "pipe", "water")
        engine.resolve(storm, occurred_at=day(10))
        engine.approve_waiver(storm, target="fix", reason="weather", by="manager", occurred_at=day(11))
        order("C-1", day(18), "pipe", "water")
        order("D-1", day(19), "hours", "desk", kind="enquiry")
    return folder


@pytest.fixture
def slaengine(capsys: pytest.CaptureFixture[str], works: Path) -> Callable[..., Ran]:
    """Run a command over the works' store, by the works' policy."""

    def command(*argv: str, policy: bool = True) -> Ran:
        options = ["--store", f"sqlite:///{works / 'works.db'}", *(["--policy", str(works / "works.yaml")] if policy else [])]
        with pytest.raises(SystemExit) as left:
            run([argv[0], *options, *argv[1:]])
        return Ran(left.value.code, *capsys.readouterr())

    return command
