"""Verifying, replaying, what-if, diff and packing from the shell, on a store of generated orders."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from test_cli_sealing import Shell
from town_logs import PAUSING, TownLog, arrivals

from slaengine.storage.database import Database

STORE = ("--store", "sqlite:///town.db")
POLICY = ("--policy", "service-standard")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a store of generated orders."""
    path = tmp_path_factory.mktemp("town") / "town.db"
    database = Database.open(f"sqlite:///{path}")
    TownLog(database).take(arrivals(60, seed=5))
    database.close()
    return path.read_bytes()


@pytest.fixture
def shell(tmp_path: Path, filled: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    Path("town.db").write_bytes(filled)
    Path("town.yaml").write_text(PAUSING.replace("SCOPE", "restate"))
    return Shell(capsys)


def edited(statement: str) -> None:
    database = Database.open("sqlite:///town.db")
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    database.close()


def test_published_figures_are_verified_and_a_fault_is_named(shell: Shell):
    code, _, err = shell("audit", "verify", *STORE, *POLICY)
    assert (code, "nothing was published" in err) == (1, True)
    assert shell("report", *STORE, *POLICY, "--json")[0] == 0
    code, out, _ = shell("audit", "verify", *STORE, *POLICY, "--json")
    found = json.loads(out)
    assert (code, found["differences"], found["orders"]) == (0, [], 60)
    assert {item["kind"] for item in found["irregular"]} <= {"backdated"}
    edited("UPDATE rm1_clocks SET verdict = 'met' WHERE verdict = 'missed'")
    code, out, err = shell("audit", "verify", *STORE, *POLICY)
    assert code == 1
    assert "does not follow from the facts" in out
    assert "differences" in err


def test_a_seal_is_verified_with_the_store(shell: Shell):
    shell("report", *STORE, *POLICY, "--json")
    shell("audit", "key", "example.org/town", "--out", "seal.key")
    shell("audit", "seal", *STORE, "--key", "seal.key", "--seal", "seal")
    note = next(Path("seal").glob("*.checkpoint"))
    held = ("--checkpoint", str(note))
    sealed = ("--seal", "seal", "--key", "seal.key.pub")
    assert shell("audit", "verify", *STORE, *POLICY, *sealed)[0] == 0
    edited("DROP TRIGGER facts_never_update")
    edited("UPDATE facts SET recorded_at = recorded_at + 1 WHERE position = 77")
    for options in (sealed, (*held, "--key", "seal.key.pub")):
        code, out, _ = shell("audit", "verify", *STORE, *POLICY, *options, "--json")
        assert (code, json.loads(out)["seal"]["faults"][0]["position"]) == (1, 77)
    assert shell("audit", "verify", *STORE, *POLICY, "--seal", "seal")[0] == 2
    assert not Path("elsewhere").exists()
    assert shell("audit", "verify", *STORE, *POLICY, "--seal", "elsewhere", "--key", "seal.key.pub")[0] == 1
    assert not Path("elsewhere").exists()


def test_a_history_alone_gives_the_report_of_the_store(shell: Shell):
    shell("audit", "export", *STORE, "--out", "history")
    times = ("--as-of", "2026-03-01", "--known-at", "2026-02-01")
    live = json.loads(shell("report", *STORE, *POLICY, "--by", "type", "--period", "week", *times, "--json")[1])
    alone = json.loads(
        shell("audit", "replay", "--history", "history", *POLICY, "--by", "type", "--period", "week", *times, "--json")[1]
    )
    assert alone == live
    totals = json.loads(shell("audit", "replay", *STORE, *POLICY, *times, "--json")[1])
    overall = json.loads(shell("report", *STORE, *POLICY, *times, "--json")[1])
    met = {row["target"]: row["met"] for row in overall["rows"]}
    assert {row["target"]: row["met"] for row in totals["targets"] if row["target"] in met} == met
    assert shell("audit", "replay", "--history", "history", *POLICY)[0] == 0
    assert shell("audit", "replay", "--history", "history")[0] == 2


def test_another_policy_is_tried_and_its_cost_told(shell: Shell):
    code, out, _ = shell("audit", "what-if", *STORE, *POLICY, "--instead", "town.yaml", "--as-of", "2026-03-01", "--json")
    found = json.loads(out)
    assert (code, found["before"], found["after"]) == (0, "service-standard", "town")
    assert found["cost"] == sum(row["cost"] for row in found["targets"])
    assert len(found["changes"]) == sum(row["clocks"] for row in found["by_type_and_team"])
    code, _, err = shell("audit", "what-if", *STORE, *POLICY, "--instead", "town.yaml", "--html", "page.html")
    assert (code, "wrote page.html" in err) == (0, True)
    page = Path("page.html").read_text()
    assert "What if" in page
    assert "http" not in page.replace("http-equiv", "")
    assert shell("audit", "what-if", *STORE, *POLICY, "--instead", "town.yaml")[0] == 0


def test_two_instants_are_compared(shell: Shell):
    early, late = ("--as-of", "2026-01-21"), ("--as-of-2", "2026-03-01")
    assert shell("audit", "diff", *STORE, *POLICY, *early, *late)[0] == 1
    same = shell("audit", "diff", *STORE, *POLICY, "--as-of", "2026-03-01", *late, "--json")
    assert (same[0], json.loads(same[1])["changes"]) == (0, [])


def test_an_evidence_pack_reads_and_checks_without_us(shell: Shell, tmp_path: Path):
    shell("audit", "key", "example.org/town", "--out", "seal.key")
    shell("audit", "seal", *STORE, "--key", "seal.key", "--seal", "seal")
    number = json.loads(shell("orders", *STORE, *POLICY, "--json")[1].splitlines()[0])
    number = (number["orders"] if isinstance(number, dict) else number)[0]["number"]
    pack = ("audit", "pack", number, *STORE, *POLICY, "--seal", "seal", "--key", "seal.key.pub", "--out")
    assert shell(*pack, "one.zip", "--as-of", "2026-03-01")[0] == 0
    assert shell(*pack, "two.zip", "--as-of", "2026-03-01")[0] == 0
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()
    with zipfile.ZipFile("one.zip") as archive:
        archive.extractall("pack")
    page = Path("pack/evidence.html").read_text()
    assert number in page
    assert "received" in page
    done = subprocess.run(
        [sys.executable, "check.py", "proof.json", "--key", "key.pub"],
        cwd=tmp_path / "pack",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "The proof holds" in done.stdout) == (0, True)
    shell("audit", "key", "example.org/town", "--out", "other.key")
    wrong = shell(*pack[:-3], "--key", "other.key.pub", "--out", "x.zip")
    assert (wrong[0], "would not hold" in wrong[2]) == (1, True)


def test_a_version_published_after_it_came_into_force_is_shown_with_the_clocks_it_touched(shell: Shell):
    assert shell("policy", "publish", "town.yaml", *STORE)[0] == 0
    assert shell("report", *STORE, "--json")[0] == 0
    code, out, err = shell("audit", "verify", *STORE, "--json")
    found = json.loads(out)
    assert (code, found["differences"]) == (0, []), err
    assert [version["version"] for version in found["late_versions"]] == ["1", "2"]
    assert found["late_versions"][0]["clocks"] == 0, "version 2 restates what was judged by version 1"
    assert found["late_versions"][1]["clocks"] > 0
    _, _, err = shell("audit", "verify", *STORE)
    assert "version 2 was published after it came into force" in err
