from __future__ import annotations

import pytest
from tests.importing.given import DONE, city

from slaengine.errors import ImportingError
from slaengine.importing import Importer


def test_no_rejects_no_file(store):
    result = store.rows(city(), DONE)
    assert (result.rejects_file, store.rejects_file.exists()) == (None, False)


def test_personal_values_are_not_shown(store):
    store.rows(city(), {**DONE, "note": "Mrs Li, flat 7 " * 1000})
    assert [(r["column"], r["value"]) for r in store.rejects()] == [("note", "(personal)")]
    assert "Li" not in store.rejects_file.read_text(encoding="utf-8")


def test_a_cell_that_a_spreadsheet_would_run_is_quoted(store):
    store.rows(city(), {**DONE, "ontime": "=HYPERLINK(1)"})
    assert store.rejects()[0]["value"] == "'=HYPERLINK(1)"


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_imported(store, tmp_path):
    with pytest.raises(ImportingError, match=r"cannot write .*, where rejected rows would go; name another place with --rejects"):
        Importer(store.engine, city(), rejects=tmp_path / "none" / "rejects.csv")


def test_a_number_that_another_order_has_rejects_the_row(store):
    store.engine.receive(kind="repair", number="1")
    store.rows(city(), DONE)
    assert store.rejects()[0]["reason"].startswith("number '1' belongs to another work order")
