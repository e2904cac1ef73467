"""The rejects file: every row that was not imported, and why."""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from slaengine.errors import ImportingError
from slaengine.importing.plan import Reject

COLUMNS = ("file", "row", "column", "value", "reason")


class RejectsFile:
    """A CSV file that is written as rejects come up, and not at all when none do.

    Raises:
        ImportingError: the file could not be written if there were rejects.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.count = path, 0
        self._file: IO[str] | None = None
        directory = path.parent
        if path.is_dir() or not directory.is_dir() or not os.access(path if path.exists() else directory, os.W_OK):
            raise ImportingError(f"cannot write {path}, where rejected rows would go; name another place with --rejects")

    def add(self, file: str, reject: Reject) -> None:
        """Write one row that was not imported."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(COLUMNS)
        csv.writer(self._file).writerow((file, *map(_as_text, reject)))
        self.count += 1

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            with suppress(OSError):
                self._file.flush()
            self._file.close()


def _as_text(value: object) -> str:
    """Return a cell that a spreadsheet will not take for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
