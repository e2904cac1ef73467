"""Whose breaches are excused: waivers that were approved and not refused afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from slaengine.policies.moment import Moment


class Waivers:
    """The waivers of one order, from its settled moments."""

    __slots__ = ("_approved",)

    def __init__(self, moments: Iterable[Moment]) -> None:
        self._approved: dict[str, tuple[int, str]] = {}
        for moment in moments:
            if moment.name == "waiver_approved":
                self._approved[moment.fields["target"]] = (moment.occurred_at, moment.fields["reason"])
            elif moment.name == "waiver_refused":
                self._approved.pop(moment.fields["target"], None)

    def __bool__(self) -> bool:
        return bool(self._approved)

    def cover(self, target: str, start: int, reasons: tuple[str, ...]) -> bool:
        """Whether a breach of the target's clock that started at `start` (µs) is excused, for one of the policy's `reasons`.

        A waiver excuses what had begun when it was approved, not what came after.
        """
        if target not in self._approved:
            return False
        approved_at, reason = self._approved[target]
        return start <= approved_at and reason in reasons
