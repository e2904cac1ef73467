"""The page that leads to all others: docs/README.md, from the first lines of the pages themselves."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
SECTIONS = {
    "tutorial": ("Tutorial", "Learn by doing."),
    "how-to": ("How-to", "Steps to one end each."),
    "reference": ("Reference", "What there is, complete; much of it written from the code."),
    "explanation": ("Explanation", "Why it is as it is."),
    "adr": ("Decisions", "What was decided, what else was thought of, and why not."),
}


def index() -> str:
    """Return the index: every page of every section by its title, in the order of the files' names."""
    lines = ["# slaengine's documentation", "", "Words of the trade, English and Chinese: the [glossary](glossary.md).", ""]
    for folder, (title, about) in SECTIONS.items():
        lines += [f"## {title}", "", about, ""]
        lines += [f"- [{_title(page)}]({folder}/{page.name})" for page in sorted((DOCS / folder).glob("*.md"))]
        lines.append("")
    return "\n".join(lines)


def _title(page: Path) -> str:
    first = next((line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("# ")), page.stem)
    return first.removeprefix("# ").replace("[", "").replace("]", "")
