"""The code in the page about figures runs as it stands there, and the reference names every column and measure."""

import re
from pathlib import Path
from typing import get_args

from slaengine.policies.kpi import Measure
from slaengine.projections.closure import ClosureRow
from slaengine.projections.compliance import ComplianceRow
from slaengine.projections.groups import DIMENSIONS

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "figures.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to" / "read-the-figures.md").read_text(encoding="utf-8")


def test_the_code_on_the_page_runs(capsys):
    code = "\n".join(re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL))
    exec(compile(code, "read-the-figures.md", "exec"), {"__name__": "page"})  # noqa: S102 (our own page)
    assert "2026-01 facility.door on_site 1 1.0" in capsys.readouterr().out


def test_every_column_and_measure_is_defined():
    words = set(re.findall(r"[`\"](\w+)[`\"]", REFERENCE))
    assert {*ComplianceRow.model_fields, *ClosureRow.model_fields, *get_args(Measure)} <= words


def test_every_dimension_is_named():
    assert set(DIMENSIONS) <= set(re.findall(r"`(\w+)`", GUIDE))
