"""An import that is killed, at any moment and again and again, ends as one that never was."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from tests.importing.given import ROOT, SAMPLE
from tests.importing.test_real_tables import part_of

from slaengine.engine import SlaEngine

COMMAND = """
import sys
from pathlib import Path
from slaengine.engine import SlaEngine
from slaengine.importing import Importer, importer, load_mapping
importer.FACTS_A_CHUNK = 100      # many transactions, so that the kills fall between and within them
table, mapping, url, rejects, how = sys.argv[1:]
def gate(*_):
    print("chunk", flush=True)
    sys.stdin.readline()              # goes on when told to, or when nobody will tell
with SlaEngine.open(url) as engine:
    Importer(engine, load_mapping(mapping), rejects=Path(rejects), progress=gate, ahead=how == "beside").run([table])
"""


class Import:
    """The import of a part of the real sample, in a process of its own."""

    def __init__(self, tmp_path: Path, orders: int, how: str = "alone") -> None:
        self.place, self.how = tmp_path, how
        self.table = part_of(SAMPLE, "case_enquiry_id", orders, tmp_path)

    def start(self, store: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", COMMAND, *map(str, self.words(store)), self.how]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def words(self, store: str) -> list[object]:
        """Return the table, the mapping, the store and the place for rejects."""
        return [self.table, ROOT / "examples" / "boston311.yaml", self.url(store), self.place / "rejects.csv"]

    def finish(self, store: str) -> int:
        """Run to the end and return how many chunks there were."""
        process = self.start(store)
        told, _ = process.communicate()
        assert process.returncode == 0
        return told.count("chunk")

    def kill(self, store: str, chunks: int, then_s: float) -> None:
        """Let the import do its first chunks, and kill it during the next one or just behind it."""
        process = self.start(store)
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(chunks):
            assert process.stdout.readline() == "chunk\n"
            process.stdin.write("\n")
            process.stdin.flush()
        time.sleep(then_s)
        process.kill()
        process.communicate()

    def url(self, store: str) -> str:
        return f"sqlite:///{self.place / store}"

    def facts(self, store: str) -> dict[UUID, list[tuple[str, bytes]]]:
        """Return what is recorded, order by order."""
        found: dict[UUID, list[tuple[str, bytes]]] = {}
        with SlaEngine.open(self.url(store)) as engine:
            for fact in engine.log.scan():
                found.setdefault(fact.order_id, []).append((fact.topic, bytes(fact.state)))
        return found


@pytest.mark.parametrize("how", ["alone", "beside"])
@pytest.mark.parametrize(
    ("orders", "kills"), [(600, 3), pytest.param(20_000, 40, marks=(pytest.mark.deep, pytest.mark.timeout(1800)))]
)
def test_a_killed_import_run_again_ends_as_an_undisturbed_one(tmp_path, orders, kills, how):
    whole = Import(tmp_path, orders, how)
    chunks = whole.finish("undisturbed.db")
    chance = random.Random(kills)
    left = []
    for _ in range(kills):
        whole.kill("killed.db", chance.randrange(1, chunks - 1), then_s=chance.uniform(0, 0.02))
        left.append(whole.facts("killed.db"))
        assert all(facts[0][0] == "work_order.received.v1" for facts in left[-1].values())
    assert any(0 < len(part) < orders for part in left), "no kill fell into the import"
    whole.finish("killed.db")
    assert whole.facts("killed.db") == whole.facts("undisturbed.db")
