"""The code in the pages about the engine and the log runs as it stands there."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["how-to/embed.md", "explanation/log.md"])
def test_the_code_on_the_page_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL))
    exec(compile(code, page, "exec"), {"__name__": "page"})  # noqa: S102 (our own page)
    assert "Traceback" not in capsys.readouterr().out
