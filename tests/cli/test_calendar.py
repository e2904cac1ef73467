"""`slaengine calendar due|elapsed`: what it prints, and how it leaves."""

from __future__ import annotations

import json

import pytest

from slaengine.cli import run

OFFICE = """
tz: Asia/Shanghai
weekly:
  mon: [["09:00", "12:00"], [13:30, 18:00]]
  tue: [["09:00", "12:00"], [13:30, 18:00]]
holidays: china
"""


@pytest.fixture
def office(tmp_path):
    path = tmp_path / "office.yaml"
    path.write_text(OFFICE, encoding="utf-8")
    return str(path)


@pytest.fixture
def slaengine(capsys):
    """Run a command line; return its exit code, stdout and stderr."""

    def command(*argv):
        with pytest.raises(SystemExit) as left:
            run(list(argv))
        return left.value.code, *capsys.readouterr()

    return command


@pytest.mark.parametrize(
    ("limit", "options", "due"),
    [
        ("8 h", [], "2026-01-06T09:00:00+00:00"),
        ("90 min", [], "2026-01-05T10:00:00+00:00"),
        ("90 min", ["--boundary", "next"], "2026-01-06T01:00:00+00:00"),
        ("1 wd", [], "2026-01-06T10:00:00+00:00"),
        ("1 wd", ["--rule", "end_of_date"], "2026-01-06T16:00:00+00:00"),
        ("2 cd", [], "2026-01-07T08:30:00+00:00"),
    ],
)
def test_due_answers_each_form_of_limit(slaengine, office, limit, options, due):
    code, out, _ = slaengine("calendar", "due", office, "2026-01-05T16:30", limit, "--json", *options)
    assert code == 0
    assert json.loads(out)["due_at"] == due


def test_due_shows_the_calendars_wall_clock(slaengine, office):
    code, out, _ = slaengine("calendar", "due", office, "2026-01-05T08:30:00Z", "8 h")
    assert (code, out) == (0, "Tue 2026-01-06 17:00:00 +0800 Asia/Shanghai\n")


def test_elapsed_lists_the_segments_that_add_up(slaengine, office):
    code, out, _ = slaengine("calendar", "elapsed", office, "2026-01-05T16:30", "2026-01-06T10:00", "--segments")
    assert code == 0
    assert out.splitlines() == [
        "Mon 2026-01-05 16:30:00 +0800 Asia/Shanghai to Mon 2026-01-05 18:00:00 +0800 Asia/Shanghai  1:30:00",
        "Tue 2026-01-06 09:00:00 +0800 Asia/Shanghai to Tue 2026-01-06 10:00:00 +0800 Asia/Shanghai  1:00:00",
        "2 h 30 min 0 s",
    ]


def test_elapsed_is_negative_backwards(slaengine, office):
    code, out, _ = slaengine("calendar", "elapsed", office, "2026-01-06T10:00", "2026-01-05T16:30", "--json")
    assert code == 0
    assert json.loads(out)["seconds"] == -9000


def test_a_packs_calendar_and_the_always_open_one_can_be_asked(slaengine):
    _, out, _ = slaengine("calendar", "elapsed", "boston-311:business", "2015-07-06T16:00", "2015-07-07T09:00")
    assert out == "1 h 30 min 0 s\n"
    _, out, _ = slaengine("calendar", "elapsed", "always", "2015-07-06T16:00", "2015-07-07T09:00")
    assert out == "17 h 0 min 0 s\n"


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["due", "none.yaml", "2026-01-05", "8 h"], 2, "cannot read a calendar from 'none.yaml'"),
        (["due", "boston-311:busines", "2026-01-05", "8 h"], 2, "did you mean 'business'"),
        (["due", "always", "monday", "8 h"], 2, "START 'monday' is not an instant"),
        (["due", "always", "2026-01-05", "soon"], 2, "'soon' is not a limit"),
        (["due", "always", "2026-01-05", "given"], 2, "a calendar alone"),
        (["due", "always", "2026-01-05", "9999999 d"], 1, "years 1 to 9999"),
        (["elapsed", "always", "2026-01-05", "x"], 2, "END 'x' is not an instant"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_sentence(slaengine, argv, code, words):
    left, out, err = slaengine("calendar", *argv)
    assert (left, out) == (code, "")
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_a_bad_calendar_file_is_named_with_line_and_column(slaengine, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text('tz: UTC\nweekly:\n  mon: [["9:00", "17:00"]]\n', encoding="utf-8")
    code, _, err = slaengine("calendar", "due", str(path), "2026-01-05", "8 h")
    assert code == 1
    assert "bad.yaml:3:10: " in err
    assert "weekly.mon[0][0]: '9:00' is not a time of day" in " ".join(err.split())
