"""The commands by name, with the module that holds each and the line that help says of it: nothing is loaded to list them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class Listed(NamedTuple):
    """Where a command is (its module in this package), and what it does."""

    module: str
    summary: str


COMMANDS: dict[str, Listed] = {
    "import": Listed(
        "importing", "Import work orders from another system's tables; importing the same table again adds nothing."
    ),
    "report": Listed("report", "Report compliance and closure: each rate with its counts."),
    "compare": Listed("report", "Put our verdicts beside those that the source of the orders stated itself."),
    "restatements": Listed(
        "report", "Show which figures are others now than they were known at the time, and which orders made them so."
    ),
    "kpis": Listed("kpis", "Show the key figures that the policy defines, with their counts, goals and bands."),
    "orders": Listed("orders", "List orders and how their clocks stand, the last received first."),
    "clocks": Listed("orders", "Show the clocks of one order: started, due, stopped, elapsed, and the verdict."),
    "timeline": Listed(
        "orders", "Show the facts of one order as they happened, with the time each was recorded; personal data is left out."
    ),
    "explain": Listed(
        "explaining",
        "Explain why an order's promise was kept or not: every second from start to stop, and how the due time came about.",
    ),
    "calendar": Listed("calendar", "Ask a business calendar."),
    "policy": Listed("policy", "Write, check, compare, publish and read promises."),
    "audit": Listed("audit", "Replay history, prove it, and ask what if."),
    "erase": Listed(
        "personal",
        "Make a person unreadable for ever, in the store and in every copy of it, without changing any figure or proof.",
    ),
    "personal": Listed("personal", "What the log holds of a person."),
    "publish": Listed("streaming", "Publish the store's facts to Kafka, those there are and those to come."),
    "project": Listed("streaming", "Keep read models in the store by what stands in Kafka: each fact exactly once."),
    "ingest": Listed("streaming", "Carry out the commands of a topic, each once, and answer them."),
    "watch": Listed(
        "streaming", "Watch deadlines: say what starts, is about to run out, is breached, met or waived, each thing once."
    ),
    "schema": Listed("streaming", "The contract of the stream."),
    "dead-letters": Listed("dead_letters", "Work off what could not be handled."),
    "demo": Listed("demo", "Do the main job on 20,000 real work orders of a city, and put our figures beside the city's own."),
}
"""In the order in which help lists them."""


class LazyGroup(TyperGroup):
    """The group of all commands: to list and to suggest them, their lines are enough."""

    def __init__(self, **given: Any) -> None:
        """Know every command by its line."""
        super().__init__(**given)
        self.commands = {name: TyperCommand(name, help=listed.summary) for name, listed in COMMANDS.items()}
        self._listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, its module loaded unless it is only to be listed; None when there is no such command."""
        known = super().get_command(ctx, cmd_name)
        return known if known is None or self._listing else loaded(COMMANDS[cmd_name].module)[cmd_name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def loaded(module: str) -> dict[str, Any]:
    """Return the commands that a module adds, by name."""
    own = typer.Typer(rich_markup_mode="markdown")
    import_module(f"slaengine.cli.{module}").register(own)
    return dict(get_group(own).commands)
