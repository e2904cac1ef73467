"""The consumer: a topic of facts into a view, each exactly once, with as many workers as there are partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slaengine.streaming.announcer import Announcer
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.port import Partition
from slaengine.streaming.processor import Handled, Processor, Stretch
from slaengine.streaming.reader import Reader, now
from slaengine.streaming.topics import FACTS, dead_letters_of
from slaengine.streaming.view import View


@dataclass(kw_only=True)
class Worker(Reader):
    """Brings facts into `view`; what it cannot handle goes to the dead letters, with the rest of the order behind it."""

    topic: str = FACTS
    view: View
    processor: Processor = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.processor = Processor(self.database, self.view, now)
        self.announcer = Announcer(self.kafka, self.database, self.ledger, dead_letters_of(self.topic))

    @property
    def ledger(self) -> Ledger:
        """The view's."""
        return self.processor.ledger

    def take(self, stretches: Mapping[Partition, Stretch]) -> Handled:
        """Take facts into the view."""
        done = self.processor.take(stretches)
        self.announcer.pending |= done.held > 0
        return done

    def follow_up(self) -> None:
        """Announce dead letters."""
        self.announcer.announce()

    def caught_up(self) -> None:
        """Tell the view."""
        self.view.caught_up()
