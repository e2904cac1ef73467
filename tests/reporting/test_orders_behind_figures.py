import csv
import io

import pytest

AT = ("--as-of", "2026-01-20T00:00:00Z")


@pytest.mark.parametrize("figure", ["met", "missed", "waived", "overdue", "running", "not_measurable"])
def test_a_verdicts_orders_are_as_many_as_the_report_counts(slaengine, figure):
    row = next(row for row in slaengine("report", *AT, "--target", "fix", "--json").json["rows"])
    behind = slaengine("report", *AT, "--target", "fix", "--orders", figure, "--json").json
    assert sum(len(place["orders"]) for place in behind) == row[figure]


@pytest.mark.parametrize("figure", ["received", "resolved", "closed", "closed_loop", "recurred", "revisited"])
def test_a_closure_counts_orders_are_as_many_as_the_report_counts(slaengine, figure):
    rows = slaengine("report", *AT, "--by", "team", "--json").json["closure"]
    behind = slaengine("report", *AT, "--by", "team", "--orders", figure, "--json").json
    found = {place["group"]["team"]: len(place["orders"]) for place in behind}
    assert found == {row["group"]["team"]: row[figure] for row in rows if row[figure]}


def test_the_orders_are_named(slaengine):
    (missed,) = slaengine("report", *AT, "--by", "team", "--period", "month", "--orders", "missed", "--json").json
    assert (missed["period"], missed["group"], missed["target"]) == ("2026-01", {"team": "water"}, "fix")
    (number,) = missed["orders"]
    table = slaengine("report", *AT, "--by", "team", "--orders", "missed").out
    assert number in table
    lines = list(
        csv.DictReader(io.StringIO(slaengine("report", *AT, "--by", "team", "--orders", "missed", "--format", "csv").out))
    )
    assert [(line["team"], line["figure"], line["number"]) for line in lines] == [("water", "missed", number)]


def test_an_order_judged_at_the_asking_is_named_too(slaengine):
    then = ("--as-of", "2026-01-08T03:00:00Z", "--target", "fix")
    counted = slaengine("report", *then, "--json").json["rows"][0]["overdue"]
    (place,) = slaengine("report", *then, "--orders", "overdue", "--json").json
    assert len(set(place["orders"])) == counted == 2


def test_a_figure_that_no_report_counts_is_named(slaengine):
    ran = slaengine("report", *AT, "--orders", "mised")
    assert (ran.code, "did you mean 'missed'?" in ran.err) == (2, True)


@pytest.mark.parametrize("line", ["above", "below"])
def test_a_key_figures_orders_are_as_many_as_it_counts(slaengine, line):
    (figure,) = slaengine("kpis", *AT, "--kpi", "fix_rate", "--json").json
    (behind,) = slaengine("kpis", *AT, "--kpi", "fix_rate", "--orders", line, "--json").json
    assert (behind["kpi"], behind["period"], behind["line"]) == ("fix_rate", figure["period"], line)
    assert len(behind["orders"]) == figure[line]
    lines = list(csv.DictReader(io.StringIO(slaengine("kpis", *AT, "--orders", line, "--format", "csv").out)))
    assert [one["number"] for one in lines] == behind["orders"]
    assert all(number in slaengine("kpis", *AT, "--orders", line).out for number in behind["orders"])


def test_key_figures_are_written_as_csv(slaengine, tmp_path):
    ran = slaengine("kpis", *AT, "--format", "csv", "--out", str(tmp_path / "kpis.csv"))
    (line,) = csv.DictReader(io.StringIO((tmp_path / "kpis.csv").read_text("utf-8")))
    (figure,) = slaengine("kpis", *AT, "--json").json
    assert (ran.code, line["kpi"], line["above"], float(line["value"])) == (0, "fix_rate", str(figure["above"]), figure["value"])


def test_a_side_that_a_key_figure_has_not_is_named(slaengine):
    ran = slaengine("kpis", *AT, "--orders", "beside")
    assert (ran.code, "(above, below)" in ran.err) == (2, True)
