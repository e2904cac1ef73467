"""A table that is planned by a process beside comes to the very same log, whatever happens to that process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.importing import test_import_killed as killed
from tests.importing.given import DATA, DONE, NOW, OPEN, SAMPLE, city, example, table
from tests.importing.test_real_tables import part_of

from slaengine.engine import SlaEngine
from slaengine.errors import ImportingError
from slaengine.importing import Importer, ImportResult, Mapping, ahead, importer

REFUSED = {**DONE, "id": "9", "opened": "2026-01-05 09:00:00", "closed": "2026-01-04 09:00:00"}

ENDS_AFTER_TWO_CHUNKS = """
import os
from slaengine.importing import ahead
send, sent = ahead._send, []
def some(pipe, kind, content):
    if len(sent) == 2:
        os._exit(9)
    sent.append(kind)
    send(pipe, kind, content)
ahead._send = some
ahead.main()
"""


class Imported:
    """A store with a table in it: what the import said, and every fact with its place and hash."""

    def __init__(self, place: Path, mapping: Mapping, files: list[Path], *, beside: bool) -> None:
        self.rejects = place / "rejects.csv"
        with SlaEngine.open(f"sqlite:///{place / 'orders.db'}", clock=lambda: NOW) as engine:
            self.result = self._run(engine, mapping, files, beside)
            self.log = list(engine.log.scan())

    def _run(self, engine: SlaEngine, mapping: Mapping, files: list[Path], beside: bool) -> ImportResult:
        result = Importer(engine, mapping, rejects=self.rejects, ahead=beside).run(files)
        return ImportResult(**{**result.as_json(), "rejects_file": None})

    @property
    def rejected(self) -> str:
        return self.rejects.read_text() if self.rejects.exists() else ""


def both(tmp_path: Path, mapping: Mapping, *files: Path) -> tuple[Imported, Imported]:
    """Import the files by this process alone and with one beside."""
    (tmp_path / "alone").mkdir()
    (tmp_path / "beside").mkdir()
    alone = Imported(tmp_path / "alone", mapping, list(files), beside=False)
    return alone, Imported(tmp_path / "beside", mapping, list(files), beside=True)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(importer, "FACTS_A_CHUNK", 100)


def assert_same(alone: Imported, beside: Imported) -> None:
    assert beside.log == alone.log
    assert beside.result == alone.result
    assert beside.rejected == alone.rejected


@pytest.mark.parametrize(
    ("name", "path", "key"),
    [
        ("boston311", SAMPLE, "case_enquiry_id"),
        ("uci-incidents", DATA / "uci_incidents_sample5k_cases.csv.gz", "number"),
        ("helpdesk", DATA / "helpdesk_italian.csv.gz", "Case ID"),
    ],
)
def test_a_real_table_comes_to_the_same_log(tmp_path, name, path, key):
    alone, beside = both(tmp_path, example(name), part_of(path, key, 200, tmp_path))
    assert alone.log
    assert_same(alone, beside)


def test_refused_rows_are_rejected_in_the_same_words(tmp_path):
    rows = [{**DONE, "id": str(i)} for i in range(100)]
    rows[40] = {**REFUSED, "id": "40"}
    rows[41] = {**OPEN, "id": "41", "opened": "no time"}
    rows[90] = {**DONE, "id": "2", "type": "door"}  # an order told twice
    alone, beside = both(tmp_path, city("before_received: reject"), table(tmp_path / "t.csv", *rows))
    assert alone.result.rejected == 2
    assert_same(alone, beside)


def test_orders_that_are_recorded_already_are_reconciled(tmp_path):
    first = table(tmp_path / "first.csv", *({**OPEN, "id": str(i)} for i in range(0, 100, 3)))
    then = table(tmp_path / "then.csv", *({**DONE, "id": str(i)} for i in range(100)))
    alone, beside = both(tmp_path, city(), first, then)
    assert alone.result.new_facts < alone.result.facts
    assert_same(alone, beside)


@pytest.mark.parametrize("script", ["", ENDS_AFTER_TWO_CHUNKS])
def test_an_import_goes_on_when_the_process_beside_ends(tmp_path, monkeypatch, caplog, script):
    monkeypatch.setattr(ahead, "COMMAND", (sys.executable, "-c", script))
    alone, beside = both(tmp_path, example("boston311"), part_of(SAMPLE, "case_enquiry_id", 200, tmp_path))
    assert_same(alone, beside)
    assert "goes on more slowly" in caplog.text


def test_an_import_goes_on_where_no_process_can_be_started(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(ahead, "COMMAND", (str(tmp_path / "no-python"),))
    alone, beside = both(tmp_path, city(), table(tmp_path / "t.csv", DONE))
    assert_same(alone, beside)
    assert "goes on more slowly" in caplog.text


def test_a_file_that_vanishes_while_it_is_imported_is_told_of(tmp_path, monkeypatch):
    file = table(tmp_path / "t.csv", *({**OPEN, "id": str(i)} for i in range(10)))
    drafts = importer.drafts

    def late(*args: object) -> object:
        file.unlink()
        return drafts(*args)

    monkeypatch.setattr(importer, "drafts", late)
    with SlaEngine.open("memory:") as engine, pytest.raises(ImportingError, match=r"cannot read .*t\.csv"):
        Importer(engine, city(), rejects=tmp_path / "r.csv", ahead=True).run([file])


def test_the_process_beside_ends_with_the_import_that_started_it(tmp_path):
    whole = killed.Import(tmp_path, 600)
    command = [sys.executable, "-c", killed.COMMAND, *map(str, whole.words("killed.db")), "beside"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "chunk\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 30
    while group_lives(process.pid):
        assert time.monotonic() < deadline, "the process beside outlives the import"
        time.sleep(0.05)


def group_lives(group: int) -> bool:
    """Whether any process of the group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
