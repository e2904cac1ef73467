from __future__ import annotations

from contextlib import closing

import pytest
from kafka import KafkaConsumer, KafkaProducer

from slaengine.errors import UsageError
from slaengine.streaming import kafka_python
from slaengine.streaming.settings import KafkaSettings, parse

SECRET = "geheim:@/"  # noqa: S105 (made up)


def test_a_bare_address_is_enough() -> None:
    assert parse("one:9092,two:9093", {}) == KafkaSettings(("one:9092", "two:9093"))


def test_a_url_says_client_security_and_topic_settings() -> None:
    url = "kafka+confluent://u%40x:geheim%3A%40%2F@one:9092?tls=true&ca=/ca.pem&sasl=scram-sha-512&compression=zstd&partitions=12&replicas=3"
    found = parse(url, {})
    assert (found.client, found.protocol, found.sasl, found.username) == ("confluent", "SASL_SSL", "scram-sha-512", "u@x")
    assert (found.password, found.ca, found.compression, found.partitions, found.replicas) == (SECRET, "/ca.pem", "zstd", 12, 3)


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    environ = {"SLAENGINE_KAFKA_USERNAME": "u", "SLAENGINE_KAFKA_PASSWORD": SECRET, "SLAENGINE_KAFKA_CA": "/ca.pem"}
    found = parse("kafka://one:9092?tls=true", environ)
    assert (found.protocol, found.password, found.ca) == ("SASL_SSL", SECRET, "/ca.pem")
    assert SECRET not in f"{found} {found!r}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("one", "'one' is not a HOST:PORT"),
        ("kafka://[::1", "cannot be understood"),
        ("one:http", "not a HOST:PORT"),
        ("one:70000", "not a HOST:PORT"),
        ("redis://one:1", "'redis' is no Kafka client"),
        ("kafka://one:1?tsl=true", "did you mean 'tls'"),
        ("kafka://one:1?tls=yes", "tls=yes is not known"),
        ("kafka://one:1?compression=zst", "did you mean 'zstd'"),
        ("kafka://one:1?partitions=0", "not a whole number above zero"),
        ("kafka://one:1?sasl=plain", "needs a user name and a password"),
        ("kafka://user:geheim@one:1?sasl=kerberos", "sasl=kerberos is not known"),
    ],
)
def test_a_mistake_is_named_and_the_secret_is_not(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse(url, {})
    assert "geheim" not in str(caught.value)


def test_both_clients_know_every_security_option_that_we_give_them() -> None:
    settings = parse("kafka://u:p@127.0.0.1:1?tls=true&sasl=scram-sha-256", {})
    assert kafka_python._connection(settings).keys() <= KafkaConsumer.DEFAULT_CONFIG.keys() & KafkaProducer.DEFAULT_CONFIG.keys()
    confluent = pytest.importorskip("slaengine.streaming.confluent")
    with closing(confluent.ConfluentKafka(settings).producer()):
        pass  # librdkafka refuses an option or value that it does not know
