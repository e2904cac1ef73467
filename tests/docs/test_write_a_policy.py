"""The policy that the how-to builds is one, and judges as the page says."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-policy.md"
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
