"""Running the command line as its user does: in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def slaengine(tmp_path: Path) -> Callable[..., Ran]:
    """Run `slaengine ARGS…` in an empty folder; the bytes of a full disk can be set as `disk_limit`."""

    def run(*args: object, disk_limit: int | None = None, **env: str) -> Ran:
        command = [sys.executable, "-m", "slaengine", *map(str, args)]
        if disk_limit is not None:
            # every file this process writes ends at the limit, as on a disk without more room
            limited = "import resource as r, runpy; r.setrlimit(r.RLIMIT_FSIZE, ({0}, {0})); runpy.run_module('slaengine')"
            command[1:3] = ["-c", limited.format(disk_limit)]
        whole = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1", **env}
        done = subprocess.run(command, cwd=tmp_path, env=whole, capture_output=True, text=True, timeout=120, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
