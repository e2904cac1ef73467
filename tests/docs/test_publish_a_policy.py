"""The code on the page about publishing runs and prints what the page says."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "publish-a-policy.md").read_text(encoding="utf-8")


def test_the_code_on_the_page_runs_and_prints_what_it_says():
    code = "".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
    (printed,) = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(code, "publish-a-policy.md", "exec"), {})  # noqa: S102 (our own page)
    assert out.getvalue() == printed
