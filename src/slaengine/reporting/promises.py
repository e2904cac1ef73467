"""Policies as tables that a manager would recognise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from slaengine.policies.book import PolicyBook
from slaengine.policies.compare import in_words
from slaengine.policies.policy import Version

HEADINGS = {
    "en": ("target", "for", "from → to", "limit", "calendar", "promise", "owner"),
    "zh": ("目标", "适用", "起 → 止", "时限", "日历", "性质", "负责人"),
}


def books_table(items: Sequence[dict[str, Any]]) -> Table:
    """Return the policies there are, one a line."""
    table = Table("policy", "where", "title", "versions", "targets", box=None, pad_edge=False)
    for item in items:
        title = item["title"]["en"] or item["title"]["zh"]
        versions = ", ".join(f"{v['version']} ({v['effective_from'][:10]})" for v in item["versions"])
        table.add_row(item["policy"], item["where"], title, versions, str(len(item["targets"])))
    return table


def policy_tables(book: PolicyBook, language: str) -> Iterator[Table]:
    """Yield a table of targets for each version, first to last."""
    policy = book.policy
    for version in policy.versions:
        starts = policy.instant(version.effective_from)
        title = f"{policy.title.text(language, policy.policy)}: {version.version}, {starts.isoformat()}"
        table = Table(*HEADINGS[language], title=title, title_justify="left", box=None, pad_edge=False)
        for item in target_items(version):
            name = item["title"][language] or item["title"]["en"] or item["title"]["zh"]
            table.add_row(
                f"{item['target']} {name}".strip(),
                item["for"],
                f"{item['start']} → {item['stop']}",
                item["limit"],
                item["calendar"],
                item["promise"],
                item["owner"] or "",
            )
        yield table


def target_items(version: Version) -> list[dict[str, Any]]:
    """Return the targets of a version as plain values, a table's rows one by one."""
    return [
        {
            "target": target.name,
            "title": target.title.model_dump(),
            "promise": target.promise,
            "for": in_words(applies),
            "start": " or ".join(map(str, target.start)),
            "stop": " or ".join(map(str, target.stop)),
            "limit": limit.text,
            "calendar": target.calendar,
            "pause": list(target.pause),
            "owner": target.owner,
            "row": target.row,
        }
        for target in version.targets
        for applies, limit in target.limits()
    ]
