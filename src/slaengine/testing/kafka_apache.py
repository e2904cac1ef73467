"""Apache Kafka on this machine: one or three KRaft nodes on loopback that can be started, killed, frozen and restarted."""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType
from typing import Self

from slaengine.errors import StreamingError
from slaengine.testing.kafka_jars import jars, java

READY_TIMEOUT_S = 90
STOP_TIMEOUT_S = 15
LOG_TAIL = 2_000


class ApacheKafka:
    """Real brokers for tests and development; nodes count from 1, each broker and controller at once.

    ```python
    with ApacheKafka(nodes=3) as kafka:
        kafka.bootstrap                 # 127.0.0.1:PORT,127.0.0.1:PORT,127.0.0.1:PORT
        kafka.kill(1); kafka.start(1)   # as power loss would, then back on the same data
    ```
    The data lies in a temporary folder that goes with the cluster, unless `folder` names one to keep.
    """

    def __init__(
        self, nodes: int = 1, *, folder: Path | None = None, heap: str = "512m", settings: dict[str, str] | None = None
    ) -> None:
        self.nodes = nodes
        self._java, self._jars = java(), jars()
        self._heap = heap
        self._settings = settings or {}
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="slaengine-kafka-"))
        self._ports = free_ports(2 * nodes)
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._resources = ExitStack()
        self._log4j = self._resources.enter_context(as_file(files("slaengine.testing") / "kafka_log4j2.xml"))

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses, separated by commas."""
        return ",".join(f"127.0.0.1:{self.port(node)}" for node in self._all())

    def port(self, node: int) -> int:
        """Return the port on which the node serves clients."""
        return self._ports[2 * (node - 1)]

    def up(self) -> Self:
        """Start every node and return when all are registered."""
        try:
            self._format()
            for node in self._all():
                self._launch(node)
            self.wait_until_ready()
        except BaseException:
            self.down()
            raise
        return self

    def start(self, node: int, *, wait: bool = True) -> None:
        """Start a stopped or killed node again on its data; with `wait`, return when it serves."""
        self._launch(node)
        if wait:
            self.wait_until_ready()

    def kill(self, node: int = 1) -> None:
        """End the node with SIGKILL, as a crash would."""
        process = self._processes.pop(node)
        process.kill()
        process.wait()

    def stop(self, node: int = 1) -> None:
        """End the node with SIGTERM: it hands its leaderships over first."""
        self._stop(self._processes.pop(node))

    def freeze(self, node: int) -> None:
        """Stop the node's process in its tracks: for everybody else it is cut off, and it does not know."""
        self._processes[node].send_signal(signal.SIGSTOP)

    def thaw(self, node: int) -> None:
        """Let a frozen node go on where it stopped."""
        self._processes[node].send_signal(signal.SIGCONT)

    def down(self) -> None:
        """End every node and, when the data was temporary, remove it. Safe to call twice."""
        running = list(self._processes.values())
        self._processes.clear()
        for process in running:  # all at once: a node left alone waits for a majority that will not come back
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in running:
            self._stop(process)
        self._resources.close()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def wait_until_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Return when every running node knows every running node.

        Raises:
            StreamingError: a node ended, or was not ready in time; the message ends with its log's last lines.
        """
        end = time.monotonic() + timeout_s
        for node, process in self._processes.items():
            while known_brokers(self.port(node)) < len(self._processes):
                if process.poll() is not None:
                    raise StreamingError(f"Kafka node {node} ended while starting: {self._log_tail(node)}")
                if time.monotonic() > end:
                    raise StreamingError(f"Kafka node {node} was not ready in {timeout_s:.0f} s: {self._log_tail(node)}")
                time.sleep(0.1)

    def __enter__(self) -> Self:
        return self.up()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.down()

    def _all(self) -> range:
        return range(1, self.nodes + 1)

    def _home(self, node: int) -> Path:
        return self.folder / f"node{node}"

    def _controller(self, node: int) -> str:
        return f"127.0.0.1:{self._ports[2 * node - 1]}"

    def _format(self) -> None:
        cluster, directories = _kafka_uuid(), {node: _kafka_uuid() for node in self._all()}
        voters = ",".join(f"{node}@{self._controller(node)}:{directories[node]}" for node in self._all())
        quorum = ["--standalone"] if self.nodes == 1 else ["--initial-controllers", voters]
        for node in self._all():
            self._home(node).mkdir(parents=True, exist_ok=True)
            properties = self._home(node) / "server.properties"
            properties.write_text("".join(f"{name}={value}\n" for name, value in self._properties(node).items()))
            options = ["-t", cluster, "-c", str(properties), *quorum, *self._format_options()]
            call = [*self._jvm("256m"), "kafka.tools.StorageTool", "format", *options]
            done = subprocess.run(call, check=False, capture_output=True, text=True)  # noqa: S603
            if done.returncode:
                raise StreamingError(f"Kafka's storage cannot be formatted: {(done.stdout + done.stderr)[-LOG_TAIL:]}")

    def _format_options(self) -> list[str]:
        """Return what else is to be written when the storage is formatted."""
        return []

    def _launch(self, node: int) -> None:
        home = self._home(node)
        with (home / "server.log").open("ab") as log:
            self._processes[node] = subprocess.Popen(  # noqa: S603
                [*self._jvm(self._heap), "kafka.Kafka", str(home / "server.properties")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=home, start_new_session=True,
            )  # fmt: skip

    def _jvm(self, heap: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={self._log4j}"
        return [self._java, f"-Xmx{heap}", "-XX:+UseSerialGC", "-Djava.awt.headless=true", log4j, "-cp", f"{self._jars}/*"]

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _log_tail(self, node: int) -> str:
        return (self._home(node) / "server.log").read_text(errors="replace")[-LOG_TAIL:]

    def _properties(self, node: int) -> dict[str, str]:
        replicas, in_sync = min(3, self.nodes), max(1, min(3, self.nodes) - 1)
        listeners = f"PLAINTEXT://127.0.0.1:{self.port(node)},CONTROLLER://{self._controller(node)}"
        properties = {
            "process.roles": "broker,controller",
            "node.id": f"{node}",
            "listeners": listeners,
            "advertised.listeners": listeners,
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.quorum.bootstrap.servers": ",".join(self._controller(n) for n in self._all()),
            "log.dirs": str(self._home(node) / "data"),
            "default.replication.factor": f"{replicas}",
            "min.insync.replicas": f"{in_sync}",
            "auto.create.topics.enable": "false",
            # internal topics: few partitions, since each is a log to open at every start
            "offsets.topic.replication.factor": f"{replicas}",
            "offsets.topic.num.partitions": "3",
            "transaction.state.log.replication.factor": f"{replicas}",
            "transaction.state.log.min.isr": f"{in_sync}",
            "transaction.state.log.num.partitions": "3",
            # groups form at once, and a dead member or node is noticed in seconds
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "replica.lag.time.max.ms": "6000",
            "controller.quorum.fetch.timeout.ms": "2000",
            "controller.quorum.election.timeout.ms": "1000",
            # two cores
            "num.network.threads": "2",
            "num.io.threads": "4",
            "num.recovery.threads.per.data.dir": "1",
            "background.threads": "2",
        }
        return properties | self._settings


def known_brokers(port: int, timeout_s: float = 2.0) -> int:
    """Return how many brokers the one on this loopback port lists as registered; -1 when it does not answer.

    Asks with Kafka's Metadata request, version 1, for no topics: the answer begins with correlation id and broker count.
    """
    body = struct.pack(">hhih5si", 3, 1, 1, 5, b"ready", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            answer = connection.makefile("rb").read(12)
            return int(struct.unpack(">iii", answer)[2])
    except (OSError, struct.error):
        return -1


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _kafka_uuid() -> str:
    """Return a random UUID as Kafka writes it: 22 url-safe characters, none of which could be taken for an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
