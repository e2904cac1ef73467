"""The columnar history: every fact once, nothing personal, whole again after any interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from town_logs import TownLog, arrivals, town_log
from town_logs import moments_of as cases

from slaengine.audit.history import History
from slaengine.audit.history_schema import FORMAT, moments_of, schema
from slaengine.errors import AuditError
from slaengine.policies.moment import Moment
from slaengine.storage.log import NewFact

FACTS = arrivals(300, seed=4)


@pytest.fixture(scope="module")
def log():
    with town_log() as filled:
        filled.take(FACTS)
        yield filled


def told(history: History) -> dict[int, list[Moment]]:
    found: dict[int, list[Moment]] = {}
    for bucket in history.buckets():
        for order, moments in moments_of(history.read(bucket)):
            assert order not in found
            found[order] = sorted(moments, key=lambda moment: moment.version)
    return found


def test_a_history_tells_every_order_as_the_log_does(log: TownLog, tmp_path: Path):
    history = History(tmp_path, create=True)
    assert history.extend(log) == len(FACTS)
    assert told(history) == cases(log)
    assert [(stamp.position, stamp.hash) for stamp in history.stamps()] == [(fact.position, fact.hash) for fact in log.scan()]


@pytest.mark.parametrize("step", [97, 1000])
def test_a_history_grown_in_steps_tells_the_same(log: TownLog, tmp_path: Path, step: int):
    history = History(tmp_path, create=True)
    history.extend(log, step=step)
    assert len(history.manifest.parts) > len(FACTS) // step
    assert told(History(tmp_path)) == cases(log)
    assert [(stamp.position, stamp.hash) for stamp in history.stamps()] == [(fact.position, fact.hash) for fact in log.scan()]


def test_a_history_takes_up_what_was_recorded_since(tmp_path: Path):
    with town_log() as growing:
        for count in (100, 100, 700, len(FACTS)):
            done = growing.head().position
            growing.take(FACTS[done:count])
            history = History(tmp_path, create=True)
            assert history.extend(growing) == count - done
            assert told(history) == cases(growing)


class Stop(Exception):
    pass


def stopping_after(calls: int) -> Callable[[int], None]:
    left = [calls]

    def progress(_: int) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise Stop

    return progress


def test_an_export_that_is_cut_short_anywhere_goes_on_and_ends_the_same(log: TownLog, tmp_path: Path):
    for calls in range(1, 12, 3):
        folder = tmp_path / str(calls)
        with pytest.raises(Stop):
            History(folder, create=True).extend(log, step=150, progress=stopping_after(calls))
        assert History(folder, create=True).extend(log, step=150) > 0
        assert told(History(folder)) == cases(log)
    stray = tmp_path / "1" / "month=2026-01" / "stray.parquet"
    stray.write_bytes(b"left over")
    assert told(History(tmp_path / "1")) == cases(log)


def test_parts_stand_by_month_of_recording_and_other_tools_read_them(log: TownLog, tmp_path: Path):
    History(tmp_path, create=True).extend(log)
    question = 'SELECT month, count(*) AS n, count(DISTINCT "order") FROM read_parquet(?) GROUP BY month ORDER BY month'
    found = duckdb.execute(question, [f"{tmp_path}/**/*.parquet"]).fetchall()
    assert [row[0] for row in found] == ["2026-01", "2026-02"]
    assert sum(row[1] for row in found) == len(FACTS)


def test_nothing_personal_stands_in_a_history(tmp_path: Path):
    from slaengine.testing import examples

    with town_log() as little:
        state = examples.FACTS
        facts = [NewFact(examples.ORDER_ID, v, fact.TOPIC, _json(fact)) for v, fact in enumerate(state.values(), 1)]
        little.take([(FACTS[0][0], fact) for fact in facts])
        history = History(tmp_path, create=True)
        history.extend(little)
        assert told(history) == cases(little)
    content = b"".join(file.read_bytes() for file in tmp_path.rglob("*.parquet"))
    rows = json.dumps(
        pq.read_table(next(tmp_path.rglob("*.parquet"))).drop_columns(["hash", "order_id"]).to_pylist(), default=str
    )
    received = state[next(kind for kind in state if kind.NAME == "received")]
    assert received.reporter.name
    assert received.reporter.name not in rows
    assert received.reporter.name.encode() not in content


def _json(fact: object) -> bytes:
    from slaengine.domain.codec import encode

    return encode(fact)


def test_the_columns_are_the_ones_promised(log: TownLog, tmp_path: Path):
    History(tmp_path, create=True).extend(log)
    found = pq.read_schema(next(tmp_path.rglob("*.parquet")))
    assert found.names == schema().names
    assert found.metadata[b"slaengine"] == FORMAT.encode()


def test_a_broken_chain_is_not_exported_and_what_was_before_it_stays(tmp_path: Path):
    with town_log() as hurt:
        hurt.take(FACTS[:400])
        with hurt.database.writing() as connection:
            connection.exec_driver_sql("DROP TRIGGER facts_never_update")
            connection.exec_driver_sql("UPDATE facts SET state = '{}' WHERE position = 250")
        history = History(tmp_path, create=True)
        with pytest.raises(AuditError, match="position 250"):
            history.extend(hurt, step=100)
        assert History(tmp_path).manifest.position == 200


def test_another_log_or_a_shorter_one_is_not_taken_for_the_same(log: TownLog, tmp_path: Path):
    history = History(tmp_path, create=True)
    history.extend(log)
    for other in (arrivals(300, seed=5), FACTS[:50]):
        with town_log() as wrong:
            wrong.take(other)
            with pytest.raises(AuditError, match="does not go on"):
                history.extend(wrong)


def test_a_missing_exchanged_or_damaged_part_is_named(log: TownLog, tmp_path: Path):
    history = History(tmp_path, create=True)
    history.extend(log)
    first, second = (tmp_path / part.path for part in history.manifest.parts[:2])
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(AuditError, match="exchanged"):
        history.read(0)
    first.write_bytes(kept[:-40])
    with pytest.raises(AuditError, match="damaged"):
        history.read(0)
    first.unlink()
    with pytest.raises(AuditError, match="lacks"):
        history.read(0)


def test_a_folder_without_a_history_or_with_a_later_one_is_refused(tmp_path: Path):
    with pytest.raises(AuditError, match="audit export"):
        History(tmp_path)
    (tmp_path / "history.json").write_text('{"format": "slaengine-history/2"}')
    with pytest.raises(AuditError, match="history/2"):
        History(tmp_path)
    (tmp_path / "history.json").write_text("junk")
    with pytest.raises(AuditError, match="not a history"):
        History(tmp_path)
