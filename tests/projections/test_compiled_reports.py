"""A report counted with the compiled loops is the one counted without; who asks again and again gets the loops."""

from datetime import timedelta
from threading import enumerate as threads

import pytest
from tests.projections.stores import NEW_YEAR, figures, report, town

from slaengine.projections import counting
from slaengine.storage import kept

QUESTIONS = [{}, {"by": ["type"]}, {"by": ["type.1", "community"], "period": "week"}, {"by": ["person"], "period": "month"}]


@pytest.fixture
def unloaded():
    """No loops are loaded, before and after."""
    counting._LOADED.clear()
    kept._load_loops.cache_clear()
    yield
    counting._LOADED.clear()
    kept._load_loops.cache_clear()


def loading():
    return [thread for thread in threads() if thread.name == "slaengine loads loops"]


@pytest.mark.usefixtures("unloaded")
def test_the_second_question_about_a_large_town_has_the_loops_loaded_and_answers_stay_the_same(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setattr(kept, "LOOPS_CLOCKS_MIN", 20)
    with town("memory:", 36) as told:
        told.tell()
        read = figures(told.log)
        asked = [(NEW_YEAR + timedelta(days=days), question) for days in (3, 400) for question in QUESTIONS]
        first = report(read, *asked[0][:1])
        assert not loading()
        plain = [report(read, as_of, **question) for as_of, question in asked]
        for thread in loading():
            thread.join()
        assert counting.loaded()
        assert [report(read, as_of, **question) for as_of, question in asked] == plain
        assert plain[0] == first


@pytest.mark.usefixtures("unloaded")
def test_a_small_town_is_counted_without_them():
    with town("memory:", 12) as told:
        told.tell()
        for _ in range(3):
            report(figures(told.log), NEW_YEAR + timedelta(days=3))
        assert not loading()
        assert not counting.loaded()


@pytest.mark.usefixtures("unloaded")
def test_without_numba_nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(counting, "find_spec", lambda _: None)
    assert not counting.load()
    assert not counting.loaded()
