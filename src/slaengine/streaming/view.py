"""What a consumer keeps: a view, changed in the same transaction that remembers how far it has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from slaengine.streaming.envelope import StreamedFact


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
