import io
from datetime import timedelta

import pytest

AT = ("--as-of", "2026-01-20T00:00:00Z")
openpyxl = pytest.importorskip("openpyxl")


def sheets(path):
    book = openpyxl.load_workbook(path)
    return {sheet.title: [list(row) for row in sheet.values] for sheet in book.worksheets}


def written(slaengine, tmp_path, *argv):
    out = tmp_path / "report.xlsx"
    assert slaengine("report", *AT, *argv, "--format", "xlsx", "--out", str(out)).code == 0
    return sheets(out)


def test_the_stock_taking_lists_every_open_order_and_the_longest_overdue_first(slaengine, tmp_path):
    found = written(slaengine, tmp_path, "--template", "daily")
    assert found["Overdue, the longest first"[:31]] == [
        ["Number", "Type", "Responsible", "Cause", "Target", "Late by"],
        ["A-2", "lift.noise", None, None, "revisit", timedelta(hours=234)],
        ["C-1", "pipe", None, None, "fix", timedelta(hours=24)],
    ]
    listed = found["All open orders, complaints first, the oldest first"[:31]]
    assert [row[0] for row in listed[1:]] == ["C-1", "D-1"]


def test_the_monthly_report_names_frequent_matters_and_what_to_revise(slaengine, tmp_path):
    found = written(slaengine, tmp_path, "--template", "monthly")
    assert found["High-frequency matters (three or more in one building)"[:31]][1:] == [["pipe", "North", "3", 3]]
    assert found["Standards to revise"][1:] == [["fix", "amber: 50.0 %"], ["pipe", "comes up again and again"]]
    assert ["fix_rate", None, 2, 4, 0.5, 0.95, "amber"] in found["Key figures"]


def test_the_quarterly_report_reads_in_chinese_and_as_a_page(slaengine):
    page = slaengine("report", *AT, "--template", "quarterly", "--lang", "zh", "--format", "html").out
    assert "季度服务质量报告 2026-Q1" in page
    assert 'class="figure mark-amber">黄' in page
    assert "http" not in page
    assert "时限达标" in slaengine("report", *AT, "--template", "quarterly", "--lang", "zh").out


def test_the_workbook_of_a_report_holds_numbers(slaengine, tmp_path):
    found = written(slaengine, tmp_path)
    heads, fix, _ = found["Compliance"]
    assert dict(zip(heads, fix, strict=True))["Rate"] == 0.5
    assert found["Closure"][1][0] == 6


def test_a_workbook_says_what_it_is_of_and_draws_its_shares(slaengine, tmp_path):
    found = written(slaengine, tmp_path, "--template", "monthly")
    assert next(iter(found.values()))[:2] == [["Monthly service report 2026-01"], ["Policy works · as of 2026-01-20 08:00"]]
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    (chart,) = book["Compliance"]._charts
    assert [series.tx.strRef.f for series in chart.series] == ["'Compliance'!C1", "'Compliance'!D1", "'Compliance'!F1"]
    assert [book["Compliance"][f"{column}1"].value for column in "CDF"] == ["Met", "Missed", "Overdue"]
    (band,) = (cell for row in book["Key figures"] for cell in row if cell.value == "amber")
    assert band.fill.fgColor.rgb.endswith("FFEB9C")


def test_a_text_that_begins_like_a_formula_stays_a_text():
    from slaengine.reporting.cells import Cell
    from slaengine.reporting.ready import ReadyReport, Section
    from slaengine.reporting.workbook import ready_workbook

    content = ready_workbook(ReadyReport("t", "s", [Section("a/b", ["x"], [[Cell("=1+1")]], 1, "")]))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["a b"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--template", "dayly"), "did you mean 'daily'"),
        (("--template", "daily", "--by", "team"), "a ready report has its own groups"),
        (("--template", "daily", "--format", "csv"), "--format 'csv' is not known here"),
    ],
)
def test_a_ready_report_that_cannot_be_made_says_why(slaengine, argv, said):
    ran = slaengine("report", *argv)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
