"""The page of the policy language holds every word of the language, and its example is a policy."""

import re
from pathlib import Path

from slaengine.policies.book import PolicyBook
from slaengine.policies.lint import lint
from slaengine.policies.schema import policy_schema

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "policy-language.md").read_text(encoding="utf-8")
EXAMPLE = "".join(re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL))
ELSEWHERE = {
    "skip_non_working_keep_local_time",
    "skip_closed_days_keep_local_time",
    "roll_to_opening",
    "roll_start_forward_then_same_local_time",
    "roll_late_start_then_same_local_time",
    "same_local_time_then_roll_forward",
}
"""Day rules, which have a table of their own."""


def words_of(part):
    """Yield every field name and every word that a field may have; facts have a page of their own."""
    match part:
        case dict():
            yield from part.get("properties", {})
            values = part.get("enum", [])
            yield from (value for value in values if isinstance(value, str) and "received" not in values)
            for inner in part.values():
                yield from words_of(inner)
        case list():
            for inner in part:
                yield from words_of(inner)


def test_every_word_of_the_language_is_explained():
    explained = {word for code in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"[a-z_]+", code)}
    missing = set(words_of(policy_schema())) - explained - ELSEWHERE
    assert missing == set()


def test_every_field_stands_in_the_example():
    fields = {name for part in policy_schema()["$defs"].values() for name in part.get("properties", {})}
    written = set(re.findall(r"[a-z_]+(?=:)", EXAMPLE))
    assert fields - written == set()


def test_the_day_rules_are_explained_where_the_page_says():
    assert all(f"`{rule}`" in (DOCS / "explanation" / "business-time.md").read_text(encoding="utf-8") for rule in ELSEWHERE)


def test_the_example_is_a_policy_without_warnings():
    assert PolicyBook.parse(EXAMPLE, "harbour.yaml").policy.policy == "harbour"
    assert [finding for finding in lint(EXAMPLE, "harbour.yaml") if finding.weight == "warning"] == []
