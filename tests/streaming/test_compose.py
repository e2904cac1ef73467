"""compose.yaml, without Docker: its images are named, and its settings are such as Apache Kafka takes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from slaengine.errors import StreamingError
from slaengine.testing.kafka_jars import KAFKA_VERSION, jars, java

COMPOSE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "compose.yaml").read_text())
CLUSTER = "4L6g3nShT-eMCtK--X86sw"


def test_the_images_are_of_the_versions_that_are_tested() -> None:
    services = COMPOSE["services"]
    assert services["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert services["postgres"]["image"].startswith("postgres:")


def test_everything_is_reachable_from_this_machine_only_and_keeps_its_data() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert all(volume.partition(":")[0] in COMPOSE["volumes"] for volume in service["volumes"])


@pytest.mark.kafka
def test_kafka_takes_the_settings(tmp_path: Path) -> None:
    """The image turns each variable KAFKA_A_B into the setting a.b; the storage tool reads them as a broker would."""
    try:
        classpath, program = f"{jars()}/*", java()
    except StreamingError as error:
        pytest.skip(str(error))
    settings = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in COMPOSE["services"]["kafka"]["environment"].items()
    }
    settings["log.dirs"] = str(tmp_path / "data")
    properties = tmp_path / "server.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    call = [program, "-cp", classpath, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(properties)]
    done = subprocess.run(call, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "meta.properties").is_file()
