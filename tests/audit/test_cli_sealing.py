"""Sealing, proving, checking, exporting and erasing from the shell."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slaengine.cli import run
from slaengine.engine import SlaEngine
from slaengine.storage.keys import KeyStore
from slaengine.storage.sealing import recorded_notes
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Partition


class Shell:
    """Runs the command line in a folder, and keeps what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            run(list(arguments))
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        return int(leaving.value.code or 0), out, " ".join(err.split())


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    with KeyStore.open("sqlite:///keys.db") as keys, SlaEngine.open("sqlite:///orders.db", keys=keys) as engine:
        order = engine.receive(kind="repair", number="R-1", reporter={"subject": "p7", "name": "Wang Fang"}, description="leak")
        engine.dispatch(order, team="plumbers")
        engine.resolve(order)
    return Shell(capsys)


STORE = ("--store", "sqlite:///orders.db")
SEAL = ("--seal", "seal")
KEYS = ("--keys", "sqlite:///keys.db")


def test_a_log_is_sealed_proven_and_checked(shell: Shell):
    assert shell("audit", "key", "example.org/orders", "--out", "seal.key")[0] == 0
    code, out, _ = shell("audit", "seal", *STORE, "--key", "seal.key", *SEAL, "--json")
    assert code == 0
    assert json.loads(out)["sealed"] == 3
    code, _, err = shell("audit", "seal", *STORE, "--key", "seal.key", *SEAL)
    assert (code, "nothing was recorded" in err) == (0, True)
    assert shell("audit", "prove", "R-1", *STORE, *SEAL, "--out", "proof.json")[0] == 0
    code, out, _ = shell("audit", "check", "proof.json", "--key", "seal.key.pub", "--json")
    assert code == 0
    assert json.loads(out)["facts"] == 3
    assert "plumbers" in Path("proof.json").read_text()
    Path("proof.json").write_text(Path("proof.json").read_text().replace("plumbers", "painters"))
    code, _, err = shell("audit", "check", "proof.json", "--key", "seal.key.pub")
    assert (code, "fact 2" in err) == (1, True)
    code, out, _ = shell("audit", "check", "proof.json", "--key", "seal.key.pub", "--json")
    assert (code, json.loads(out)["holds"]) == (1, False)


def test_the_log_itself_keeps_the_checkpoints(shell: Shell):
    shell("audit", "key", "example.org/orders", "--out", "seal.key")
    shell("audit", "seal", *STORE, "--key", "seal.key", *SEAL)
    with SlaEngine.open("sqlite:///orders.db") as engine:
        (note,) = recorded_notes(engine.log)
        assert engine.log.head().position == 4
    assert note == next(Path("seal").glob("*.checkpoint")).read_text()


def test_a_key_is_handed_over(shell: Shell):
    shell("audit", "key", "example.org/orders", "--out", "old.key")
    shell("audit", "key", "example.org/orders", "--out", "new.key")
    shell("audit", "seal", *STORE, "--key", "old.key", *SEAL)
    code, _, err = shell("audit", "seal", *STORE, "--key", "old.key", *SEAL, "--next-key", "new.key.pub")
    assert (code, "destroy the old one" in err) == (0, True)
    with SlaEngine.open("sqlite:///orders.db") as engine:
        engine.revisit("R-1", method="telephone")
    assert shell("audit", "seal", *STORE, "--key", "old.key", *SEAL)[0] == 1
    assert shell("audit", "seal", *STORE, "--key", "new.key", *SEAL)[0] == 0
    first = str(min(Path("seal").glob("*.checkpoint")))
    assert shell("audit", "prove", "R-1", *STORE, *SEAL, "--out", "proof.json", "--since", first)[0] == 0
    assert shell("audit", "check", "proof.json", "--key", "old.key.pub")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("audit", "prove", "R-9", *STORE, *SEAL), 1, "R-9"),
        (("audit", "prove", "R-1", *STORE, *SEAL), 1, "there is no seal"),
        (("audit", "seal", *STORE, "--key", "no.key", *SEAL), 1, "cannot read the key"),
        (("audit", "key", "two words", "--out", "x"), 2, "cannot name a log"),
        (("audit", "check", "none.json", "--key", "none.pub"), 1, "cannot read the key"),
        (("audit", "seal", "--store", "sqlite:///none.db", "--key", "orders.db", *SEAL), 1, "cannot read the key"),
        (("erase", "p7", *STORE, *KEYS), 2, "--yes"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(shell: Shell, arguments: tuple[str, ...], code: int, says: str):
    found, _, err = shell(*arguments)
    assert (found, says in err) == (code, True), err


def test_the_log_is_exported_and_what_is_new_the_next_time(shell: Shell):
    code, out, _ = shell("audit", "export", *STORE, "--out", "history", "--json")
    assert (code, json.loads(out)) == (0, {"added": 3, "position": 3, "parts": 1})
    assert json.loads(shell("audit", "export", *STORE, "--out", "history", "--json")[1])["added"] == 0


def test_a_person_is_shown_and_erased(shell: Shell):
    code, out, _ = shell("personal", "export", "p7", *STORE, *KEYS)
    assert (code, "Wang Fang" in out) == (0, True)
    code, out, _ = shell("erase", "p7", *STORE, *KEYS, "--yes", "--json")
    assert (code, json.loads(out)["keys_destroyed"]) == (0, 1)
    assert "Wang Fang" not in shell("personal", "export", "p7", *STORE, *KEYS)[1]


def test_what_was_recorded_in_clear_makes_an_erasure_fail_aloud(shell: Shell):
    with SlaEngine.open("sqlite:///orders.db") as engine:
        engine.receive(kind="repair", number="R-2", reporter={"subject": "p7"}, description="in clear")
    code, out, _ = shell("erase", "p7", *STORE, *KEYS, "--yes", "--json")
    assert (code, len(json.loads(out)["still_readable"])) == (1, 1)


def test_a_checkpoint_is_sent_to_a_topic_too(shell: Shell):
    shell("audit", "key", "example.org/orders", "--out", "seal.key")
    assert shell("audit", "seal", *STORE, "--key", "seal.key", *SEAL, "--kafka", "memory:seals")[0] == 0
    consumer = MemoryKafka.named("seals").consumer()
    consumer.assign({Partition("slaengine.checkpoints", 0): 0})
    (record,) = consumer.poll(1, 10)
    assert record.value == next(Path("seal").glob("*.checkpoint")).read_bytes()
    assert record.key == b"example.org/orders"


def test_sealing_goes_on_by_itself_when_there_is_something_new(shell: Shell):
    shell("audit", "key", "example.org/orders", "--out", "seal.key")
    command = [sys.executable, "-m", "slaengine", "audit", "seal", *STORE, "--key", "seal.key", *SEAL, "--every", "0.01"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sealing:
        try:
            wait_for_checkpoints(1, sealing)
            with SlaEngine.open("sqlite:///orders.db") as engine:
                engine.receive(kind="repair", number="R-2")
            wait_for_checkpoints(2, sealing)
        finally:
            sealing.terminate()


def wait_for_checkpoints(count: int, sealing: subprocess.Popen[bytes]) -> None:
    with SlaEngine.open("sqlite:///orders.db") as engine:
        while len(recorded_notes(engine.log)) < count:
            assert sealing.poll() is None
            time.sleep(0.1)
