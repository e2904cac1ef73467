"""What every command shares: the options, how results are printed, how errors become one sentence and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from slaengine.errors import SlaEngineError, UsageError

REFUSED = 1
MISUSED = 2

stdout = Console(soft_wrap=True)
stderr = Console(stderr=True, soft_wrap=True)

Store = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="SLAENGINE_STORE",
        help="Where facts are kept: sqlite:///orders.db, postgresql+psycopg://…",
        metavar="URL",
    ),
]
PolicyName = Annotated[
    str | None,
    typer.Option("--policy", help="A shipped pack's name or a policy file; without it the store's own policy."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on one line, for programs.")]


def utc_now() -> datetime:
    """Return the present instant: the one place where the command line reads a clock."""
    return datetime.now(UTC)


def say(text: str) -> None:
    """Talk to the person, on stderr, so that stdout stays data."""
    stderr.print(text, highlight=False)


def print_json(value: Any) -> None:
    """Print a JSON value on one line to stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def instant(text: str | None, option: str) -> datetime | None:
    """Return the instant that `text` names: ISO 8601, with an offset, `Z`, or a bare date (its first moment, UTC).

    Raises:
        UsageError: it names none.
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} '{text}' is not an instant; write 2026-01-05T09:00:00+08:00") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def guarded(command: Callable[[], Any]) -> int:
    """Run a whole command line and return its exit code: ours become one sentence on stderr, never a traceback."""
    try:
        command()
    except UsageError as error:
        say(f"slaengine: {error}")
        return MISUSED
    except SlaEngineError as error:
        say(f"slaengine: {error}")
        return REFUSED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        say("slaengine: stopped; what was recorded stays recorded")
        return 130
    return 0
