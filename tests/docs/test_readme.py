"""What the first screen says is so: its example runs and prints what stands below it."""

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_ten_lines_print_what_the_readme_says(capsys):
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 (our own page)
    assert capsys.readouterr().out == printed
