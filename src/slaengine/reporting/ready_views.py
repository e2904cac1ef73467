"""Ready reports on the terminal and as pages."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slaengine.reporting.cells import Cell, text_of
from slaengine.reporting.charts import COUNTED
from slaengine.reporting.ready import ReadyReport, Section
from slaengine.reporting.tables import COLOURS
from slaengine.reporting.words import WORDS, Lang


def ready_tables(ready: ReadyReport, lang: Lang = "en") -> RenderableType:
    """Return a ready report as tables for the terminal."""
    return Group(Text(ready.title, style="bold"), ready.subtitle, *(_table(section, lang) for section in ready.sections))


def _table(section: Section, lang: Lang) -> RenderableType:
    if not section.rows:
        return Group(Text(f"\n{section.title}", style="italic"), Text(section.nothing, style="dim"))
    table = Table(title=section.title, title_justify="left", row_styles=("", "dim"))
    for place, name in enumerate(section.columns):
        table.add_column(name, justify="left" if place < section.text_columns else "right", overflow="fold")
    for row in section.rows:
        table.add_row(*(Text(text_of(cell, lang), style=_style(cell)) for cell in row))
    return table


def _style(cell: Cell) -> str:
    return COLOURS.get(cell.value, "") if cell.kind == "band" else ""


def ready_page(ready: ReadyReport, lang: Lang = "en") -> str:
    """Return a ready report as one self-contained HTML page."""
    templates = files("slaengine.reporting") / "templates"
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    words = WORDS[lang]
    return environment.from_string((templates / "ready.html.j2").read_text("utf-8")).render(
        lang={"en": "en", "zh": "zh-CN"}[lang],
        ready=ready,
        style=Markup((templates / "page.css").read_text("utf-8")),  # noqa: S704 - our own file
        text=partial(text_of, lang=lang),
        legend=[(verdict, words[verdict]) for verdict in COUNTED],
        version=version("slaengine"),
    )
