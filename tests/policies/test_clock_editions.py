"""Which version of a policy, calendar or holiday list judges a clock."""

from __future__ import annotations

from tests.policies.desk import HEAD, at, book, micros, one, order, readings, rows, versions

from slaengine.domain.promises import CalendarPublished, HolidaysPublished, PolicyPublished
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge, judge_many

TWO_HOURS = "name: done, stop: resolved, limit: 2 h"
FOUR_HOURS = "name: done, stop: resolved, limit: 4 h"
RUNNING = order("5 10:00 received", "5 15:00 resolved")
STARTED_LATER = order("5 13:00 received")


def test_a_clock_is_judged_by_what_was_in_force_when_it_started():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "5 11:00", "new_orders", FOUR_HOURS))
    assert one(policy, RUNNING).due == "5 12:00"
    assert one(policy, STARTED_LATER).due == "5 17:00"


def test_a_version_holds_from_its_very_first_instant():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "5 10:00", "new_orders", FOUR_HOURS))
    assert [row.edition for row in rows(policy, RUNNING)] == ["2"]


def test_before_the_first_version_nothing_was_promised():
    assert readings(versions(("1", "5 11:00", "new_orders", TWO_HOURS)), RUNNING) == []


def test_open_clocks_are_taken_over_and_judged_from_their_own_start():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "5 11:00", "open_clocks", FOUR_HOURS))
    (row,) = rows(policy, RUNNING)
    assert (row.edition, one(policy, RUNNING).due) == ("2", "5 14:00")


def test_many_orders_are_taken_over_as_each_alone_is():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "5 11:00", "open_clocks", FOUR_HOURS))
    orders = [RUNNING, STARTED_LATER, order("5 10:00 received"), order("4 10:00 received", "4 11:00 resolved")]
    for now in (None, micros("5 12:00")):
        assert judge_many(policy, orders, as_of=now) == [judge(policy, facts, as_of=now) for facts in orders]


def test_a_daily_clock_taken_over_is_judged_day_by_day_again():
    daily = 'name: word, stop: resolved, limit: {by: "12:00"}'
    policy = versions(
        ("1", "1 00:00", "new_orders", "name: word, stop: resolved, limit: 1 h"), ("2", "7 10:00", "open_clocks", daily)
    )
    facts = order("5 10:00 received")
    assert [(row.edition, row.verdict) for row in rows(policy, facts, "7 11:00")] == [
        ("2", "missed"),
        ("2", "missed"),
        ("2", "running"),
    ]


def test_clocks_stopped_by_then_are_left_alone():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "5 16:00", "open_clocks", FOUR_HOURS))
    assert [row.edition for row in rows(policy, RUNNING)] == ["1"]


def test_a_clock_is_taken_over_only_once_the_time_has_come():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "6 11:00", "open_clocks", FOUR_HOURS))
    facts = order("5 10:00 received")
    assert [row.edition for row in rows(policy, facts, "6 10:59")] == ["1"]
    assert [row.edition for row in rows(policy, facts, "6 11:00")] == ["2"]
    (row,) = rows(policy, facts)
    assert (row.edition, row.valid_until) == ("1", micros("6 11:00") - 1)


def test_a_restated_version_judges_all_that_went_before():
    policy = versions(("1", "1 00:00", "new_orders", TWO_HOURS), ("2", "5 16:00", "restate", FOUR_HOURS))
    assert [row.edition for row in rows(policy, RUNNING)] == ["2"]


def test_a_version_after_the_restated_one_holds_from_its_own_date():
    policy = versions(
        ("1", "1 00:00", "new_orders", TWO_HOURS),
        ("2", "5 11:00", "restate", FOUR_HOURS),
        ("3", "5 12:00", "new_orders", TWO_HOURS),
    )
    assert [row.edition for row in rows(policy, RUNNING)] == ["2"]
    assert [row.edition for row in rows(policy, STARTED_LATER)] == ["3"]
    (row,) = rows(policy, RUNNING)
    assert (row.effective_from, row.holds_from < row.effective_from) == (micros("5 11:00"), True)


def test_a_year_with_limits_and_calendars_changed_in_its_middle_keeps_every_verdict():
    shorter = '{effective_from: 2026-07-01, weekly: {mon: [["10:00", "12:00"]], thu: [["10:00", "12:00"]]}}'
    first = (
        '  - {version: "1", effective_from: 2026-01-01, targets: [{name: done, stop: resolved, limit: 6 h, calendar: office}]}\n'
    )
    second = first.replace('"1"', '"2"').replace("2026-01-01", "2026-07-01").replace("6 h", "1 h")
    before = PolicyBook.parse(f"{HEAD}versions:\n{first}")
    changed = PolicyBook.parse(f"{HEAD}    editions: [{shorter}]\nversions:\n{first}{second}")
    orders = [
        order(f"{day} {hour:02}:00 received", f"{day + day % 2} {hour + 2:02}:30 resolved")
        for day in range(1, 364, 7)
        for hour in (8, 11, 16, 20)
    ]
    middle = micros("182 00:00")
    first_half = [facts for facts in orders if facts[0].occurred_at < middle]
    verdicts = [one(before, facts) for facts in first_half]
    assert [one(changed, facts) for facts in first_half] == verdicts
    assert {reading.verdict for reading in verdicts} == {"met", "missed"}
    later = [facts for facts in orders if facts[0].occurred_at >= middle]
    assert any(one(changed, facts) != one(before, facts) for facts in later)


def test_a_holiday_announced_later_is_unknown_to_clocks_that_started_before():
    policy = PolicyBook.parse(
        HEAD.replace("office:", "office:\n    holidays: ours")
        + """
holiday_lists: {ours: {2026-01-08: {name: Founders' Day, known_from: 2026-01-07T00:00:00}}}
version: "1"
effective_from: 2020-01-01
targets: [{name: done, stop: resolved, limit: 16 h, calendar: office}]
"""
    )
    assert one(policy, order("6 17:00 received")).due == "8 17:00"
    assert one(policy, order("7 09:00 received")).due == "9 17:00"


# ---- publications


def published(*facts):
    return PolicyBook.published("desk", facts)


def policy_fact(version, day, target, scope="new_orders"):
    text = f'{HEAD}version: "{version}"\neffective_from: 2020-01-01\ntargets: [{{{target}}}]\n'
    return PolicyPublished(
        occurred_at=at("1 00:00"), name="desk", version=version, effective_from=at(day), scope=scope, text=text
    )


def test_publications_make_the_same_book_as_a_file():
    policy = published((policy_fact("1", "1 00:00", TWO_HOURS), 1), (policy_fact("2", "5 11:00", FOUR_HOURS), 2))
    assert one(policy, RUNNING).due == "5 12:00"
    assert one(policy, STARTED_LATER).due == "5 17:00"


def test_what_was_published_later_is_unknown_earlier():
    policy = published(
        (policy_fact("1", "1 00:00", TWO_HOURS), micros("1 00:00")), (policy_fact("2", "1 00:00", FOUR_HOURS), micros("5 13:00"))
    )
    facts = order("5 10:00 received")
    assert [row.edition for row in rows(policy, facts, "5 12:00", known_at="5 12:59")] == ["1"]
    assert [row.edition for row in rows(policy, facts, "5 12:00", known_at="5 13:00")] == ["2"]
    assert rows(policy, facts, "5 12:00", known_at="4 00:00") == []


def test_a_published_calendar_replaces_the_one_of_its_name_from_its_date():
    calendar = CalendarPublished(
        occurred_at=at("1 00:00"),
        name="office",
        version="2",
        effective_from=at("6 00:00"),
        text="weekly: {tue: [['12:00', '13:00']], wed: [['12:00', '20:00']]}",
    )
    policy = published((policy_fact("1", "1 00:00", f"{TWO_HOURS}, calendar: office"), 1), (calendar, 2))
    assert one(policy, order("5 10:00 received")).due == "5 12:00"
    assert one(policy, order("6 10:00 received")).due == "7 13:00"


def test_a_published_calendar_with_open_clocks_takes_over_those_that_run():
    def calendar(scope):
        text = "weekly: {mon: [['09:00', '12:00']], tue: [['09:00', '17:00']]}"
        return CalendarPublished(
            occurred_at=at("1 00:00"), name="office", version="2", effective_from=at("5 11:00"), text=text, scope=scope
        )

    plain = (policy_fact("1", "1 00:00", "name: done, stop: resolved, limit: 6 h, calendar: office"), 1)
    facts = order("5 10:00 received", "5 18:00 progress_reported")
    assert one(published(plain, (calendar("new_orders"), 2)), facts).due == "5 16:00"
    assert one(published(plain, (calendar("open_clocks"), 2)), facts).due == "6 13:00"


def test_a_year_of_publications_in_its_middle_leaves_every_verdict_before_as_it_was():
    target = "name: done, stop: resolved, limit: {limit}, calendar: office"
    text = HEAD.replace("office:", "office:\n    holidays: ours") + "holiday_lists: {ours: [2026-02-17]}\n"

    def version(number, day, limit):
        whole = f'{text}version: "{number}"\neffective_from: 2020-01-01\ntargets: [{{{target.format(limit=limit)}}}]\n'
        return PolicyPublished(
            occurred_at=at("1 00:00"), name="desk", version=number, effective_from=at(day), scope="new_orders", text=whole
        )

    calendar = CalendarPublished(
        occurred_at=at("1 00:00"),
        name="office",
        version="2",
        effective_from=at("196 00:00"),
        text="{holidays: ours, weekly: {mon: [['10:00', '12:00']], thu: [['10:00', '12:00']]}}",
    )
    holidays = HolidaysPublished(
        occurred_at=at("1 00:00"), name="ours", version="2", effective_from=at("200 00:00"), text="[2026-07-20, 2026-08-03]"
    )
    first = (version("1", "1 00:00", "6 h"), micros("1 00:00"))
    later = [
        (version("2", "182 00:00", "1 h"), micros("170 00:00")),
        (calendar, micros("190 00:00")),
        (holidays, micros("190 00:00")),
    ]
    before, after = published(first), published(first, *later)
    orders = [
        order(f"{day} {hour:02}:00 received", f"{day + day % 2} {hour + 2:02}:30 resolved")
        for day in range(1, 364, 5)
        for hour in (8, 11, 16, 20)
    ]
    old = [facts for facts in orders if facts[0].occurred_at < micros("182 00:00")]
    new = [facts for facts in orders if facts[0].occurred_at >= micros("182 00:00")]
    assert [rows(after, facts) for facts in old] == [rows(before, facts) for facts in old]
    assert {row.verdict for facts in old for row in rows(after, facts)} == {"met", "missed"}
    assert {row.edition for facts in new for row in rows(after, facts)} == {"2"}
    assert len({row.holds_from for facts in new for row in rows(after, facts)}) == 3
    assert [rows(after.known_at(micros("160 00:00")), facts) for facts in new] == [rows(before, facts) for facts in new]


def test_a_published_holiday_list_is_used_by_every_calendar_that_names_it():
    target = f"{TWO_HOURS}, calendar: office"
    text = (
        HEAD.replace("office:", "office:\n    holidays: ours")
        + f'holiday_lists: {{ours: []}}\nversion: "1"\neffective_from: 2020-01-01\ntargets: [{{{target}}}]\n'
    )
    policy = PolicyPublished(occurred_at=at("1 00:00"), name="desk", version="1", effective_from=at("1 00:00"), text=text)
    holidays = HolidaysPublished(
        occurred_at=at("1 00:00"), name="ours", version="2026", effective_from=at("2 00:00"), text="[2026-01-06]"
    )
    assert one(published((policy, 1), (holidays, 2)), order("6 10:00 received")).due == "7 11:00"
    assert one(published((policy, 1)), order("6 10:00 received")).due == "6 12:00"


def test_the_row_names_the_version_and_the_edition_that_judged_it():
    policy = book(TWO_HOURS)
    (row,) = rows(policy, RUNNING)
    assert (row.policy, row.edition, row.calendar, row.limit_text, row.rule) == ("desk", "1", "always", "2 h", 0)
    assert policy.edition_of(row) is policy.latest
