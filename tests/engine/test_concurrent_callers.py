"""Many callers on the same orders at once: no command is lost or doubled, and numbers are unique."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Executor, ThreadPoolExecutor

from tests.engine.callers import SHARED, call, send_the_same
from tests.processes import processes

from slaengine.audit.chain import verify
from slaengine.domain.events import Received, Responded
from slaengine.engine import SlaEngine

CALLERS, CALLS = 3, 6


def _check(url: str) -> SlaEngine:
    engine = SlaEngine.open(url)
    assert verify(engine.log.scan()) is None
    return engine


def _call_at_once(pool: Executor, url: str) -> None:
    SlaEngine.open(url).shutdown()
    got = [numbers.result() for numbers in [pool.submit(call, url, caller, CALLS) for caller in range(CALLERS)]]
    distinct = {number for numbers in got for number in numbers}
    assert len(distinct) == CALLERS * CALLS
    with _check(url) as engine:
        kinds = Counter(type(recorded.fact) for shared in SHARED for recorded in engine.facts(shared))
        assert kinds == {Received: len(SHARED), Responded: CALLERS * CALLS}
        assert engine.log.count_orders() == CALLERS * CALLS + len(SHARED)
        assert engine.log.head().position == 2 * CALLERS * CALLS + len(SHARED)


def test_processes_lose_and_double_nothing(shared_store_url: str) -> None:
    with processes(CALLERS) as pool:
        _call_at_once(pool, shared_store_url)


def test_threads_with_engines_of_their_own_lose_and_double_nothing(shared_store_url: str) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        _call_at_once(pool, shared_store_url)


def test_the_same_command_sent_by_many_at_once_is_carried_out_once(shared_store_url: str) -> None:
    SlaEngine.open(shared_store_url).shutdown()
    with ThreadPoolExecutor(4) as pool:
        got = [numbers.result() for numbers in [pool.submit(send_the_same, shared_store_url, 10) for _ in range(4)]]
    assert all(numbers == got[0] for numbers in got)
    with _check(shared_store_url) as engine:
        assert engine.log.head().position == 20


def test_threads_share_one_engine(store_url: str) -> None:
    with SlaEngine.open(store_url) as engine, ThreadPoolExecutor(4) as pool:
        order = engine.receive(kind="repair")
        answers = [pool.submit(engine.respond, order, note=str(number)) for number in range(50)]
        orders = [pool.submit(engine.receive, kind="complaint") for _ in range(25)]
        assert sum(len(answer.result()) for answer in answers) == 50
        assert len({made.result().number for made in orders}) == 25
        assert verify(engine.log.scan()) is None
        assert [fact.version for fact in engine.facts(order)] == list(range(1, 52))
