"""The facts about promises: which policy, calendar or holiday list was published, and from when it holds."""

from __future__ import annotations

from typing import ClassVar, Literal

from slaengine.domain.events import Fact
from slaengine.domain.values import Identifier, Instant

Scope = Literal["new_orders", "open_clocks", "restate"]


class Published(Fact):
    """Base of publications.

    `effective_from` is the instant from which it holds, inclusive. `scope` says what it touches: `new_orders`, clocks
    that start from then on; `open_clocks`, those running then as well; `restate`, every clock ever judged.
    `text` is the YAML that was published, `version` the publisher's own name for it.
    """

    name: Identifier
    version: Identifier
    effective_from: Instant
    scope: Scope = "new_orders"
    text: str


class PolicyPublished(Published):
    """A policy, with its targets and the calendars that stand in it."""

    NAME: ClassVar[str] = "policy_published"
    TOPIC: ClassVar[str] = "policy.published.v1"


class CalendarPublished(Published):
    """A business calendar, replacing the one of this name in the policies that use it."""

    NAME: ClassVar[str] = "calendar_published"
    TOPIC: ClassVar[str] = "calendar.published.v1"


class HolidaysPublished(Published):
    """A holiday list, replacing the one of this name in the calendars that use it."""

    NAME: ClassVar[str] = "holidays_published"
    TOPIC: ClassVar[str] = "holidays.published.v1"


PUBLICATIONS: tuple[type[Published], ...] = (PolicyPublished, CalendarPublished, HolidaysPublished)
