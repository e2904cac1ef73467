"""The generated pages say what the code does, and the code in the pages runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from slaengine.domain import codec

ROOT = Path(__file__).parents[2]


def python_in(page):
    return "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.DOTALL))


def test_the_generated_pages_are_up_to_date():
    check = subprocess.run([sys.executable, ROOT / "tools" / "docs.py", "--check"], capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, "")


def test_the_upcast_in_the_how_to_works(monkeypatch):
    monkeypatch.setattr(codec, "UPCASTS", dict(codec.UPCASTS))
    code = python_in("how-to/change-a-facts-shape.md")
    assert "UPCASTS" in code
    exec(compile(code, "change-a-facts-shape.md", "exec"), {})  # noqa: S102 (our own page)


def test_the_code_in_the_how_to_about_testing_works():
    code = python_in("how-to/test-with-slaengine.md")
    assert "histories(" in code
    exec(compile(code, "test-with-slaengine.md", "exec"), {"__name__": "page"})  # noqa: S102 (our own page)


@pytest.mark.parametrize("word", ["工单", "受理", "派单", "回访", "闭环", "调休"])
def test_the_glossary_holds_the_trade_words_in_chinese(word):
    assert word in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
