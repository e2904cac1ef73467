"""What is allowed in a policy and yet most likely not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slaengine.policies.book import PolicyBook
from slaengine.policies.findings import Finding
from slaengine.policies.lint_targets import TargetDoubts
from slaengine.policies.lint_versions import doubts
from slaengine.policies.load import Source


def lint(text: str, name: str, types: Iterable[str] = ()) -> list[Finding]:
    """Return what is doubtful about a policy's YAML text, warnings first, each in the order of the file.

    `types` are the types that orders have, such as those of a store; with none, no type is doubted.

    Raises:
        PolicyError: the policy cannot be used at all.
    """
    book = PolicyBook.parse(text, name)
    source = Source(text, name)
    found = {finding for edition in book.editions for finding in TargetDoubts(source, book, edition, tuple(types)).findings()}
    found |= set(_unused(source, book)) | set(_of_versions(source, book))
    return sorted(found, key=lambda finding: (finding.weight != "warning", finding.line, finding.column, finding.message))


def _unused(source: Source, book: PolicyBook) -> Iterator[Finding]:
    policy = book.policy
    used = {name for edition in book.editions for name in edition.calendars}
    for name in policy.calendars:
        if name not in used:
            line, column = source.place(("calendars", name))
            yield Finding("unused_calendar", "warning", line, column, f"no target uses the calendar '{name}'")
    named = {part.holidays for spec in policy.calendars.values() for part in spec.parts() if isinstance(part.holidays, str)}
    for name in policy.holiday_lists:
        if name not in named:
            line, column = source.place(("holiday_lists", name))
            yield Finding("unused_holidays", "warning", line, column, f"no calendar uses the holiday list '{name}'")


def _of_versions(source: Source, book: PolicyBook) -> Iterator[Finding]:
    for kind, weight, place, message in doubts(book.policy):
        stands = place[2:] if place[0] == "versions" and "versions" not in source.value else place
        line, column = source.place(stands)
        yield Finding(kind, weight, line, column, message)
