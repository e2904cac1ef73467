"""The pages about the stream say what is so: their code runs, and readers that have nothing of ours can read the topic."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from stream_samples import fill, new_topic, opened

from slaengine.domain import events
from slaengine.domain.codec import decode
from slaengine.storage.log import FactLog
from slaengine.streaming import limits
from slaengine.streaming.connect import connect
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.settings import OPTIONS
from slaengine.testing.kafka import RunningKafka

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["how-to/run-on-kafka.md", "how-to/consume-in-another-language.md"])
def test_the_code_of_a_page_runs(page: str) -> None:
    with opened() as log:
        fill(log, 10)
        Publisher(log, connect("memory:example"), "p").run_once()
        code = "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), flags=re.DOTALL))
        assert "slaengine.streaming" in code
        exec(compile(code, page, "exec"), {})  # noqa: S102 (our own page)


def test_the_reference_names_every_option_of_the_url() -> None:
    text = (ROOT / "docs/reference/stream.md").read_text()
    assert [option for option in OPTIONS if f"{option}=" not in text] == []


def test_every_limit_gives_its_reason() -> None:
    lines = Path(limits.__file__).read_text().split("\n\n")
    assert all('"""' in block for block in lines if block.strip())


@pytest.fixture(scope="module")
def published(kafka: RunningKafka) -> tuple[str, str, list[tuple[str, dict[str, object]]]]:
    """A topic with facts, and what is in the log: type and body."""
    topic = new_topic()
    with opened() as log:
        fill(log, 30)
        Publisher(log, connect(f"{kafka.bootstrap}?replicas=1"), "p", topic=topic).run_once()
        facts = [(fact.topic, json.loads(fact.state)) for fact in log.scan()]
    return kafka.bootstrap, topic, facts


@pytest.mark.kafka
def test_kcat_sees_valid_cloud_events(published: tuple[str, str, list[tuple[str, dict[str, object]]]]) -> None:
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed (apt-get install kcat)")
    broker, topic, facts = published
    call = ["kcat", "-b", broker, "-t", topic, "-C", "-e", "-q", "-J"]
    lines = subprocess.run(call, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    headers = [dict(zip(each["headers"][::2], each["headers"][1::2], strict=True)) for each in found]
    assert len(found) == len(facts)
    assert Counter(h["ce_type"] for h in headers) == Counter(f"slaengine.{kind}" for kind, _ in facts)
    required = {"ce_specversion", "ce_id", "ce_type", "ce_source"}
    assert all(required <= h.keys() and h["ce_specversion"] == "1.0" for h in headers)
    assert len({h["ce_id"] for h in headers}) == len(facts)
    assert all(isinstance(json.loads(each["payload"]), dict) for each in found)


@pytest.mark.kafka
def test_a_consumer_with_nothing_of_ours_counts_what_the_log_says(
    published: tuple[str, str, list[tuple[str, dict[str, object]]]],
) -> None:
    pytest.importorskip("confluent_kafka")
    broker, topic, _ = published
    script = ROOT / "examples/stream/consume.py"
    said = subprocess.run([sys.executable, script, broker, topic], check=True, capture_output=True, text=True, timeout=120).stdout
    with opened() as log:
        fill(log, 30)
        expected = open_by_community(log)
    assert said == "".join(f"{count:6} {name}\n" for name, count in sorted(expected.items()))


def open_by_community(log: FactLog) -> Counter[str]:
    community, is_open = {}, {}
    for stored in log.scan():
        match decode(stored.topic, stored.state):
            case events.Received(place=place):
                community[stored.order_id], is_open[stored.order_id] = place.community or "not known", True
            case events.Reopened():
                is_open[stored.order_id] = True
            case events.Resolved() | events.Closed() | events.Cancelled() | events.Merged():
                is_open[stored.order_id] = False
    return Counter(community[order] for order, so in is_open.items() if so)
