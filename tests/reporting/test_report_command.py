import csv
import io
import re
from html.parser import HTMLParser

import pytest

AT = ("--as-of", "2026-01-20T00:00:00Z")


def test_the_report_counts_every_verdict(slaengine):
    ran = slaengine("report", *AT, "--json")
    assert ran.code == 0
    assert ran.json["policy"] == "works"
    fix, revisit = ran.json["rows"]
    assert {name: fix[name] for name in ("met", "missed", "waived", "running", "overdue", "not_measurable")} == {
        "met": 2, "missed": 1, "waived": 1, "running": 0, "overdue": 1, "not_measurable": 1,
    }  # fmt: skip
    assert (fix["rate"], fix["raw_rate"], fix["goal"], fix["band"]) == (0.5, 0.4, 0.95, "amber")
    assert (fix["p50_s"], fix["p90_s"]) == (30 * 3600.0, 64.8 * 3600.0)
    assert (revisit["met"], revisit["overdue"], revisit["not_measurable"], revisit["band"]) == (1, 1, 4, None)
    closure = ran.json["closure"][0]
    assert (closure["received"], closure["resolved"], closure["closed"], closure["closed_loop"]) == (6, 4, 2, 3)
    assert (closure["recurred"], closure["revisits_due"], closure["revisited"], closure["revisit_rate"]) == (2, 2, 1, 0.5)


def test_what_was_so_and_what_was_known_then_can_be_asked(slaengine):
    then = slaengine("report", "--as-of", "2026-01-08T03:00:00Z", "--target", "fix", "--json").json["rows"][0]
    assert (then["met"], then["running"], then["overdue"], then["missed"], then["waived"]) == (1, 1, 2, 0, 0)
    unknown = slaengine("report", *AT, "--known-at", "2026-01-01", "--json").json
    assert (unknown["rows"], unknown["closure"], unknown["known_at"]) == ([], [], "2026-01-01T00:00:00Z")


def test_groups_are_named_by_what_was_asked(slaengine):
    rows = slaengine("report", *AT, "--by", "type.1", "--by", "team", "--period", "week", "--target", "fix", "--json").json[
        "rows"
    ]
    assert [(row["period"], row["group"]["type.1"], row["group"]["team"], row["met"], row["missed"]) for row in rows] == [
        ("2026-W02", "lift", "lifts", 2, 0),
        ("2026-W02", "pipe", "water", 0, 1),
        ("2026-W03", "pipe", "water", 0, 0),
        ("2026-W04", "hours", "desk", 0, 0),
    ]


def test_the_csv_has_one_header_and_leaves_empty_what_is_not_there(slaengine):
    rows = list(csv.DictReader(io.StringIO(slaengine("report", *AT, "--by", "team", "--format", "csv").out)))
    assert [(row["team"], row["target"], row["met"], row["rate"]) for row in rows if row["team"] == "desk"] == [
        ("desk", "fix", "0", ""),
        ("desk", "revisit", "0", ""),
    ]
    closure = list(csv.DictReader(io.StringIO(slaengine("report", *AT, "--format", "csv", "--sheet", "closure").out)))
    assert closure[0]["received"] == "6"


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ["Compliance", "50.0 %", "Closed loop"]), ("zh", ["时限达标", "达标率", "闭环"])]
)
def test_the_table_says_it_in_words(slaengine, lang, words):
    out = slaengine("report", *AT, "--lang", lang).out
    assert all(word in out for word in words)


class Outline(HTMLParser):
    """What a page asks of the network, and whether its elements close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asks: list[str] = []
        self.pictures: list[dict] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "line", "rect", "polyline"):
            self.open.append(tag)
        self.asks += [value for name, value in attrs if name in ("src", "href", "action", "data")]
        if tag == "svg":
            self.pictures.append(dict(attrs))

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_whole_and_asks_nothing_of_the_network(slaengine, lang, tmp_path):
    out = tmp_path / "page.html"
    ran = slaengine("report", *AT, "--by", "team", "--format", "html", "--lang", lang, "--out", str(out))
    assert (ran.code, ran.out) == (0, "")
    page = out.read_text("utf-8")
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert outline.asks == []
    assert not re.search(r"url\(|@import|https?://|<script", page)
    assert len(outline.pictures) >= 4
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in outline.pictures)


def test_names_from_the_store_are_escaped_in_the_page(works):
    from slaengine.engine import SlaEngine

    with SlaEngine.open("memory:", policy=works / "works.yaml") as engine:
        order = engine.receive(kind="repair", number="X", occurred_at=engine.clock())
        engine.classify(order, type="<script>alert(1)</script>", occurred_at=engine.clock())
        engine.dispatch(order, team="<b>&</b>", occurred_at=engine.clock())
        engine.resolve(order, occurred_at=engine.clock())
        from slaengine.reporting.page import report_page

        page = report_page(engine.report(by=["team"]), engine.overview())
    assert "<script>" not in page
    assert "<b>&</b>" not in page


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("report", "--by", "tem"), "did you mean 'team'"),
        (("report", "--period", "moth"), "did you mean 'month'"),
        (("report", "--target", "fx"), "did you mean 'fix'"),
        (("report", "--as-of", "yesterday"), "--as-of 'yesterday' is not an instant"),
        (("report", "--format", "pdf"), "--format 'pdf' is not known"),
        (("report", "--lang", "fr"), "reports are not written in 'fr'"),
        (("report", "--format", "html", "--out", "/no/such/dir/page.html"), "cannot write /no/such/dir/page.html"),
        (("orders", "--verdict", "overdu"), "did you mean 'overdue'"),
        (("orders", "--where", "team"), "write team=lifts"),
        (("compare", "--target", "given"), "has no target 'given'"),
    ],
)
def test_a_misused_command_says_what_would_do_and_leaves_with_2(slaengine, argv, said):
    ran = slaengine(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())


def test_without_a_policy_the_report_asks_which(slaengine):
    ran = slaengine("report", policy=False)
    assert ran.code == 2
    assert "which policy? none is published in this store" in " ".join(ran.err.split())


def test_a_report_within_a_period_is_that_periods_part_of_the_whole(slaengine):
    asked = ("report", "--as-of", "2026-03-01T00:00:00Z", "--by", "team")
    weekly = slaengine(*asked, "--period", "week", "--json").json
    (name,) = {row["period"] for row in weekly["closure"] if row["period"] == "2026-W02"}
    found = slaengine(*asked, "--within", name, "--json").json
    for part in ("rows", "closure"):
        expected = [{**row, "period": None} for row in weekly[part] if row["period"] == name]
        assert found[part] == expected
        assert expected
    behind = slaengine(*asked, "--within", name, "--orders", "received", "--json").json
    assert sum(len(place["orders"]) for place in behind) == sum(row["received"] for row in found["closure"])
    assert slaengine(*asked, "--within", "2025", "--json").json["closure"] == []


@pytest.mark.parametrize("name", ["May", "2026-13", "2026-W54", "2026-Q5", "2026-H3", "2026-1"])
def test_a_period_that_there_is_not_is_named(slaengine, name):
    ran = slaengine("report", "--within", name)
    assert (ran.code, f"no period is called '{name}'" in ran.err) == (2, True)
