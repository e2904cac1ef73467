"""Policies and histories for the kernel's laws, drawn so that awkward ones are common."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from tests.policies.reference import BASE, MINUTE

from slaengine.policies.book import PolicyBook
from slaengine.policies.moment import Moment

DAY = 1440 * MINUTE
HALF_DAYS = [["08:30", "12:00"], ["13:00", "17:30"]]
CALENDARS: dict[str, Any] = {
    "office": {
        "tz": "Europe/Paris",
        "weekly": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HALF_DAYS),
        "holidays": ["2026-04-06"],
    },
    "night": {
        "tz": "Australia/Lord_Howe",
        "weekly": {day: [["22:00", "06:00"]] for day in ("mon", "tue", "thu", "sat", "sun")},
        "overrides": {"2026-04-04": [["00:00", "24:00"]]},
    },
    "shop": {
        "tz": "America/New_York",
        "weekly": {day: [["00:00", "03:00"], ["10:00", "18:00"]] for day in ("wed", "fri", "sun")},
        "overrides": {"2026-03-07": [["09:00", "10:00"]], "2026-03-08": [["01:00", "04:00"]]},
    },
}
NAMES = ("alpha", "beta", "gamma")
TYPES = ("lift", "lift.door", "noise")
REASONS = ("parts", "owner", "rain")
STARTS = (
    "received",
    "received",
    "received",
    "received",
    "classified",
    "dispatched",
    "resolved",
    "closed",
    "reopened",
    "progress_reported",
)
FAILS = ([{"fact": "arrived", "party": "builder"}], ["meeting_held", "dispatched"], ["cancelled"])
STOPS = ("responded", "arrived", "resolved", "closed", "revisited", "progress_reported")

triggers = st.one_of(
    st.sampled_from(STOPS),
    st.just({"fact": "arrived", "party": "contractor"}),
    st.just({"fact": "meeting_held", "parties_min": 2}),
    st.lists(st.sampled_from(STOPS), min_size=1, max_size=2, unique=True),
)
limits = st.one_of(
    st.sampled_from(["1 h", "4 h", "9 h", "20 h"]),
    st.sampled_from(["1 h", "4 h", "1 wd", "2 wd", "1 cd", "given"]),
    st.sampled_from(["0 min", "15 min", "1 h", "4 h", "9 h", "1 wd", "2 wd", "1 cd", "3 cd", "given", "given:late", "none"]),
    st.sampled_from(["1 h", "5 h"]).map(lambda span: {"every": span}),
    st.sampled_from([{"by": "17:00"}, {"by": "09:00", "first": "next_day"}, {"by": "02:30"}]),
)
applies = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(TYPES),
        "severity": st.sampled_from(["high", "low"]),
        "hours": st.sampled_from([{"inside": "office"}, {"outside": "night"}]),
    },
)


@st.composite
def targets(draw: st.DrawFn, name: str, chained_to: str | None) -> dict[str, Any]:
    limit = draw(limits)
    repeats = isinstance(limit, dict)
    start: Any = draw(st.sampled_from(STARTS))
    if chained_to and draw(st.booleans()):
        start = {"after": chained_to}
    fails = draw(st.sampled_from([None, None, None, *FAILS]))
    return {
        **({"fail": fails} if fails else {}),
        "name": name,
        "applies": draw(st.one_of(st.just({}), st.just({}), applies)),
        "start": start,
        "stop": draw(triggers),
        "beat": draw(st.sampled_from(["progress_reported", "responded"])),
        "limit": limit,
        "calendar": draw(st.sampled_from(["always", *CALENDARS])),
        "boundary": draw(st.sampled_from(["end", "next"])),
        "pause": draw(st.sampled_from([["any"], ["parts"], ["owner", "rain"], []])),
        "reopen": draw(
            st.sampled_from([None, "ignore", "new_cycle"] if repeats else [None, "continue", "restart", "new_cycle", "ignore"])
        ),
        "reclassify": draw(st.sampled_from(["recompute", "restart", "keep"])),
        "reassign": draw(st.sampled_from(["keep", "restart", "new_cycle"])),
        "cancel": draw(st.sampled_from(["judge", "excuse"])),
    }


@st.composite
def versions(draw: st.DrawFn, number: int) -> dict[str, Any]:
    drawn: list[dict[str, Any]] = []
    for name in NAMES[draw(st.integers(0, 1)) : draw(st.integers(2, 3))]:
        before = [target["name"] for target in drawn if not isinstance(target["limit"], dict)]
        repeating = {target["name"] for target in drawn if isinstance(target["limit"], dict)}
        free = [other for other in dict.fromkeys(before) if other not in repeating and other < name]
        drawn.extend(draw(targets(name, free[-1] if free else None)) for _ in range(draw(st.integers(1, 2))))
    starts = BASE + 6 * DAY + draw(st.integers(0, 20 * 24)) * 60 * MINUTE
    return {
        "version": f"v{number}",
        "effective_from": _text(BASE) if number == 0 else _text(starts),
        "scope": draw(st.sampled_from(["new_orders", "open_clocks", "open_clocks", "restate"])) if number else "new_orders",
        "targets": drawn,
    }


@st.composite
def books(draw: st.DrawFn) -> PolicyBook:
    drawn = [draw(versions(n)) for n in range(draw(st.sampled_from([1, 1, 2, 3])))]
    policy = {"policy": "drawn", "time_zone": "Europe/Paris", "calendars": CALENDARS, "versions": drawn}
    return PolicyBook.parse(json.dumps(policy))


steps = st.one_of(
    st.integers(0, 24 * 4).map(lambda quarter: quarter * 15),
    st.integers(0, 3 * 24 * 4).map(lambda quarter: quarter * 15),
    st.integers(0, 1440),
    st.just(0),
)
facts = st.one_of(
    st.tuples(
        st.just("classified"),
        st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional={"severity": st.sampled_from(["high", "low"])}),
    ),
    st.tuples(st.just("paused"), st.just({"reason": "parts"})),
    st.tuples(st.just("resumed"), st.just({})),
    st.tuples(st.just("paused"), st.fixed_dictionaries({"reason": st.sampled_from([*REASONS, "other"])})),
    st.tuples(st.just("resumed"), st.fixed_dictionaries({}, optional={"reason": st.sampled_from([*REASONS, "other"])})),
    st.tuples(st.just("dispatched"), st.fixed_dictionaries({"team": st.just("t")})),
    st.tuples(st.just("arrived"), st.fixed_dictionaries({}, optional={"party": st.sampled_from(["contractor", "builder"])})),
    st.tuples(st.just("meeting_held"), st.fixed_dictionaries({"parties": st.lists(st.sampled_from("abc"), max_size=3)})),
    st.tuples(
        st.sampled_from(
            ["responded", "resolved", "resolved", "closed", "reopened", "revisited", "progress_reported", "progress_reported"]
        ),
        st.just({}),
    ),
    st.tuples(st.sampled_from(["cancelled", "merged"]), st.just({})),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Moment]:
    """Return an order's moments in the order recorded, which need not be that of occurrence."""
    at = BASE + 5 * DAY + draw(st.integers(0, 30 * 24 * 4)) * 15 * MINUTE
    given = {"due": _text(at + draw(steps) * MINUTE)} if draw(st.sampled_from([True, True, False])) else {}
    order = [Moment("received", at, at, 1, {"kind": "repair", "number": "1", "given_due": given})]
    for name, fields in draw(st.lists(facts, min_size=draw(st.sampled_from([0, 4, 8])), max_size=14)):
        at += draw(steps) * MINUTE
        late = draw(st.sampled_from([0, 0, 0, 0, 30, 600, 4000])) * MINUTE
        order.append(Moment(name, max(at - late, BASE + 4 * DAY), at, len(order) + 1, fields))
    return order


def _text(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).isoformat()
