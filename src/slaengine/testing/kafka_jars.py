"""Apache Kafka's jars from Maven Central, fetched once and kept in the user's cache."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

from slaengine.errors import StreamingError

KAFKA_VERSION = "4.3.1"
JAVA_MIN = 17
FETCH_TIMEOUT_S = 600
"""A first fetch is some 45 MB in 50 files; ten minutes are a slow mirror's time."""


def java() -> str:
    """Return the path of a Java that Kafka 4 runs on.

    Raises:
        StreamingError: there is none, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if found is None:
        raise StreamingError(f"Apache Kafka needs Java {JAVA_MIN} or later, and there is no java on this machine")
    said = subprocess.run([found, "-version"], check=False, capture_output=True, text=True).stderr  # noqa: S603
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_MIN:
        raise StreamingError(f"Apache Kafka needs Java {JAVA_MIN} or later; {found} says {said.splitlines()[:1]}")
    return found


def jars(cache: Path | None = None) -> Path:
    """Return the folder that holds the jars of Apache Kafka, fetching them with Maven when they are not there yet.

    Several processes may ask at once: one fetches, the others wait for it. A fetch that was cut off leaves nothing.

    Args:
        cache: where to keep them; `$XDG_CACHE_HOME/slaengine` when None.

    Raises:
        StreamingError: they are not there and cannot be fetched.
    """
    home = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "slaengine")
    folder = home / f"kafka-{KAFKA_VERSION}"
    if folder.is_dir():
        return folder
    home.mkdir(parents=True, exist_ok=True)
    with (home / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise StreamingError(f"Apache Kafka {KAFKA_VERSION} is not in {folder} yet, and fetching it needs Maven (mvn)")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with as_file(files("slaengine.testing") / "kafka_pom.xml") as pom:
        call = [maven, "-B", "-q", "-f", str(pom), f"-Dkafka.version={KAFKA_VERSION}", f"-DoutputDirectory={partial}"]
        try:
            subprocess.run(  # noqa: S603
                [*call, "dependency:copy-dependencies"], check=True, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = str(error.stdout or error)[-300:].strip()
            raise StreamingError(f"Apache Kafka {KAFKA_VERSION} cannot be fetched with Maven: {said}") from error
    partial.rename(folder)
