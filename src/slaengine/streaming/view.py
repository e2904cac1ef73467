"""What a consumer keeps: a view, changed in the same transaction that remembers how far it has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sqlalchemy import Connection

from slaengine.streaming.streamed import StreamedFact


class View(Protocol):
    """Something made from facts, in tables of the database that `connection` reaches."""

    @property
    def name(self) -> str:
        """The name under which its offsets are kept: one a view and database."""

    def handle(self, connection: Connection, facts: Sequence[StreamedFact]) -> None:
        """Take facts in, in the open transaction. Each order's come in order of version, each exactly once.

        A fact that is not `usable` stands for one that was passed over: a type that this version does not know, or one
        that a person skipped. Whatever is raised rolls everything back; the facts are then tried one by one, and the one
        that raises again is held back as a dead letter, with the later ones of its order behind it.
        """

    def caught_up(self) -> None:
        """Called outside a transaction when the view holds all that the topic held a moment ago; perhaps often."""


class Prepared(Protocol):
    """Facts that are taken in as far as that goes without changing anything."""

    def hold(self, connection: Connection) -> None:
        """Keep other writers of the view out until the transaction ends."""

    def write(self, connection: Connection) -> None:
        """Write what was prepared, in the open transaction; called after `hold`."""


@runtime_checkable
class PreparingView(View, Protocol):
    """A view whose work is mostly done before it writes: several workers then do that at the same time."""

    def prepare(self, facts: Sequence[StreamedFact]) -> Prepared:
        """Do what `handle` would, outside a transaction and short of writing.

        What was prepared is written only if nothing of the facts' orders was handled meanwhile, and else forgotten. Whatever
        is raised leads to `handle`.
        """


@dataclass(frozen=True, slots=True)
class Handler:
    """A view made of one function that takes one usable fact at a time."""

    name: str
    function: Callable[[Connection, StreamedFact], None]

    def handle(self, connection: Connection, facts: Sequence[StreamedFact]) -> None:
        """Call the function for each fact."""
        for fact in facts:
            if fact.usable:
                self.function(connection, fact)

    def caught_up(self) -> None:
        """Do nothing."""
