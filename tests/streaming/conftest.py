from __future__ import annotations

from collections.abc import Iterator

import pytest

from slaengine.errors import StreamingError
from slaengine.testing.kafka import RunningKafka, start_kafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[RunningKafka]:
    """One broker for the whole run; a test that kills it starts it again."""
    try:
        running = start_kafka()
        with running as broker:
            yield broker
    except StreamingError as error:
        pytest.skip(str(error))
