"""`slaengine demo`: the main job on the shipped sample, end to end, with nothing to set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.table import Table

from slaengine.cli.common import say, utc_now
from slaengine.cli.explaining import as_text
from slaengine.cli.importing import progress_bar
from slaengine.cli.reading import catching_up, show
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.importing import Importer, load_mapping
from slaengine.projections.comparison import Comparison, ComparisonRow
from slaengine.reporting.page import report_page

POLICY = "boston-311"
SAMPLE = "boston311_2015_jan_jun_sample20k.csv.gz"
EXTRACTED_AT = datetime(2016, 1, 13, 5, tzinfo=UTC)
"""When the city's extract was taken, give or take the hours that its own figures leave open."""
TYPES_SHOWN = 12


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="The folder for the store and the page; made when it is not there.", metavar="DIR")
    ] = Path("slaengine-demo"),
) -> None:
    """Do the main job on 20,000 real work orders of a city, and put our figures beside the city's own.

    Example: `slaengine demo --out out`
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {out}: {error.strerror}") from None
    store = f"sqlite:///{out / 'demo.db'}"
    with SlaEngine.open(store, policy=POLICY, clock=utc_now) as engine:
        with _step("import 20,000 service requests of Boston, first half of 2015"):
            facts = _import(engine, out)
        with _step(f"judge them by the policy {POLICY}, each by the version in force when it was opened"), catching_up() as told:
            engine.project(told)
        say(
            f"{facts:,} new facts are in {store}\n" if facts else f"{store} had all facts already: importing again adds nothing\n"
        )
        _figures(engine)
        page = _page(engine, out)
        explained = _explanation(engine)
    _next(store, page, explained)


def _import(engine: SlaEngine, out: Path) -> int:
    shipped = files("slaengine") / "data"
    with as_file(shipped / SAMPLE) as table, as_file(shipped / "boston311.yaml") as mapping, progress_bar() as told:
        importer = Importer(engine, load_mapping(mapping), rejects=out / "rejects.csv", snapshot_at=EXTRACTED_AT, progress=told)
        return importer.run([table]).new_facts


def _figures(engine: SlaEngine) -> None:
    """Print our figures and the city's side by side, all in all and by type."""
    whole = engine.compare("given", against="resolution")
    by_type = engine.compare("given", by=["type"])
    show(_side_by_side(whole, by_type))
    row = whole.rows[0]
    show(
        f"We judge {row.agree + row.differ:,} orders on which the city states a verdict; on {row.agree:,} we say the same"
        f" ({_percent(row.agree, row.agree + row.differ)})."
    )
    show(
        f"{row.no_target:,} orders were promised nothing. The city calls them on time;"
        " here they are not measurable and in no rate."
    )
    same = whole.due[0]
    show(
        f"The city's due times recomputed from its limits, hours and holidays: {same.orders:,} of those with a known type are"
        f" within 60 s ({100 * (same.share or 0):.1f} %).\n"
    )


def _side_by_side(whole: Comparison, by_type: Comparison) -> Table:
    title = "Promises on Boston's service requests: ours beside the city's"
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("type")
    for heading in ("orders", "promised", "kept", "late", "rate", "city: late", "city: no word", "same verdict"):
        table.add_column(heading, justify="right")
    most = sorted(by_type.rows, key=lambda row: -(row.agree + row.differ))[:TYPES_SHOWN]
    for row in most:
        table.add_row(row.group["type"], *_cells(row))
    table.add_section()
    table.add_row("all types", *_cells(whole.rows[0]))
    return table


def _cells(row: ComparisonRow) -> Iterator[str]:
    yield from (f"{n:,}" for n in (row.opened, row.opened - row.no_target, row.met, row.late))
    yield _percent(row.met, row.met + row.late)
    yield from (f"{n:,}" for n in (row.overdue, row.unknown))
    yield _percent(row.agree, row.agree + row.differ)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _page(engine: SlaEngine, out: Path) -> Path:
    page = out / "report.html"
    report = engine.report(period="month", as_of=EXTRACTED_AT)
    page.write_text(report_page(report, engine.overview(as_of=EXTRACTED_AT), "en"), encoding="utf-8")
    return page


def _explanation(engine: SlaEngine) -> str:
    """Explain one breach of moderate length second by second, and return the order's number."""
    breached = engine.orders(target=["resolution"], verdict=["missed"], where={"type": "Sign Repair"}, limit=1)[0]
    say(f"why was {breached.number} late?\n")
    show(as_text(engine.explain(breached.number, target="resolution"), "en"))
    return breached.number


def _next(store: str, page: Path, explained: str) -> None:
    say(f"\nthe page with charts: {page}")
    say("next, type for example:")
    say(f"  slaengine report --store {store} --policy {POLICY} --by team --period month")
    say(f"  slaengine orders --store {store} --policy {POLICY} --verdict overdue --limit 5")
    say(f"  slaengine explain {explained} --store {store} --policy {POLICY} --lang zh")
    say("  slaengine policy list")


@contextmanager
def _step(doing: str) -> Iterator[None]:
    begun = perf_counter()
    say(f"{doing} …")
    yield
    say(f"  done in {perf_counter() - begun:.1f} s")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(demo)
