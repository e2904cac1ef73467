"""A store adopts a policy: its versions become facts, once, and judge from then on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.engine.conftest import HandClock, OpenEngine

from slaengine.domain.promises import CalendarPublished, HolidaysPublished, PolicyPublished
from slaengine.engine import SlaEngine
from slaengine.errors import PolicyError, UnknownPolicy, UsageError
from slaengine.policies.book import PolicyBook, packs
from slaengine.projections.promises import fingerprint

HEAD = """
policy: lakeside
time_zone: Asia/Shanghai
calendars:
  office:
    weekly: {mon: &d [["09:00", "17:00"]], tue: *d, wed: *d, thu: *d, fri: *d}
    holidays: ours
holiday_lists: {ours: [2025-01-01]}
"""


def version(name: str, start: str, limit: str, scope: str = "new_orders") -> str:
    target = f"{{name: done, stop: resolved, limit: {limit}, calendar: office}}"
    return f'  - {{version: "{name}", effective_from: {start}, scope: {scope}, targets: [{target}]}}\n'


def policy(*versions: str, head: str = HEAD) -> PolicyBook:
    return PolicyBook.parse(f"{head}versions:\n{''.join(versions)}", "lakeside.yaml")


LONGER = "weekly: {mon: &d [['08:00', '20:00']], tue: *d, wed: *d, thu: *d, fri: *d}"
ONE = version("1", "2025-01-01", "6 h")
TWO = version("2", "2025-07-01", "1 h")


@pytest.fixture
def clock() -> HandClock:
    """The year 2025 is over."""
    hand = HandClock()
    hand.now = datetime(2026, 1, 1, tzinfo=UTC)
    return hand


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def a_year_of_orders(engine: SlaEngine) -> list[str]:
    """An order each week all through 2025, resolved five hours and a half after it came; every second one over night."""
    numbers = []
    for week in range(52):
        received = local("2025-01-02T09:00") + timedelta(weeks=week, hours=week % 2 * 7)
        order = engine.receive(kind="repair", number=f"R-{week}", occurred_at=received)
        engine.resolve(order, occurred_at=received + timedelta(hours=5, minutes=30))
        numbers.append(order.number)
    return numbers


def verdicts(engine: SlaEngine, numbers: list[str], **times: datetime) -> dict[str, tuple[str, str, int | None]]:
    return {number: (clock.edition, clock.verdict, clock.due) for number in numbers for clock in engine.clocks(number, **times)}


def test_every_version_becomes_a_fact_with_its_own_date_and_scope(store_url: str, open_engine: OpenEngine) -> None:
    engine = open_engine(store_url)
    book = policy(ONE, version("2", "2025-07-01", "1 h", "open_clocks"))
    published = engine.adopt(book, by="li", channel="cli")
    assert [(fact.version, fact.effective_from, fact.scope, fact.by) for fact in published] == [
        ("1", local("2025-01-01T00:00"), "new_orders", "li"),
        ("2", local("2025-07-01T00:00"), "open_clocks", "li"),
    ]
    assert engine.log.head().position == 2
    assert fingerprint(engine.book()) == fingerprint(book)


def test_adopting_again_changes_nothing(engine: SlaEngine, clock: HandClock) -> None:
    assert len(engine.adopt(policy(ONE, TWO), by="li")) == 2
    clock.forward(60)
    assert engine.adopt(policy(ONE, TWO), by="wang") == []
    assert engine.log.head().position == 2


def test_a_dry_run_says_what_would_be_published_and_publishes_nothing(engine: SlaEngine) -> None:
    assert [fact.version for fact in engine.adopt(policy(ONE), dry_run=True)] == ["1"]
    assert engine.log.head().position == 0


@pytest.mark.parametrize("name", packs())
def test_every_pack_stands_alone_in_the_log(engine: SlaEngine, name: str) -> None:
    engine.adopt(name)
    (published,) = {fact.name for fact, _ in engine.publications()}
    book, pack = engine.book(), PolicyBook.pack(name)
    assert (published, book.editions) == (pack.name, pack.editions)


def test_opening_a_store_with_a_policy_publishes_nothing(open_engine: OpenEngine, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/orders.db", policy="boston-311")
    assert engine.publications() == []


def test_the_stores_own_policy_judges_when_none_is_named(open_engine: OpenEngine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/orders.db"
    open_engine(url).adopt(policy(ONE, TWO))
    engine = open_engine(url)
    numbers = a_year_of_orders(engine)
    assert set(verdicts(engine, numbers)) == set(numbers)
    assert engine.report().policy == "lakeside"


def test_read_models_made_by_the_file_serve_the_published_policy(open_engine: OpenEngine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/orders.db"
    first = open_engine(url, policy=policy(ONE, TWO))
    a_year_of_orders(first)
    first.adopt(policy(ONE, TWO))
    first.project()
    read_again: list[int] = []
    open_engine(url).project(read_again.append)
    assert read_again == []


# ── what is published stays ──


def test_a_year_with_limits_and_calendars_changed_in_its_middle_keeps_every_verdict(engine: SlaEngine) -> None:
    engine.adopt(policy(ONE))
    numbers = a_year_of_orders(engine)
    before = verdicts(engine, numbers)
    changes = local("2025-07-01T00:00")
    engine.adopt(policy(ONE, TWO))
    engine.publish(CalendarPublished(occurred_at=changes, name="office", version="2", effective_from=changes, text=LONGER))
    engine.publish(
        HolidaysPublished(occurred_at=changes, name="ours", version="2", effective_from=changes, text="[2025-03-06, 2025-09-04]")
    )
    after = verdicts(engine, numbers)
    half = [n for n in numbers if int(n.split("-")[1]) < 26]
    assert {n: after[n] for n in half} == {n: before[n] for n in half}
    assert {verdict for _, verdict, _ in before.values()} == {"met"}
    assert {(edition, verdict) for n, (edition, verdict, _) in after.items() if n not in half} >= {("2", "missed")}


def test_a_published_version_cannot_get_other_promises(engine: SlaEngine) -> None:
    engine.adopt(policy(ONE))
    with pytest.raises(
        PolicyError, match="version 1 of policy 'lakeside' is published with other contents, and that stays; give"
    ):
        engine.adopt(policy(version("1", "2025-01-01", "9 h"), TWO))
    assert engine.log.head().position == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (version("1", "2025-02-01", "6 h"), "effect from 2024-12-31T16:00:00"),
        (version("1", "2025-01-01", "6 h", "restate"), "scope new_orders"),
    ],
    ids=["date", "scope"],
)
def test_a_published_version_cannot_get_another_date_or_scope(engine: SlaEngine, changed: str, words: str) -> None:
    engine.adopt(policy(ONE))
    with pytest.raises(PolicyError, match=words):
        engine.adopt(policy(changed))


def test_other_calendars_need_a_new_version_and_count_for_it_alone(engine: SlaEngine) -> None:
    longer = HEAD.replace("17:00", "20:00")
    engine.adopt(policy(ONE))
    with pytest.raises(PolicyError, match="other calendars"):
        engine.adopt(policy(ONE, head=longer))
    assert [fact.version for fact in engine.adopt(policy(ONE, TWO, head=longer))] == ["2"]
    first, second = engine.book().editions
    (opening,) = PolicyBook.parse(f"{HEAD}versions:\n{ONE}").editions
    assert first.calendars["office"] == opening.calendars["office"] != second.calendars["office"]


def test_comments_and_titles_of_the_file_may_change(engine: SlaEngine) -> None:
    engine.adopt(policy(ONE))
    assert engine.adopt(policy(ONE, head=f"# for the spring\ntitle: Lakeside{HEAD}")) == []


# ── scope and date ──


def test_open_clocks_are_taken_over_and_a_restatement_judges_all_anew(open_engine: OpenEngine) -> None:
    seen = {}
    for scope in ("new_orders", "open_clocks", "restate"):
        engine = open_engine("memory:")
        stopped = engine.receive(kind="repair", number="stopped", occurred_at=local("2025-06-26T09:00"))
        engine.resolve(stopped, occurred_at=local("2025-06-26T12:00"))
        engine.receive(kind="repair", number="running", occurred_at=local("2025-06-30T16:00"))
        engine.adopt(policy(ONE, TWO), scope=None if scope == "new_orders" else scope)
        seen[scope] = {n: clock[:2] for n, clock in verdicts(engine, ["stopped", "running"]).items()}
    assert seen == {
        "new_orders": {"stopped": ("1", "met"), "running": ("1", "overdue")},
        "open_clocks": {"stopped": ("1", "met"), "running": ("2", "overdue")},
        "restate": {"stopped": ("2", "missed"), "running": ("2", "overdue")},
    }


def test_a_new_version_can_be_given_a_date_and_scope_at_its_publication(engine: SlaEngine) -> None:
    engine.adopt(policy(ONE))
    (published,) = engine.adopt(policy(ONE, TWO), effective_from=local("2025-08-01T00:00"), scope="open_clocks")
    assert (published.effective_from, published.scope) == (local("2025-08-01T00:00"), "open_clocks")
    assert engine.adopt(policy(ONE, TWO), effective_from=local("2025-08-01T00:00"), scope="open_clocks") == []
    with pytest.raises(PolicyError, match="effect from 2025-07-31T16:00:00"):
        engine.adopt(policy(ONE, TWO))


def test_one_date_for_two_new_versions_is_refused(engine: SlaEngine) -> None:
    with pytest.raises(UsageError, match="same instant"):
        engine.adopt(policy(ONE, TWO), effective_from=local("2025-08-01T00:00"))
    assert engine.log.head().position == 0


# ── what was known ──


def test_before_its_publication_a_policy_is_not_known(engine: SlaEngine, clock: HandClock) -> None:
    numbers = a_year_of_orders(engine)
    clock.forward(60)
    before_any = clock.now
    clock.forward(60)
    engine.adopt(policy(ONE))
    clock.forward(60)
    only_first = clock.now
    clock.forward(60)
    engine.adopt(policy(ONE, TWO))
    assert verdicts(engine, numbers, known_at=before_any) == {}
    assert {edition for edition, _, _ in verdicts(engine, numbers, known_at=only_first).values()} == {"1"}
    assert {edition for edition, _, _ in verdicts(engine, numbers).values()} == {"1", "2"}
    assert [row.met + row.missed for row in engine.report(known_at=before_any).rows] == []
    assert [row.met + row.missed for row in engine.report(known_at=only_first).rows] == [len(numbers)]


# ── what cannot be adopted ──


def test_what_is_no_policy_is_refused(engine: SlaEngine) -> None:
    with pytest.raises(UnknownPolicy, match="did you mean 'boston-311'"):
        engine.adopt("bostn-311")
    engine.adopt(policy(ONE))
    with pytest.raises(PolicyError, match="published already"):
        engine.adopt(engine.book())


def test_a_version_publishes_the_whole_file_it_stands_in(engine: SlaEngine) -> None:
    book = policy(ONE, TWO)
    published = engine.adopt(book)
    assert {fact.text for fact in published} == {book.text}
    assert all(isinstance(fact, PolicyPublished) for fact in published)
