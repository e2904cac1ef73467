"""Whatever is given, the answer is one clear sentence and an exit code, never a traceback; nothing is left half done."""

import gzip
import os
import sqlite3
from pathlib import Path

import pytest
from tests.cli.conftest import ROOT

MAPPING = ROOT / "examples" / "boston311.yaml"
SAMPLE = ROOT / "src" / "slaengine" / "data" / "boston311_2015_jan_jun_sample20k.csv.gz"


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Path:
    """Two thousand real orders."""
    path = tmp_path_factory.mktemp("table") / "boston.csv"
    with gzip.open(SAMPLE, "rb") as whole:
        path.write_bytes(b"".join(whole.readline() for _ in range(2001)))
    return path


def one_sentence(ran, *words: str, code: int) -> None:
    """What every failure has in common."""
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err + ran.out
    lines = [line for line in ran.err.splitlines() if line.strip()]
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("slaengine: ")
    for word in words:
        assert word in lines[0]


def facts_in(store: Path) -> int:
    if not store.exists():
        return 0
    with sqlite3.connect(store) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return connection.execute("SELECT count(*) FROM facts").fetchone()[0] if "facts" in tables else 0


def test_a_mapping_with_a_wrong_column_names_the_nearest(slaengine, tmp_path, table):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MAPPING.read_text().replace("channel: source\n", "channel: sorce\n"))
    ran = slaengine("import", table, "--mapping", wrong, "--store", "sqlite:///o.db")
    one_sentence(ran, "sorce", "source", code=1)
    assert facts_in(tmp_path / "o.db") == 0


def test_a_mapping_with_a_wrong_word_names_line_and_the_nearest(slaengine, tmp_path, table):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MAPPING.read_text().replace("- fact: resolved", "- fact: resolvd"))
    ran = slaengine("import", table, "--mapping", wrong, "--store", "sqlite:///o.db")
    one_sentence(ran, "wrong.yaml", "resolvd", "resolved", code=1)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 50, b"", b"{}"], ids=["picture", "empty", "json"])
def test_a_file_that_is_no_table_is_refused(slaengine, tmp_path, content):
    given = tmp_path / "table.csv"
    given.write_bytes(content)
    one_sentence(slaengine("import", given, "--mapping", MAPPING, "--store", "sqlite:///o.db"), "table.csv", code=1)
    assert facts_in(tmp_path / "o.db") == 0


def test_a_file_that_is_not_there_is_named(slaengine):
    one_sentence(slaengine("import", "nowhere.csv", "--mapping", MAPPING, "--store", "sqlite:///o.db"), "nowhere.csv", code=1)


def test_of_a_truncated_gzip_nothing_is_imported(slaengine, tmp_path, table):
    whole = gzip.compress(table.read_bytes())
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    one_sentence(slaengine("import", cut, "--mapping", MAPPING, "--store", "sqlite:///o.db"), "cut.csv.gz", code=1)
    assert facts_in(tmp_path / "o.db") == 0


def test_a_policy_with_a_typo_names_line_field_and_the_nearest(slaengine, tmp_path):
    slaengine("policy", "new", "--out", "mine.yaml")
    policy = tmp_path / "mine.yaml"
    lines = policy.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.strip().startswith("limit:"))
    policy.write_text("\n".join([*lines[:at], lines[at].replace("limit:", "limt:"), *lines[at + 1 :]]))
    one_sentence(slaengine("policy", "lint", "mine.yaml"), f"mine.yaml:{at + 1}", "limt", "limit", code=1)


def test_a_policy_that_is_not_there_names_those_that_are(slaengine):
    one_sentence(slaengine("policy", "show", "bostn-311"), "bostn-311", "boston-311", code=1)


@pytest.mark.parametrize("url", ["mongodb://there", "sqlite:/orders.db", "orders.db"])
def test_an_unknown_store_url_says_what_one_looks_like(slaengine, url):
    one_sentence(slaengine("report", "--store", url), "sqlite:///", code=2)


def test_a_store_that_is_not_there_is_not_made_by_asking(slaengine, tmp_path):
    one_sentence(slaengine("report", "--store", "sqlite:///nothing.db"), "nothing.db", code=1)
    assert not (tmp_path / "nothing.db").exists()


def test_a_folder_that_cannot_be_written_is_named(slaengine, table):
    one_sentence(slaengine("import", table, "--mapping", MAPPING, "--store", "sqlite:////proc/orders.db"), "/proc", code=1)


@pytest.mark.skipif(os.name != "posix", reason="file size limits are POSIX's")
def test_a_disk_that_fills_leaves_whole_orders_and_says_so(slaengine, tmp_path, table):
    ran = slaengine("import", table, "--mapping", MAPPING, "--store", "sqlite:///o.db", disk_limit=400_000)
    one_sentence(ran, code=1)
    again = slaengine("import", table, "--mapping", MAPPING, "--store", "sqlite:///o.db", "--json")
    undisturbed = slaengine("import", table, "--mapping", MAPPING, "--store", "sqlite:///p.db", "--json")
    assert again.code == undisturbed.code == 0
    assert facts_in(tmp_path / "o.db") == facts_in(tmp_path / "p.db") == undisturbed.json["facts"]


@pytest.mark.parametrize(
    "args",
    [["reprot"], ["report", "--format", "docx", "--store", "memory:"], ["import"], ["orders", "--sotre", "x"]],
    ids=["command", "choice", "nothing", "option"],
)
def test_a_misused_command_leaves_with_2(slaengine, args):
    ran = slaengine(*args)
    assert ran.code == 2
    assert "Traceback" not in ran.err
