"""Where Kafka is and how to talk to it: one URL, with secrets from the environment if you like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from slaengine.errors import UsageError, nearest

Client = Literal["kafka-python", "confluent"]
Sasl = Literal["plain", "scram-sha-256", "scram-sha-512"]
Compression = Literal["none", "gzip", "lz4", "snappy", "zstd"]

T = TypeVar("T", bound=str)

SCHEMES: dict[str, Client] = {"kafka": "kafka-python", "kafka+confluent": "confluent"}
USERNAME, PASSWORD, CA = "SLAENGINE_KAFKA_USERNAME", "SLAENGINE_KAFKA_PASSWORD", "SLAENGINE_KAFKA_CA"
FORM = "write HOST:PORT[,HOST:PORT…] or kafka[+confluent]://[USER:PASSWORD@]HOST:PORT[,…][?tls=true&sasl=scram-sha-512…]"


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """What a Kafka URL says.

    `ca`, `certificate` and `private_key` are paths of PEM files. `partitions` and `replicas` are for topics that we
    create: None is 6 partitions and the cluster's own default of replicas.
    """

    servers: tuple[str, ...]
    client: Client = "kafka-python"
    tls: bool = False
    ca: str | None = None
    certificate: str | None = None
    private_key: str | None = None
    sasl: Sasl | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    compression: Compression = "none"
    partitions: int | None = None
    replicas: int | None = None

    def __str__(self) -> str:
        """Return the servers: fit for messages, with nothing secret."""
        return ",".join(self.servers)

    @property
    def protocol(self) -> Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]:
        """Kafka's word for the way the connection is secured."""
        if self.sasl:
            return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"
        return "SSL" if self.tls else "PLAINTEXT"


def parse(url: str, environ: Mapping[str, str]) -> KafkaSettings:
    """Return what `url` and the environment say; the URL goes first where both speak.

    Raises:
        UsageError: it is no Kafka URL, or an option is unknown or has no such value. The text never repeats a secret.
    """
    try:
        parts = urlsplit(url if "://" in url else f"kafka://{url}")
    except ValueError:
        raise UsageError(f"the Kafka URL cannot be understood; {FORM}") from None
    if parts.scheme not in SCHEMES:
        raise UsageError(f"'{parts.scheme}' is no Kafka client of ours; {FORM}")
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = (unquote(part) for part in credentials.partition(":"))
    options = _options(parts.query)
    user = username or environ.get(USERNAME)
    secret = password or environ.get(PASSWORD)
    settings = KafkaSettings(
        servers=_servers(hosts),
        client=SCHEMES[parts.scheme],
        tls=_flag(options, "tls"),
        ca=options.get("ca", environ.get(CA)),
        certificate=options.get("certificate"),
        private_key=options.get("private_key"),
        sasl=_choice(options, "sasl", get_args(Sasl), "plain" if user else None),
        username=user,
        password=secret,
        compression=_choice(options, "compression", get_args(Compression), "none") or "none",
        partitions=_count(options, "partitions"),
        replicas=_count(options, "replicas"),
    )
    if settings.sasl and not (user and secret):
        raise UsageError(f"sasl={settings.sasl} needs a user name and a password: in the URL, or as {USERNAME} and {PASSWORD}")
    return settings


OPTIONS = ("tls", "ca", "certificate", "private_key", "sasl", "compression", "partitions", "replicas")


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in OPTIONS:
            raise UsageError(f"a Kafka URL has no option '{name}'{nearest(name, OPTIONS)}; it has {', '.join(OPTIONS)}")
    return options


def _servers(hosts: str) -> tuple[str, ...]:
    servers = tuple(hosts.split(","))
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise UsageError(f"'{server}' is not a HOST:PORT of a Kafka broker; {FORM}")
    return servers


def _flag(options: Mapping[str, str], name: str) -> bool:
    return _choice(options, name, ("true", "false"), "false") == "true"


def _choice(options: Mapping[str, str], name: str, allowed: tuple[T, ...], default: T | None) -> T | None:
    value = options.get(name)
    if value is None:
        return default
    for each in allowed:
        if value == each:
            return each
    raise UsageError(f"{name}={value} is not known{nearest(value, allowed)}; it is one of {', '.join(allowed)}")


def _count(options: Mapping[str, str], name: str) -> int | None:
    value = options.get(name)
    if value is not None and (not value.isdecimal() or int(value) == 0):
        raise UsageError(f"{name}={value} is not a whole number above zero")
    return None if value is None else int(value)
