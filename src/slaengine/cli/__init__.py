"""The command line: a thin face over the library. Verbs are library names; each loads what it needs when it is called."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from slaengine import __version__
from slaengine.cli.common import guarded
from slaengine.cli.lazy import LazyGroup

app = typer.Typer(
    name="slaengine",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Keep, prove and explain the service promises made on work orders.\n\nExample: `slaengine demo`",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"slaengine {__version__}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Keep, prove and explain the service promises made on work orders."""


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
