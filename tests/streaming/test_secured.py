"""Behind TLS and SASL, on a real broker: who may come in does, who may not is told so, and no secret is ever said."""

from __future__ import annotations

import gc
import logging
import warnings
from collections.abc import Iterator

import pytest
from stream_samples import assert_topic_is_the_log, fill, new_topic, opened

from slaengine.errors import StreamingError
from slaengine.streaming.connect import connect
from slaengine.streaming.publisher import Publisher
from slaengine.testing.kafka_secured import PASSWORD, SecuredKafka

pytestmark = pytest.mark.kafka
CLIENTS = ["kafka", "kafka+confluent"]


@pytest.fixture
def leaving_sockets() -> Iterator[None]:
    """Pass over the sockets that kafka-python leaves open when it is refused: they are closed when they are collected."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredKafka]:
    pytest.importorskip("cryptography")
    try:
        broker = SecuredKafka()
    except StreamingError as error:
        pytest.skip(str(error))
    with broker:
        yield broker


@pytest.mark.parametrize("sasl", [None, "plain", "scram-sha-256", "scram-sha-512"])
@pytest.mark.parametrize("scheme", CLIENTS)
def test_facts_go_through_a_secured_broker_and_come_back(
    scheme: str, sasl: str | None, secured: SecuredKafka, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster, topic = connect(secured.url(scheme, sasl)), new_topic()
    with opened() as log, caplog.at_level(logging.DEBUG):
        fill(log, 5)
        Publisher(log, cluster, "p", topic=topic).run_once()
        assert_topic_is_the_log(cluster, topic, log)
    said = capfd.readouterr()
    assert PASSWORD not in caplog.text + said.out + said.err + repr(cluster)


@pytest.mark.parametrize("sasl", ["plain", "scram-sha-512"])
@pytest.mark.usefixtures("leaving_sockets")
@pytest.mark.parametrize("scheme", CLIENTS)
def test_a_wrong_password_is_refused_and_not_repeated(
    scheme: str, sasl: str, secured: SecuredKafka, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(StreamingError) as refused:
        connect(secured.url(scheme, sasl, "a-wrong-guess")).partitions("any")
    assert "a-wrong-guess" not in str(refused.value) + caplog.text


@pytest.mark.usefixtures("leaving_sockets")
@pytest.mark.parametrize("scheme", CLIENTS)
def test_a_broker_that_an_unknown_authority_vouches_for_is_not_trusted(scheme: str, secured: SecuredKafka) -> None:
    url = secured.url(scheme, "plain").replace(str(secured.ca), str(secured.certificate))
    with pytest.raises(StreamingError):
        connect(url).partitions("any")
