"""The policy that the how-to builds is one, and judges as the page says."""

import io
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-policy.md"
COMMAND = re.compile(r"^\$ slaengine (?P<line>.*)\n(?P<printed>.*)$", re.MULTILINE)
PIECE = re.compile(r"```python\n(?P<code>.*?)```\n```text\n(?P<printed>.*?)```", re.DOTALL)


def test_the_pieces_of_the_page_make_a_policy_that_judges_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    Path("estate.yaml").write_text("".join(re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)), encoding="utf-8")
    pieces = list(PIECE.finditer(page))
    assert len(pieces) == page.count("```python")
    for piece in pieces:
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile(piece["code"], PAGE.name, "exec"), {})  # noqa: S102 (our own page)
        assert out.getvalue() == piece["printed"]
    for command in COMMAND.finditer(page):
        shell = subprocess.run(
            [sys.executable, "-m", "slaengine", *shlex.split(command["line"])], capture_output=True, text=True, check=False
        )
        assert (shell.returncode, (shell.stdout + shell.stderr).strip()) == (0, command["printed"])
