"""A PostgreSQL server to test against: the one you name, else one of our own in a directory that goes away.

```python
with start_postgres() as server:
    engine = SlaEngine.open(server.new_database())
```
Our own listens on 127.0.0.1 only, knows no passwords and does not wait for the disk: it is not for data that matter.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from slaengine.errors import MissingExtra, StorageError

ADDRESS = "SLAENGINE_POSTGRES"
"""Names a server to use instead: the URL of a database on it, whose user may create databases."""

PROGRAMS = ("initdb", "postgres")
START_TIMEOUT_S = 30
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_connections": "150"}


def find_programs() -> Path | None:
    """Return the directory that holds PostgreSQL's server programs, the newest one, or None."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(3), reverse=True)
    return next((path for path in candidates if all((path / name).exists() for name in PROGRAMS)), None)


class PostgresServer:
    """A server that is up. `address` is the URL of a database on it whose user may create databases."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._names = count()

    def new_database(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the one at the URL `template`, to which nobody is connected; return its URL."""
        name = f"slaengine_{os.getpid()}_{time.time_ns():x}_{next(self._names)}"
        with _connection(self.address) as connection:
            like = f' TEMPLATE "{template.rpartition("/")[2]}"' if template else ""
            connection.execute(f'CREATE DATABASE "{name}"{like}')
        return f"{self.address.rpartition('/')[0]}/{name}"

    def kept_database(self, name: str) -> str:
        """Return the URL of the database of this name, made empty if there is none; it stays until someone drops it."""
        with _connection(self.address) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(f'CREATE DATABASE "{name}"')
        return f"{self.address.rpartition('/')[0]}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database that `new_database` made, whoever is connected to it."""
        with _connection(self.address) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')


class OwnPostgres(PostgresServer):
    """A server of our own in `directory`, to be killed and started again at will."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._port = _free_port()
        super().__init__(f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres")
        self._programs, self._directory = programs, directory
        self._process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        """Prepare the directory.

        Raises:
            StorageError: PostgreSQL could not; the message ends with what it said.
        """
        user, group = _run_as()
        if user is not None:
            os.chown(self._directory, user, group or -1)
        made = subprocess.run(  # noqa: S603  (our own arguments)
            [
                self._programs / "initdb",
                "-D",
                self._data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
            capture_output=True,
            check=False,
            user=user,
            group=group,
        )
        if made.returncode != 0:
            said = made.stderr.decode(errors="replace").strip()
            raise StorageError(f"PostgreSQL could not prepare {self._directory}: {said[-500:]}")

    def start(self) -> None:
        """Start the server (again) and wait until it answers.

        After a kill its own children may hold the place for an instant; it is tried again until they are gone.

        Raises:
            StorageError: it did not start within half a minute; the message ends with what it said.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if time.monotonic() > deadline:
                said = self._log.read_text(errors="replace").strip()
                raise StorageError(f"PostgreSQL did not start in {self._directory}: {said[-500:]}")
            if self._process is None or self._process.poll() is not None:
                self._launch()
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server as a crash would."""
        self._end(signal.SIGKILL)

    def _launch(self) -> None:
        user, group = _run_as()
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        place = ["-D", str(self._data), "-h", "127.0.0.1", "-p", str(self._port), "-k", str(self._directory)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own arguments)
                [self._programs / "postgres", *place, *settings],
                stdout=log,
                stderr=log,
                user=user,
                group=group,
            )

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_TIMEOUT_S)

    def _answers(self) -> bool:
        import psycopg  # noqa: PLC0415  (an extra)

        try:
            with _connection(self.address):
                return self._process is not None
        except psycopg.OperationalError:
            return False

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _log(self) -> Path:
        return self._directory / "log"


@contextmanager
def start_postgres() -> Iterator[PostgresServer]:
    """Give a server for the length of the block: the one that `SLAENGINE_POSTGRES` names, else one of our own.

    Raises:
        MissingExtra: psycopg is not installed.
        StorageError: PostgreSQL's programs are not on this machine, or it does not start.
    """
    if find_spec("psycopg") is None:
        raise MissingExtra("testing with PostgreSQL", "postgres")
    if named := os.environ.get(ADDRESS):
        yield PostgresServer(named)
        return
    with start_own_postgres() as server:
        yield server


@contextmanager
def start_own_postgres() -> Iterator[OwnPostgres]:
    """Give a server of our own, which may be killed, for the length of the block.

    Raises:
        StorageError: PostgreSQL's programs are not on this machine, or it does not start.
    """
    programs = find_programs()
    if programs is None:
        raise StorageError(f"PostgreSQL is not on this machine; install it (apt-get install postgresql) or set {ADDRESS}")
    directory = Path(tempfile.mkdtemp(prefix="slaengine-pg-"))
    server = OwnPostgres(programs, directory)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _run_as() -> tuple[int | None, int | None]:
    """Return the user and group to run as: PostgreSQL refuses to run as root, so root lends it the user its package made."""
    if os.geteuid() != 0:
        return None, None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return None, None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    import psycopg  # noqa: PLC0415  (an extra)

    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=5) as connection:
        yield connection
