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
table, mapping, url, rejects = sys.argv[1:]
print("ready", flush=True)
with SlaEngine.open(url) as engine:
    Importer(engine, load_mapping(mapping), rejects=Path(rejects)).run([table])
"""


class Import:
    """The import of a part of the real sample, in a process of its own."""

    def __init__(self, tmp_path: Path, orders: int) -> None:
        self.place = tmp_path
        self.table = part_of(SAMPLE, "case_enquiry_id", orders, tmp_path)

    def start(self, store: str) -> subprocess.Popen[str]:
        words = [self.table, ROOT / "examples" / "boston311.yaml", self.url(store), self.place / "rejects.csv"]
        process = subprocess.Popen([sys.executable, "-c", COMMAND, *map(str, words)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def finish(self, store: str) -> float:
        """Run to the end and return how many seconds it took."""
        began = time.monotonic()
        process = self.start(store)
        process.communicate()
        assert process.returncode == 0
        return time.monotonic() - began

    def kill(self, store: str, after_s: float) -> None:
        process = self.start(store)
        time.sleep(after_s)
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


@pytest.mark.parametrize(
    ("orders", "kills"), [(600, 3), pytest.param(20_000, 40, marks=(pytest.mark.deep, pytest.mark.timeout(1800)))]
)
def test_a_killed_import_run_again_ends_as_an_undisturbed_one(tmp_path, orders, kills):
    whole = Import(tmp_path, orders)
    took_s = whole.finish("undisturbed.db")
    chance = random.Random(kills)
    left = []
    for _ in range(kills):
        whole.kill("killed.db", after_s=chance.uniform(0.1, 0.5) * took_s)
        left.append(whole.facts("killed.db"))
        assert all(facts[0][0] == "work_order.received.v1" for facts in left[-1].values())
    assert any(0 < len(part) < orders for part in left), "no kill fell into the import"
    whole.finish("killed.db")
    assert whole.facts("killed.db") == whole.facts("undisturbed.db")
