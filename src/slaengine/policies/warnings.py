"""When a clock has used up the shares of its limit at which the policy wants a warning."""

from __future__ import annotations

from slaengine.policies.book import PolicyBook
from slaengine.policies.rows import ClockRow


def warnings(book: PolicyBook, row: ClockRow) -> list[tuple[float, int]]:
    """Return each warning share of the row's target with the instant (µs) at which so much of the limit is used.

    That is so if the clock runs on until then; pauses so far have put it off, just as they do the due time. While
    the clock is paused, shares not reached before the pause are left out: when they will be is not known.
    """
    edition = book.edition_of(row)
    timetable = edition.calendars[row.calendar].timetable
    found = []
    for share in edition.version.targets[row.rule].warn:
        used = int(row.limit * share)
        at = timetable.due_at(row.start, used)
        for span in row.spans:
            if span.begins < at:
                used += timetable.open_between(span.begins, span.ends)
                at = timetable.due_at(row.start, used)
        if row.paused_since is None or at <= row.paused_since:
            found.append((share, at))
    return found
