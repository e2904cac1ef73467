"""Every link between the pages leads somewhere, and every page can be reached from the first."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[Path]:
    """The files that a page links to, without those on the network and those within the page."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = (first or second for first, second in LINK.findall(text))
    here = (target.split("#")[0] for target in targets if "://" not in target and not target.startswith("#"))
    return [(page.parent / target).resolve() for target in here]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page):
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += links(page)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []
