from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.importing.given import DONE, OPEN, ORDERS, ROOT, table

from slaengine.cli import run
from slaengine.engine import SlaEngine


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class Shell:
    """A directory with a mapping and a table, and the command line in it."""

    def __init__(self, place: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.place, self._captured = place, captured
        (place / "city.yaml").write_text(ORDERS % "", encoding="utf-8")
        table(place / "orders.csv", DONE, {**OPEN, "id": "2"})

    def run(self, *words: str) -> Done:
        with pytest.raises(SystemExit) as left:
            run(["import", *words])
        printed = self._captured.readouterr()
        return Done(int(left.value.code or 0), printed.out, printed.err)

    def take(self, *words: str, file: str = "orders.csv", mapping: str = "city.yaml") -> Done:
        return self.run(file, "--mapping", mapping, "--store", "sqlite:///orders.db", *words)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path, capsys)


def test_json_tells_what_was_done(shell):
    done = shell.take("--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "files": ["orders.csv"],
        "rows": 2,
        "orders": 2,
        "facts": 7,
        "new_facts": 7,
        "rejected": 0,
        "rejects_file": None,
    }


def test_rejects_are_named_and_the_rest_is_imported(shell):
    table(shell.place / "orders.csv", DONE, {**OPEN, "id": "2", "ontime": "perhaps"})
    done = shell.take("--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["rejects_file"] == "orders.rejects.csv"
    assert done.stderr == "1 of 2 rows could not be imported; they are in orders.rejects.csv, with reasons\n"


def test_nothing_that_could_be_imported_is_a_failure(shell):
    table(shell.place / "orders.csv", {**OPEN, "ontime": "perhaps"})
    assert shell.take().returncode == 1


def test_a_dry_run_counts_and_records_nothing(shell):
    done = shell.take("--dry-run", "--json")
    assert json.loads(done.stdout)["new_facts"] == 7
    assert not (shell.place / "orders.db").exists()
    shell.take()
    assert json.loads(shell.take("--dry-run", "--json").stdout)["new_facts"] == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ({"mapping": "none.yaml"}, 1, "slaengine: cannot read the mapping none.yaml: No such file or directory\n"),
        ({"file": "none.csv"}, 1, "slaengine: cannot read none.csv: No such file or directory\n"),
        ({"file": "city.yaml"}, 1, "slaengine: city.yaml has no column"),
        ({"file": "."}, 1, "slaengine: cannot read .: Is a directory\n"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(shell, words, code, says):
    done = shell.take(**words)
    assert done.returncode == code
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("store", ["nowhere", "sqlite:////none/of/this/orders.db", "sqlite:///orders.csv"])
def test_a_store_that_cannot_be_opened_is_one_sentence(shell, store):
    done = shell.run("orders.csv", "--mapping", "city.yaml", "--store", store)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("slaengine: ")
    assert "Traceback" not in done.stderr


def test_a_time_that_is_none_is_a_misuse(shell):
    done = shell.take("--snapshot-at", "yesterday")
    assert (done.returncode, "--snapshot-at 'yesterday' is not an instant" in done.stderr) == (2, True)


def test_help_opens_with_an_example(shell):
    assert "slaengine import 311.csv.gz --mapping" in shell.run("--help").stdout


def test_with_a_policy_the_orders_are_judged_at_once(shell):
    assert shell.take("--policy", "boston-311", "--json").returncode == 0
    with SlaEngine.open("sqlite:///orders.db", policy="boston-311") as engine:
        not_judged_yet: list[int] = []
        engine.project(not_judged_yet.append)
        assert not_judged_yet == []


def test_an_unknown_policy_is_refused_before_anything_is_made(shell):
    done = shell.take("--policy", "boston-312")
    assert (done.returncode, done.stderr.startswith("slaengine: ")) == (1, True)
    assert not (shell.place / "orders.db").exists()


def test_the_example_of_the_guide_is_imported_whole(shell):
    done = shell.run(
        str(ROOT / "examples" / "springfield.csv"),
        *("--mapping", str(ROOT / "examples" / "springfield.yaml"), "--store", "sqlite:///springfield.db", "--json"),
    )
    told = json.loads(done.stdout)
    assert (told["rows"], told["orders"], told["new_facts"], told["rejected"]) == (5, 4, 19, 1)
    assert "31/02/2026" in (shell.place / "springfield.rejects.csv").read_text(encoding="utf-8")
