from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from stream_samples import until

from slaengine.errors import StreamingError
from slaengine.testing import kafka_jars
from slaengine.testing.kafka import RunningKafka
from slaengine.testing.kafka_apache import known_brokers


@pytest.mark.kafka
def test_an_acknowledged_record_outlives_the_death_of_the_broker(kafka: RunningKafka) -> None:
    if kafka.cluster is None:
        pytest.skip(kafka.describe())
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics({"survivors": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, enable_idempotence=True)
    for number in range(100):
        producer.send("survivors", str(number).encode()).get(10)
    kafka.cluster.kill()
    producer.close(timeout=1)
    kafka.cluster.start(1)
    assert known_brokers(kafka.cluster.port(1)) == 1
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False)
    partition = TopicPartition("survivors", 0)
    assert consumer.end_offsets([partition]) == {partition: 100}
    consumer.close()


@pytest.mark.kafka
@pytest.mark.parametrize("when", ["it starts", "it is up"])
def test_a_launcher_that_is_told_to_end_takes_its_broker_with_it(when: str, kafka: RunningKafka, tmp_path: Path) -> None:
    if kafka.cluster is None:
        pytest.skip(kafka.describe())
    call = [sys.executable, "-m", "slaengine.testing.kafka"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        if when == "it is up":
            assert launcher.stdout.readline().startswith("127.0.0.1:")
        else:
            until(lambda: brokers_in(tmp_path))
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(40) == 0
    assert not brokers_in(tmp_path)
    assert not list(tmp_path.iterdir())


def brokers_in(folder: Path) -> list[str]:
    """Return the ids of the processes that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").resolve().is_relative_to(folder):
                found.append(process.name)
    return found


def test_a_broker_names_what_it_cannot_prove() -> None:
    assert "cannot prove" not in RunningKafka("apache", "127.0.0.1:1").describe()
    wheel = RunningKafka("wheel", "127.0.0.1:1").describe()
    assert wheel.endswith("cannot prove: fails_over, notices_dead_consumer, survives_kill")


def test_without_maven_the_missing_jars_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StreamingError, match="needs Maven"):
        kafka_jars.jars(tmp_path)


def test_a_fetch_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho 'no route to the repository'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{maven.parent}:/usr/bin:/bin")
    with pytest.raises(StreamingError, match="no route to the repository"):
        kafka_jars.jars(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kafka.lock"]


def test_an_old_java_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(StreamingError, match="Java 17 or later"):
        kafka_jars.java()
