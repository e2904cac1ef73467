from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from stream_samples import fill, opened

from slaengine.cli import run
from slaengine.policies.book import pack_text
from slaengine.storage.database import Database
from slaengine.streaming.connect import connect
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.tables import held
from slaengine.testing.kafka import RunningKafka

FACTS = "slaengine.work-orders"
Ask = Callable[..., Any]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run a command line; return its exit code, and what it prints as JSON if it does."""

    def asked(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run(list(arguments))
        out, err = capsys.readouterr()
        return int(left.value.code or 0), json.loads(out) if out.strip().startswith(("{", "[")) else err

    return asked


@pytest.fixture
def cluster() -> str:
    return f"memory:{uuid.uuid4()}"


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    with opened(url) as log:
        fill(log, 12)
    return url


@pytest.fixture
def figures(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'figures.db'}"


def test_from_store_to_kafka_to_figures(ask: Ask, cluster: str, store: str, figures: str) -> None:
    code, published = ask("publish", "--store", store, "--kafka", cluster, "--once", "--json")
    assert (code, published["lag"], published["published"] > 50) == (0, 0, True)
    project = ("project", "--kafka", cluster, "--store", figures, "--policy", "service-standard", "--once", "--json")
    code, projected = ask(*project)
    assert (code, projected["handled"], projected["lag"]) == (0, published["published"], 0)
    report = ("report", "--policy", "service-standard", "--as-of", "2027-01-05", "--json", "--store")
    assert ask(*report, figures)[1]["rows"] == ask(*report, store)[1]["rows"]


def test_dead_letters_are_listed_shown_retried_and_skipped(ask: Ask, cluster: str, store: str, figures: str) -> None:
    ask("publish", "--store", store, "--kafka", cluster, "--once")
    number = spoil(connect(cluster))
    policy = ("--store", figures, "--policy", "service-standard")
    _, projected = ask("project", "--kafka", cluster, *policy, "--once", "--json")
    assert projected["failed"] == 1
    code, listed = ask("dead-letters", "list", "--store", figures, "--json")
    assert (code, listed[0]["number"], listed[0]["version"], listed[0]["why"]) == (0, number, 2, "failed")
    assert "body" not in listed[0]
    code, shown = ask("dead-letters", "show", number, "--store", figures, "--json")
    assert (code, shown[0]["body"]) == (0, '{"spoilt":true}')
    assert ask("dead-letters", "retry", number, *policy, "--json")[0] == 1
    code, skipped = ask("dead-letters", "skip", number, "--store", figures, "--json")
    assert (code, skipped["held"]) == (0, 0)
    assert ask("dead-letters", "list", "--store", figures, "--json") == (0, [])
    code, said = ask("dead-letters", "skip", number, *policy)
    assert (code, "nothing of work order" in said) == (2, True)


def test_the_policy_that_dead_letters_are_worked_off_by_is_the_read_models_own(
    ask: Ask, cluster: str, store: str, figures: str, tmp_path: Path
) -> None:
    retry = ("dead-letters", "retry", "--store", figures)
    ask("publish", "--store", store, "--kafka", cluster, "--once")
    spoil(connect(cluster))
    ask("project", "--kafka", cluster, "--store", figures, "--policy", "service-standard", "--once")
    assert ask(*retry, "--json")[1]["held"] > 0
    other = tmp_path / "mine.yaml"
    other.write_text(pack_text("boston-311").replace("boston-311", "mine"))
    ask("project", "--kafka", cluster, "--store", figures, "--policy", str(other), "--once")
    code, said = ask(*retry)
    assert (code, "which policy? several read models hold something back" in said) == (2, True)
    assert ask("dead-letters", "retry", "--store", figures, "--policy", str(other), "--json")[1]["held"] > 0
    with closing(Database.open(figures)) as database, database.writing() as connection:
        connection.execute(delete(held).where(held.c.view.contains("service-standard")))
    code, said = ask(*retry)
    assert (code, "by a policy 'mine', which is no shipped pack" in said) == (2, True)
    other.write_text(other.read_text().replace("limit: given", "limit: 1 h"))
    code, said = ask(*retry, "--policy", str(other))
    assert (code, "no read models are by these texts of 'mine'" in said) == (2, True)
    with closing(Database.open(figures)) as database, database.writing() as connection:
        connection.execute(delete(held))
    code, said = ask(*retry)
    assert (code, "no read models hold anything back" in said) == (2, True)


def spoil(cluster: Any) -> str:
    """Make the second fact of one order something else, and return the order's number."""
    assert isinstance(cluster, MemoryKafka)
    for log in cluster.logs.values():
        for place, record in enumerate(log):
            headers = dict(record.headers)
            if headers["ce_version"] == b"2":
                log[place] = record._replace(value=b'{"spoilt":true}')
                return headers["ce_subject"].decode()
    raise AssertionError("no second fact")


def test_commands_are_taken_in(ask: Ask, cluster: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert ask("ingest", "--store", url, "--kafka", cluster, "--once", "--json") == (0, {"commands": 0})


def test_the_watch_says_each_thing_once(ask: Ask, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    watch = ("watch", "--store", store, "--policy", "service-standard", "--once", "--json")
    with pytest.raises(SystemExit):
        run(list(watch))
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["saying"] for each in said} >= {"clock_started", "clock_met", "clock_breached"}
    assert ask(*watch)[1] == "0 verdicts said\n"


@pytest.mark.parametrize("what", ["events", "asyncapi"])
def test_the_contract_is_json(ask: Ask, what: str) -> None:
    assert ask("schema", what)[0] == 0
    assert ask("schema", what, "--json") == ask("schema", what)


def test_what_cannot_be_is_one_sentence(ask: Ask, cluster: str, store: str) -> None:
    assert ask("publish", "--store", "sqlite:////nowhere/x.db", "--kafka", cluster, "--once")[0] == 1
    code, said = ask("publish", "--store", store, "--kafka", "localhost", "--once")
    assert (code, said.startswith("slaengine: 'localhost' is not a HOST:PORT")) == (2, True)


@pytest.mark.kafka
def test_a_signal_stops_publishing_in_order(kafka: RunningKafka, store: str) -> None:
    topic = f"facts-{uuid.uuid4()}"
    call = [sys.executable, "-m", "slaengine", "publish", "--store", store, "--kafka", f"{kafka.bootstrap}?replicas=1"]
    process = subprocess.Popen([*call, "--topic", topic, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    cluster = connect(f"{kafka.bootstrap}?replicas=1")
    end = time.monotonic() + 60
    while not cluster.partitions(topic):
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(1)
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["position"] > 0


@pytest.mark.kafka
@pytest.mark.parametrize("scheme", ["kafka", "kafka+confluent"])
def test_a_history_from_a_real_topic_replays_as_the_store_does(
    ask: Ask, kafka: RunningKafka, scheme: str, store: str, tmp_path: Path
) -> None:
    url, topic = f"{scheme}://{kafka.bootstrap}?replicas=1", f"facts-{uuid.uuid4()}"
    stream = ("--kafka", url, "--topic", topic)
    _, published = ask("publish", "--store", store, *stream, "--once", "--json")
    code, exported = ask("audit", "export", *stream, "--out", str(tmp_path / "h"), "--json")
    assert (code, exported["position"]) == (0, published["published"])
    asked = ("--policy", "service-standard", "--as-of", "2027-01-05", "--period", "month", "--by", "type", "--json")
    code, straight = ask("audit", "replay", "--store", store, *asked)
    assert code == 0
    assert len(straight["rows"]) > 10
    for source in (("--history", str(tmp_path / "h")), stream):
        assert ask("audit", "replay", *source, *asked) == (0, straight)
    code, compared = ask("audit", "export", "--store", store, *stream, "--out", str(tmp_path / "both"), "--json")
    assert (code, compared["compared"]["same"], compared["compared"]["unlike"]) == (0, published["published"], [])
