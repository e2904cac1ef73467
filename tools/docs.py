"""Write the generated pages of docs/ anew; with `--check` only say which are out of date, and leave with 1.

Each page is a function of the code, so that the reference cannot say other than what the code does.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from docs_index import index
from docs_packs import packs_page
from pydantic import BaseModel, JsonValue
from pydantic_core import from_json

from slaengine import errors
from slaengine.domain import values as v
from slaengine.domain.codec import encode
from slaengine.domain.commands import COMMANDS, Command
from slaengine.domain.decide import PERMITTED
from slaengine.domain.details import Stamp
from slaengine.domain.events import FACTS, Fact
from slaengine.domain.promises import PUBLICATIONS, Published
from slaengine.domain.seals import CheckpointSigned
from slaengine.policies.schema import policy_schema
from slaengine.testing import examples

ROOT = Path(__file__).parents[1]
NOTICE = "<!-- Written by tools/docs.py from the code; `make docs` writes it anew. -->\n"

KINDS: tuple[tuple[Any, str], ...] = (
    (v.Instant, "instant"),
    (v.Label, "label"),
    (v.Identifier, "id"),
    (v.TypeName, "dotted type"),
    (v.Digest, "SHA-256"),
    (v.PersonalText, "text, **personal**"),
    (v.Labels, "labels by name"),
    (v.GivenDue, "instants by name"),
    (JsonValue, "any JSON"),
    (Decimal, "decimal, as text"),
    (UUID, "order's id"),
    (bool, "true or false"),
    (int, "whole number"),
    (str, "text"),
)
"""The names under which the field types appear in the pages."""

EVENTS_HEAD = """
# Facts

A fact says what happened to a work order. It is never changed; a [correction](#corrected) stands beside it.
Facts are stored and published under their *topic*, whose last part is the version of their shape. One that was stored
in an older shape is read in today's: [how a fact's shape is changed](../how-to/change-a-facts-shape.md).
What is not known is left out. A fact occurs at `occurred_at`; when we recorded it is kept beside it, in the log.
Facts are judged in the order in which they occurred, those of one instant in the order in which they were recorded.

| in the tables | in JSON |
|---|---|
| instant | ISO 8601 with an offset when written to us, always UTC with `Z` when we write; to the microsecond |
| label | 1 to 200 printable characters; figures are grouped by it, so it never names a person from outside |
| id | 1 to 200 printable characters; technical, never personal |
| dotted type | from general to particular: `facility.lift.entrapment` |
| text, **personal** | up to 10,000 characters that may identify a person: left out of figures, and erasable |
| place, reporter, evidence | objects, [below](#values) |
"""

COMMANDS_HEAD = """
# Commands

A command asks that a [fact](events.md) be recorded. It has the fact's fields, and `command_id`: sent again with the same
id it changes nothing, whatever happened in between. Without an id, the same contents at the same `occurred_at` are the
same command.

One of three things follows:

- **its fact** is recorded;
- **nothing**, because it was recorded before or is already so: an order that waits for parts is paused for parts, a wait
  that ended is resumed, the classification or assignment in force is said again, an order is ended as it ended.
  An assignment ends when it is declined or the order reopened: the same one afterwards is a new attempt;
- **a refusal** ([errors](errors.md)), which records nothing and says what was asked, what is so and what to do.

The status that counts is the one **at the time at which the command says it happened**, whenever we hear of it.
Before its receipt an order counts as open: work may begin before the desk registers it.

| command | fact | accepted when the order is |
|---|---|---|
"""


def main(arguments: list[str]) -> int:
    """Write or check every page; return the exit code."""
    stale = [name for name, page in PAGES.items() if _differs(ROOT / name, page())]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"{name} is out of date; `make docs` writes it anew\n")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stdout.write(f"wrote {name}\n")
    return 0


def events_page() -> str:
    """Return the reference of the facts."""
    return "\n".join(
        [
            NOTICE + EVENTS_HEAD,
            "## Every fact",
            "",
            _sentences(Stamp),
            "",
            *_table(Stamp),
            *(line for fact in FACTS for line in _fact(fact, examples.FACTS[fact])),
            "## Publications",
            "",
            "The facts about promises. They stand in the same log, under ids of their own.",
            "",
            _sentences(Published),
            "",
            *(line for fact in PUBLICATIONS for line in _fact(fact, examples.PUBLICATIONS[fact], "###")),
            "## Seals",
            "",
            *_fact(CheckpointSigned, examples.SEAL, "###"),
            "## Values",
            "",
            *(line for value in (v.Place, v.Reporter, v.Evidence) for line in _value(value)),
        ]
    )


def commands_page() -> str:
    """Return the reference of the commands."""
    return "\n".join(
        [
            NOTICE + COMMANDS_HEAD.rstrip(),
            *(f"| `{kind.NAME}` | [{kind.FACT.NAME}](events.md#{kind.FACT.NAME}) | {_statuses(kind)} |" for kind in COMMANDS),
            "",
            *(line for kind in COMMANDS for line in _command(kind)),
        ]
    )


def errors_page() -> str:
    """Return the reference of the errors."""
    tree = inspect.getdoc(errors) or ""
    named = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.SlaEngineError)]
    named.sort(key=lambda one: tree.find(one.__name__))
    return "\n".join(
        [
            NOTICE,
            "# Errors",
            "",
            "Every failure that a user can meet has a name. Its text is one sentence: what was asked, what is so, what to do.",
            "It never holds personal data. On the command line a `UsageError` leaves with 2, every other error with 1.",
            "",
            "```text",
            tree.split("\n\n", 1)[1],
            "```",
            "",
            "| error | means |",
            "|---|---|",
            *(f"| `{one.__name__}` | {_one_line(one)} |" for one in named),
            "",
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "docs/README.md": lambda: NOTICE + index(),
    "docs/reference/events.md": events_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/errors.md": errors_page,
    "docs/reference/packs.md": lambda: packs_page(NOTICE),
    "src/slaengine/policies/packs/policy.schema.json": lambda: json.dumps(policy_schema(), indent=1, ensure_ascii=False) + "\n",
}
"""Each generated page and what writes it."""


def _fact(kind: type[Fact], example: Fact, heading: str = "##") -> Iterator[str]:
    own = [name for name in kind.model_fields if name not in Stamp.model_fields]
    yield from (f"{heading} {kind.NAME}", "")
    origin = "".join(f" From the command [{one.NAME}](commands.md#{one.NAME})." for one in COMMANDS if one.FACT is kind)
    yield from (f"`{kind.TOPIC}`. {_sentences(kind)}{origin}", "")
    if own:
        yield from _table(kind, own)
    yield from ("```json", json.dumps(from_json(encode(example)), ensure_ascii=False, indent=2), "```", "")


def _command(kind: type[Command]) -> Iterator[str]:
    required = [f"`{name}`" for name, field in kind.model_fields.items() if field.is_required() and name != "occurred_at"]
    given = from_json(examples.COMMANDS[kind].model_dump_json(exclude_none=True, exclude_defaults=True))
    yield from (f"## {kind.NAME}", "")
    yield f"{_sentences(kind.FACT)} Leads to [{kind.FACT.NAME}](events.md#{kind.FACT.NAME})."
    yield f"Must give {', '.join(required)}." if required else "Must give nothing but the order."
    yield from ("", "```json", json.dumps(given, ensure_ascii=False, indent=2), "```", "")


def _value(kind: type[BaseModel]) -> Iterator[str]:
    yield from (f"### {kind.__name__.lower()}", "", _sentences(kind), "", *_table(kind))


def _table(model: type[BaseModel], names: list[str] | None = None) -> Iterator[str]:
    hints = get_type_hints(model, include_extras=True)
    yield from ("| field | is | must be given |", "|---|---|---|")
    for name in names or list(model.model_fields):
        yield f"| `{name}` | {_kind(hints[name])} | {'yes' if model.model_fields[name].is_required() else ''} |"
    yield ""


def _kind(hint: Any) -> str:
    for known, name in KINDS:
        if hint == known:
            return name
    parts = [part for part in get_args(hint) if part is not NoneType]
    origin = get_origin(hint)
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in (Union, UnionType, Annotated):
        return _kind(parts[0])
    if origin is tuple:
        return f"list of {_kind(parts[0])}"
    return f"[{hint.__name__.lower()}](#{hint.__name__.lower()})"


def _statuses(kind: type[Command]) -> str:
    return ", ".join(status for status in get_args(v.Status) if status in PERMITTED[kind]).replace("absent", "not yet received")


def _sentences(kind: type) -> str:
    return re.sub(r"\s*\n\s*", " ", inspect.getdoc(kind) or "")


def _one_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
