"""A Kafka-compatible broker that comes in a wheel, for machines without Java; `kafka.PROOFS` says what it cannot prove."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from slaengine.errors import StreamingError
from slaengine.testing.kafka_apache import free_ports, known_brokers

READY_TIMEOUT_S = 15


def wheel_binary() -> Path | None:
    """Return the broker inside the installed wheel `noida-db`; None when it is not installed.

    The binary itself, not the wheel's command: that is a wrapper, and killing it would leave the broker running.
    """
    spec = importlib.util.find_spec("noida_db")
    binary = Path(next(iter(spec.submodule_search_locations))) / "noida-db" if spec and spec.submodule_search_locations else None
    return binary if binary and binary.is_file() else None


class WheelKafka:
    """One broker on loopback with its data in a temporary folder."""

    def __init__(self) -> None:
        binary = wheel_binary()
        if binary is None:
            raise StreamingError("the wheel noida-db is not installed: pip install noida-db")
        self._binary = binary
        self._port = free_ports(1)[0]
        self._folder = tempfile.mkdtemp(prefix="slaengine-kafka-")

    @property
    def bootstrap(self) -> str:
        """The broker's address."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        call = [str(self._binary), "start", "--only", "kafka", "--host", "127.0.0.1", "--kafka-port", str(self._port)]
        self._process = subprocess.Popen(  # noqa: S603
            [*call, "--data-dir", self._folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder,
        )  # fmt: skip
        end = time.monotonic() + READY_TIMEOUT_S
        while known_brokers(self._port) < 1:
            if self._process.poll() is not None or time.monotonic() > end:
                self.__exit__(None, None, None)
                raise StreamingError(f"the broker {self._binary} did not start")
            time.sleep(0.05)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
