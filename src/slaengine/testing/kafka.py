"""A Kafka broker to test against: the one you name, else Apache Kafka itself, else a compatible one from a wheel.

```python
with start_kafka() as kafka:
    kafka.bootstrap, kafka.describe()
```
`python -m slaengine.testing.kafka` starts one for development and stops it on Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from slaengine.errors import StreamingError
from slaengine.testing.kafka_apache import ApacheKafka
from slaengine.testing.kafka_jars import KAFKA_VERSION
from slaengine.testing.kafka_wheel import WheelKafka, wheel_binary

Proof = Literal["survives_kill", "notices_dead_consumer", "fails_over", "restarts"]
"""What a broker can be made to prove: acknowledged records outlive SIGKILL; a killed consumer's partitions go to another;
another node takes over; it can be stopped and started at will."""

PROOFS: dict[str, frozenset[Proof]] = {
    "apache": frozenset(get_args(Proof)),
    "wheel": frozenset({"restarts"}),
    "named": frozenset({"survives_kill", "notices_dead_consumer"}),
}
"""The proofs each kind of broker is good for. Tests skip by this table, and say so; they never guess from an exception."""

ADDRESS = "SLAENGINE_KAFKA"


@dataclass(frozen=True, slots=True)
class RunningKafka:
    """A broker that is up. `cluster` is there to be killed and restarted when it is ours and Apache Kafka's own."""

    kind: Literal["apache", "wheel", "named"]
    bootstrap: str
    cluster: ApacheKafka | None = None

    def proves(self, proof: Proof) -> bool:
        """Tell whether this broker can prove it."""
        return proof in PROOFS[self.kind]

    def describe(self) -> str:
        """Return one sentence for a person: which broker this is and what it cannot prove."""
        name = {
            "apache": f"Apache Kafka {KAFKA_VERSION}",
            "wheel": "a Kafka-compatible broker from a wheel",
            "named": f"the broker that {ADDRESS} names",
        }[self.kind]
        missing = sorted(set(get_args(Proof)) - PROOFS[self.kind])
        return f"{name} at {self.bootstrap}" + (f"; cannot prove: {', '.join(missing)}" if missing else "")


@contextmanager
def start_kafka(nodes: int = 1) -> Iterator[RunningKafka]:
    """Give a running broker, or cluster of `nodes`, and stop it at the end if it was started here.

    Raises:
        StreamingError: none can be had; the message says why for each way that was tried.
    """
    named = os.environ.get(ADDRESS)
    if named:
        yield RunningKafka("named", named)
        return
    try:
        cluster = ApacheKafka(nodes)
    except StreamingError as error:
        if wheel_binary() is None:
            raise StreamingError(
                f"no Kafka broker to be had: {ADDRESS} is not set; {error}; and no wheel with a broker is installed "
                "(pip install noida-db)"
            ) from error
        with WheelKafka() as wheel:
            yield RunningKafka("wheel", wheel.bootstrap)
        return
    with cluster:
        yield RunningKafka("apache", cluster.bootstrap, cluster)


def main() -> None:
    """Run a broker until Ctrl-C or SIGTERM; its address goes to stdout, the talk to stderr."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with start_kafka() as kafka:
            sys.stderr.write(f"{kafka.describe()}; Ctrl-C stops it and forgets its data\n")
            sys.stdout.write(f"{kafka.bootstrap}\n")
            sys.stdout.flush()
            threading.Event().wait()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    except StreamingError as error:
        sys.exit(f"slaengine.testing.kafka: {error}")


if __name__ == "__main__":
    main()
