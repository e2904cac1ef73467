"""The command line: a thin face over the library. Verbs are library names."""

from __future__ import annotations

import sys

import typer

from slaengine.cli import (
    audit,
    calendar,
    dead_letters,
    demo,
    explaining,
    importing,
    kpis,
    orders,
    personal,
    policy,
    report,
    streaming,
)
from slaengine.cli.common import guarded

app = typer.Typer(
    name="slaengine",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Keep, prove and explain the service promises made on work orders.\n\nExample: `slaengine demo`",
)


@app.callback()
def main() -> None:
    """Keep, prove and explain the service promises made on work orders."""


importing.register(app)
report.register(app)
kpis.register(app)
orders.register(app)
explaining.register(app)
calendar.register(app)
policy.register(app)
audit.register(app)
personal.register(app)
streaming.register(app)
dead_letters.register(app)
demo.register(app)


def run(argv: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0 done, 1 refused or differences found, 2 misused."""
    code = 0

    def command() -> None:
        nonlocal code
        try:
            app(args=argv, prog_name="slaengine")
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1

    failed = guarded(command)
    sys.exit(failed or code)
