"""What the tutorial tells to type prints what it says."""

import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "a-breached-work-order.md"
PIECE = re.compile(r"```python\n(?P<code>.*?)```\n(?:```text\n(?P<printed>.*?)```)?", re.DOTALL)


def test_every_piece_of_the_tutorial_prints_what_stands_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = {}
    pieces = list(PIECE.finditer(TUTORIAL.read_text(encoding="utf-8")))
    assert len(pieces) > 5
    for piece in pieces:
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(piece["code"], TUTORIAL.name, "exec"), typed)  # noqa: S102 (our own page)
        assert out.getvalue() == (piece["printed"] or "")
    for line in re.findall(r"^\$ slaengine (.*)$", TUTORIAL.read_text(encoding="utf-8"), flags=re.MULTILINE):
        shell = subprocess.run(
            [sys.executable, "-m", "slaengine", *line.split(), "--json"], capture_output=True, text=True, check=False
        )
        assert (shell.returncode, shell.stderr) == (0, "")
        assert json.loads(shell.stdout)
