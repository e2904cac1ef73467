from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.importing.given import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    with store.engine:
        yield store
