"""What changes under another policy, as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from slaengine.audit.whatif import Changes

ORDERS_SHOWN = 500


def whatif_page(changes: Changes, before: str, after: str) -> str:
    """Return the page; `before` and `after` say by what was judged. It asks nothing of the network."""
    templates = files("slaengine.reporting") / "templates"
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (templates / "whatif.html.j2").read_text("utf-8")
    )
    return page.render(
        style=Markup((templates / "page.css").read_text("utf-8")),  # noqa: S704 - our own file
        before=before,
        after=after,
        changes=changes,
        cost=changes.cost(),
        targets=[row for row in changes.totals() if row["cost"]],
        groups=_listed(changes.by("type", "team", "target")),
        orders=changes.changes[:ORDERS_SHOWN],
        version=version("slaengine"),
    )


def _listed(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: "–" if value is None else value for name, value in row.items()} for row in rows]
