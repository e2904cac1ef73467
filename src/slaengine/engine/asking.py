"""What a caller gives, as a command: checked, with what was left out filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from slaengine.domain.commands import Command
from slaengine.errors import InvalidCommand

C = TypeVar("C", bound=Command)


def command_of(kind: type[C], given: Mapping[str, Any], now: datetime) -> tuple[C, frozenset[str]]:
    """Return the command that these fields make, and the names of those that we filled in; None means not given.

    Raises:
        InvalidCommand: a field is missing, unknown or cannot be used; the text never shows the value.
    """
    said = {name: value for name, value in given.items() if value is not None}
    filled_in = {} if "occurred_at" in said else {"occurred_at": now}
    try:
        return kind.model_validate({**said, **filled_in}), frozenset(filled_in)
    except ValidationError as error:
        raise _refused(kind, error) from None


def _refused(kind: type[Command], error: ValidationError) -> InvalidCommand:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(step) for step in first["loc"]) or "the command"
    match first["type"]:
        case "missing":
            problem = "is missing"
        case "extra_forbidden":
            problem = f"is not a field of {kind.NAME}"
        case _:
            message = first["msg"]
            problem = f"cannot be used: {message[:1].lower()}{message[1:]}"
    return InvalidCommand(kind.NAME.replace("_", " "), field, problem)
