import sys
from datetime import timedelta
from functools import partial

import pytest
from tests.projections.stores import NEW_YEAR, STANDARD, Afresh, figures, report, town

from slaengine.errors import Overtaken
from slaengine.policies.book import PolicyBook, pack_text
from slaengine.projections.entry import judge_of
from slaengine.storage.catch_up import build_for, catch_up, found_for
from slaengine.storage.first_build import FirstBuild
from slaengine.storage.read_models import ReadModels, hold
from slaengine.storage.verifying import verify

BESIDE = "from slaengine.storage import beside, making, tiles; making.TILE_ORDERS = tiles.TILE_ORDERS = 4; beside.main()"
LATER = NEW_YEAR + timedelta(days=400)
QUESTIONS = [{}, {"by": ["type"]}, {"by": ["type.1", "community"], "period": "week"}, {"by": ["person"], "period": "month"}]


def test_batches_of_any_size_lead_to_the_same_figures(store_url):
    with town(store_url, 36) as told:
        reports = []
        for batch in (7, 200):
            told.tell(told.count // 2)
            reports.append([report(figures(told.log, batch=batch), told.now, **asked) for asked in QUESTIONS])
        told.tell()
        whole = [report(figures(told.log, kind=Afresh), LATER, **asked) for asked in QUESTIONS]
        assert [report(figures(told.log), LATER, **asked) for asked in QUESTIONS] == whole
        assert reports[0][0].closure[0].received < whole[0].closure[0].received == 36


def test_a_question_about_the_past_is_answered_as_if_every_order_were_judged_for_it():
    with town("memory:", 40) as told:
        told.tell()
        quick, slow = figures(told.log), figures(told.log, kind=Afresh)
        for hours in (1, 60, 200, 24 * 40, 60, 24 * 41):
            as_of = NEW_YEAR + timedelta(hours=hours)
            for known_at in (None, as_of, as_of + timedelta(hours=30)):
                for asked in QUESTIONS:
                    assert report(quick, as_of, known_at, **asked) == report(slow, as_of, known_at, **asked)


def test_what_was_judged_for_a_past_instant_holds_until_an_order_changes():
    as_of = NEW_YEAR + timedelta(hours=60)
    with town("memory:", 40) as told:
        for _ in range(4):
            told.tell(told.count // 4)
            for known_at in (None, as_of, as_of, None):
                for asked in QUESTIONS:
                    said = report(figures(told.log), as_of, known_at, **asked)
                    assert said == report(figures(told.log, kind=Afresh), as_of, known_at, **asked)


def test_many_orders_of_the_past_are_judged_with_the_compiled_kernel_alike(monkeypatch):
    pytest.importorskip("numba")
    as_of = NEW_YEAR + timedelta(hours=60)
    with town("memory:", 40) as told:
        told.tell()
        plain = [report(figures(told.log), as_of, known_at, by=["type"]) for known_at in (None, as_of)]
    monkeypatch.setattr("slaengine.storage.figures.LOADED_ORDERS_MIN", 1)
    monkeypatch.setattr("slaengine.storage.figures.compiled_before", lambda: True)
    with town("memory:", 40) as told:
        told.tell()
        assert [report(figures(told.log), as_of, known_at, by=["type"]) for known_at in (None, as_of)] == plain


def test_what_was_known_then_is_what_a_report_said_then():
    with town("memory:", 36) as told:
        said = []
        for _ in range(4):
            told.tell(told.count // 4)
            said.append((told.now, report(figures(told.log), told.now, by=["kind"])))
        told.tell()
        now = figures(told.log)
        for then, before in said:
            again = report(now, then, then, by=["kind"])
            assert (again.rows, again.closure) == (before.rows, before.closure)


def test_a_catch_up_that_breaks_off_goes_on_where_it_stood(shared_store_url):
    class Broken(Exception):
        pass

    def breaks(_: int) -> None:
        raise Broken

    with town(shared_store_url, 24) as told:
        told.tell(20)
        models = ReadModels(told.log.database)
        catch_up(told.log, models, STANDARD)
        told.tell()
        for _ in range(3):
            with pytest.raises(Broken):
                catch_up(told.log, models, STANDARD, batch=50, progress=breaks)
        assert report(figures(told.log), LATER) == report(figures(told.log, kind=Afresh), LATER)


def test_a_first_build_that_breaks_off_goes_on_where_it_stood(shared_store_url, monkeypatch):
    class Broken(Exception):
        pass

    def breaks(_: int) -> None:
        raise Broken

    for module in ("first_build", "making", "tiles"):
        monkeypatch.setattr(f"slaengine.storage.{module}.TILE_ORDERS", 8)
    with town(shared_store_url, 24) as told:
        told.tell(told.count // 2)
        models = ReadModels(told.log.database)
        with pytest.raises(Broken):
            catch_up(told.log, models, STANDARD, progress=breaks)
        told.tell()
        with pytest.raises(Broken):
            catch_up(told.log, models, STANDARD, progress=breaks)
        assert report(figures(told.log), LATER) == report(figures(told.log, kind=Afresh), LATER)


def test_a_second_process_makes_the_same_of_the_facts(shared_store_url, monkeypatch):
    monkeypatch.setattr("slaengine.storage.first_build.BESIDE_FACTS_MIN", 1)
    for module in ("first_build", "making", "tiles", "verifying", "verifying_tiles"):
        monkeypatch.setattr(f"slaengine.storage.{module}.TILE_ORDERS", 4)
    monkeypatch.setattr("slaengine.storage.beside.COMMAND", (sys.executable, "-c", BESIDE))
    with town(shared_store_url, 40) as told:
        told.tell()
        read = figures(told.log)
        assert report(read, LATER) == report(figures(told.log, kind=Afresh), LATER)
        assert verify(told.log, STANDARD).differences == []


@pytest.mark.parametrize("command", [("/no/such/program",), (sys.executable, "-c", "pass"), (sys.executable, "-c", "1 / 0")])
def test_without_the_second_process_the_first_does_it_alone(monkeypatch, command):
    monkeypatch.setattr("slaengine.storage.first_build.BESIDE_FACTS_MIN", 1)
    monkeypatch.setattr("slaengine.storage.beside.COMMAND", command)
    with town("memory:", 20) as told:
        told.tell()
        assert report(figures(told.log), LATER) == report(figures(told.log, kind=Afresh), LATER)


def test_of_two_workers_on_one_build_the_slower_changes_nothing(shared_store_url):
    with town(shared_store_url, 24) as told:
        told.tell()
        models = ReadModels(told.log.database)

        def overtake(_: int) -> None:
            catch_up(told.log, models, STANDARD)

        with pytest.raises(Overtaken, match="another worker"):
            catch_up(told.log, models, STANDARD, batch=50, progress=overtake)
        assert report(figures(told.log), LATER) == report(figures(told.log, kind=Afresh), LATER)


def test_other_texts_of_the_policy_are_built_beside_and_swapped_in_when_whole(shared_store_url):
    stricter = PolicyBook.parse(pack_text("service-standard").replace("limit: 24 h", "limit: 1 min"), "stricter")
    with town(shared_store_url, 24) as told:
        told.tell()
        models = ReadModels(told.log.database)
        before = report(figures(told.log), LATER)

        def look(_: int) -> None:
            with told.log.database.reading() as connection:
                states = {build.state: build.tables.number for build in models.builds(connection, "service-standard")}
            assert states == {"live": 1, "building": 2}

        catch_up(told.log, models, stricter, batch=50, progress=look)
        after = report(figures(told.log, stricter), LATER)
        assert after.rows != before.rows
        assert after == report(figures(told.log, stricter, kind=Afresh), LATER)
        assert report(figures(told.log), LATER) == before


def test_who_is_at_a_build_that_others_dropped_changes_nothing_of_theirs(shared_store_url):
    stricter = PolicyBook.parse(pack_text("service-standard").replace("limit: 24 h", "limit: 1 min"), "stricter")
    with town(shared_store_url, 24) as told:
        told.tell()
        models, database = ReadModels(told.log.database), told.log.database
        dropped = build_for(models, STANDARD)
        beside = build_for(models, stricter)
        assert (dropped.tables.number, beside.tables.number, found_for(models, STANDARD)) == (1, 2, None)
        for change in (
            partial(models.advance, build=dropped, position=1),
            partial(models.swap_in, build=dropped),
            partial(models.retire, build=dropped),
            partial(hold, build=dropped),
        ):
            with pytest.raises(Overtaken), database.writing() as connection:
                change(connection)
        with pytest.raises(Overtaken):
            FirstBuild(told.log, models, dropped, judge_of(STANDARD)).run(lambda _: None)
        assert found_for(models, stricter) == beside
        catch_up(told.log, models, stricter)
        assert report(figures(told.log, stricter), LATER) == report(figures(told.log, stricter, kind=Afresh), LATER)


def test_a_build_that_is_dropped_while_it_is_made_leaves_the_other_one_right(shared_store_url):
    stricter = PolicyBook.parse(pack_text("service-standard").replace("limit: 24 h", "limit: 1 min"), "stricter")
    with town(shared_store_url, 24) as told:
        told.tell()
        models = ReadModels(told.log.database)

        def drop(_: int) -> None:
            build_for(models, stricter)

        with pytest.raises(Overtaken, match="another worker"):
            catch_up(told.log, models, STANDARD, batch=50, progress=drop)
        catch_up(told.log, models, stricter)
        assert report(figures(told.log, stricter), LATER) == report(figures(told.log, stricter, kind=Afresh), LATER)


def test_a_read_model_of_another_schema_is_built_anew_and_never_read(monkeypatch):
    with town("memory:", 20) as told:
        told.tell()
        figures(told.log)
        monkeypatch.setattr("slaengine.storage.read_models.SCHEMA", 99)
        assert figures(told.log).tables.number == 2


def test_personal_data_does_not_reach_the_read_models(tmp_path):
    from slaengine import SlaEngine

    path = tmp_path / "orders.db"
    with SlaEngine.open(f"sqlite:///{path}", policy="service-standard") as engine:
        order = engine.receive(
            kind="repair", place={"room": "Wanda-501"}, reporter={"name": "Wanda Li"}, description="Wanda's tap", number="R-1"
        )
        engine.respond(order, note="told Wanda")
        engine.correct(order, version=1, field="reporter.name", text="Wanda Lee")
        engine.report()
        with engine.log.database.reading() as connection:
            names = "SELECT name FROM sqlite_master WHERE name LIKE 'rm%' AND type = 'table'"
            tables = [name for (name,) in connection.exec_driver_sql(names)]
            rows = [row for table in tables for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all()]
    assert rows
    assert "Wanda" not in repr(rows)
