"""Files as tables: a header and rows of text, from CSV, gzip, Parquet and Excel."""

from __future__ import annotations

import codecs
import csv
import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TextIO, cast

from slaengine.errors import ImportingError, MissingExtra
from slaengine.importing.mapping import Csv, Mapping

Cells = list[str]

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
DELIMITERS = ",;\t|"
CELL_CHARS_MAX = 1 << 20  # a longer cell is a quote that was never closed
PARQUET_ROWS_AT_ONCE = 4096


class Table(Protocol):
    """A file whose rows can be read more than once."""

    name: str
    header: Cells

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield (row number, cells); the header is row 1, blank rows are left out.

        Raises:
            ImportingError: the file is damaged or cut short.
        """
        ...


def open_table(path: str | Path, mapping: Mapping) -> Table:
    """Return the table in `path`; its kind is told from its first bytes, not from its name.

    Raises:
        ImportingError: the file cannot be read, is empty, or holds no table.
        MissingExtra: it is Parquet or Excel, and the part that reads it is not installed.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise ImportingError(f"cannot read {path}: {error.strerror or error}") from error
    if not start:
        raise ImportingError(f"{path} is empty; nothing was imported")
    if start == PARQUET:
        return ParquetTable(path)
    if start == ZIP:
        return ExcelTable(path, mapping.sheet)
    return CsvTable(path, mapping.csv, compressed=start.startswith(GZIP))


class CsvTable:
    """A CSV file, perhaps compressed with gzip."""

    def __init__(self, path: Path, form: Csv, *, compressed: bool) -> None:
        self.name, self._path, self._form, self._compressed = path.name, path, form, compressed
        with _in_our_words(path, form.encoding):
            codecs.lookup(form.encoding)
            with closing(self._open_bytes()) as raw:
                start = raw.read(8192)
            if b"\x00" in start and not form.encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")):
                raise ImportingError(f"{path} is not a CSV table: it holds binary data")
            with closing(self._open_text()) as text:
                first_line = text.readline(CELL_CHARS_MAX)
            self._delimiter = form.delimiter or max(DELIMITERS, key=first_line.count)
            self.header = next((cells for _, cells in self._records()), [])
        if not any(self.header):
            raise ImportingError(f"{path} is empty; nothing was imported")

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield the rows after the header; see `Table.rows`."""
        with _in_our_words(self._path, self._form.encoding):
            records = self._records()
            next(records)
            yield from records

    def _records(self) -> Iterator[tuple[int, Cells]]:
        csv.field_size_limit(CELL_CHARS_MAX)
        with closing(self._open_text()) as text:
            records = csv.reader(text, delimiter=self._delimiter, quotechar=self._form.quote, strict=True)
            try:
                for number, cells in enumerate(records, 1):
                    if cells:
                        yield number, cells
            except csv.Error as error:
                raise ImportingError(
                    f"{self._path} is not a CSV table that can be read to its end: line {records.line_num}: {error}"
                ) from error

    def _open_bytes(self) -> BinaryIO:
        return cast(BinaryIO, gzip.GzipFile(self._path) if self._compressed else self._path.open("rb"))

    def _open_text(self) -> TextIO:
        return TextIOWrapper(self._open_bytes(), encoding=self._form.encoding, newline="")


@contextmanager
def _in_our_words(path: Path, encoding: str) -> Iterator[None]:
    """Turn what reading a damaged text file raises into one sentence of ours."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportingError(f"{path} is cut short or damaged (gzip: {error}); fetch it again") from error
    except UnicodeError as error:
        raise ImportingError(
            f"{path} is not {encoding} text; name its encoding in the mapping, `csv: {{encoding: gb18030}}`"
        ) from error
    except LookupError as error:
        raise ImportingError(f"the mapping's csv.encoding '{encoding}' is not an encoding") from error
    except OSError as error:
        raise ImportingError(f"cannot read {path}: {error.strerror or error}") from error


class ParquetTable:
    """A Parquet file. Instants become ISO text; a whole number kept as a float loses its `.0`."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415  an optional part
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtra(f"reading {path.name}", "tables") from error
        self.name, self._path = path.name, path
        self._broken = (pa.ArrowException, OSError)
        try:
            self._file = parquet.ParquetFile(path)
        except self._broken as error:
            raise ImportingError(f"{path} is cut short or damaged (Parquet); fetch it again") from error
        self.header = list(self._file.schema_arrow.names)

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield the rows; see `Table.rows`."""
        number = 1
        try:
            for batch in self._file.iter_batches(batch_size=PARQUET_ROWS_AT_ONCE):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    number += 1
                    yield number, [_text(value) for value in values]
        except self._broken as error:
            raise ImportingError(f"{self._path} is cut short or damaged (Parquet); fetch it again") from error


class ExcelTable:
    """One sheet of an Excel file (.xlsx): the first, or the one that the mapping names. Dates become ISO text."""

    def __init__(self, path: Path, sheet: str | None) -> None:
        try:
            import openpyxl  # noqa: PLC0415  an optional part
        except ImportError as error:
            raise MissingExtra(f"reading {path.name}", "tables") from error
        self.name, self._path = path.name, path
        self._load_workbook: Callable[..., Any] = openpyxl.load_workbook
        with self._book() as book:
            names = list(book.sheetnames)
        self._sheet = sheet or names[0]
        if self._sheet not in names:
            raise ImportingError(f"{path} has no sheet '{sheet}'; it has {', '.join(names)}")
        self.header = next((cells for _, cells in self._records()), [])
        if not any(self.header):
            raise ImportingError(f"{path} is empty; nothing was imported")

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Yield the rows after the header; see `Table.rows`."""
        records = self._records()
        next(records)
        width = len(self.header)
        for number, cells in records:
            yield number, cells[:width] + [""] * (width - len(cells))  # a sheet leaves out what is empty at a row's end

    @contextmanager
    def _book(self) -> Iterator[Any]:
        try:
            with self._path.open("rb") as file, closing(self._load_workbook(file, read_only=True, data_only=True)) as book:
                yield book
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
            raise ImportingError(f"{self._path} is not an Excel table that can be read: damaged, or of another kind") from error

    def _records(self) -> Iterator[tuple[int, Cells]]:
        with self._book() as book:
            for number, values in enumerate(book[self._sheet].iter_rows(values_only=True), 1):
                cells = [_text(value) for value in values]
                if any(cells):
                    yield number, cells


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case _:
            return str(value)
