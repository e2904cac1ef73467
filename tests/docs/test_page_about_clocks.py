"""The code in the page about clocks runs, and its links lead to tests and decisions that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "clocks.md").read_text(encoding="utf-8")


def test_the_code_runs():
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
    assert "judge(" in code
    exec(compile(code, "clocks.md", "exec"), {})  # noqa: S102 (our own page)


def test_what_it_points_to_is_there():
    for name in re.findall(r"`(tests/[a-z_/]+\.py)`", PAGE):
        assert (ROOT / name).exists()
    assert list((ROOT / "tests" / "policies").glob("test_clock_*.py"))
