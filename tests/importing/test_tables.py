from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.importing.given import COLUMNS, DONE, OPEN, ORDERS, SAMPLE, city, example, table

from slaengine.errors import ImportingError
from slaengine.importing import parse_mapping
from slaengine.importing.tables import open_table


def cells(path: Path, mapping=None) -> list[tuple[int, list[str]]]:
    opened = open_table(path, mapping or city())
    return [(1, opened.header), *opened.rows()]


def written(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_from_the_header(tmp_path, delimiter):
    path = written(tmp_path / "t.csv", delimiter.join("abc") + "\r\n" + delimiter.join("123") + "\r\n")
    assert cells(path) == [(1, ["a", "b", "c"]), (2, ["1", "2", "3"])]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    path = written(tmp_path / "t.csv", 'a,b\n1,"two\nlines"\n\n3,4\n')
    assert cells(path) == [(1, ["a", "b"]), (2, ["1", "two\nlines"]), (4, ["3", "4"])]


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path):
    assert cells(written(tmp_path / "t.csv", "a,b\n1,2\n", "utf-8-sig"))[0] == (1, ["a", "b"])


def test_another_encoding_is_read_when_the_mapping_names_it(tmp_path):
    path = written(tmp_path / "t.csv", "编号,小区\n1,翠湖\n", "gb18030")
    mapping = city().model_copy(update={"csv": city().csv.model_copy(update={"encoding": "gb18030"})})
    assert cells(path, mapping)[1] == (2, ["1", "翠湖"])
    with pytest.raises(ImportingError, match=r"is not utf-8-sig text; name its encoding in the mapping"):
        cells(path)


def test_an_encoding_that_does_not_exist_is_named(tmp_path):
    mapping = city().model_copy(update={"csv": city().csv.model_copy(update={"encoding": "gb-18030x"})})
    with pytest.raises(ImportingError, match="'gb-18030x' is not an encoding"):
        cells(written(tmp_path / "t.csv", "a\n1\n"), mapping)


def test_gzip_is_told_from_the_bytes_not_the_name(tmp_path):
    assert cells(written(tmp_path / "t.csv", gzip.compress(b"a,b\n1,2\n")))[1] == (2, ["1", "2"])


@pytest.mark.parametrize("keep", [0.3, 0.99, 0.99999])
def test_nothing_is_imported_from_a_truncated_gzip(store, tmp_path, keep):
    whole = SAMPLE.read_bytes()
    with pytest.raises(ImportingError, match="cut short or damaged"):
        store.take(example("boston311"), written(tmp_path / "t.csv.gz", whole[: int(len(whole) * keep)]))
    assert store.engine.log.head().position == 0


def test_nothing_is_imported_from_a_gzip_with_a_flipped_byte(store, tmp_path):
    damaged = bytearray(gzip.compress(table(tmp_path / "t.csv", *[{**DONE, "id": str(i)} for i in range(3000)]).read_bytes()))
    damaged[-200] ^= 0x40
    with pytest.raises(ImportingError):
        store.take(city(), written(tmp_path / "t.csv.gz", bytes(damaged)))
    assert store.engine.log.head().position == 0


def test_a_bad_second_file_keeps_the_first_from_being_imported(store, tmp_path):
    good, bad = table(tmp_path / "good.csv", DONE), written(tmp_path / "bad.csv", "a,b\n1,2\n")
    with pytest.raises(ImportingError):
        store.take(city(), good, bad)
    assert store.engine.log.head().position == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; nothing was imported"),
        (b"\n\n", "is empty; nothing was imported"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not a CSV table: it holds binary data"),
        (b"PK\x03\x04 and no more", "is not an Excel table that can be read"),
        (b"PAR1 and no more", "is cut short or damaged (Parquet)"),
        (b'a,b\n1,"2\n3,4\n', "line 3: unexpected end of data"),
        (b'a,b\n1,"2"x\n', "line 2: ',' expected after"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(tmp_path, content, says):
    with pytest.raises(ImportingError) as refused:
        cells(written(tmp_path / "t", content))
    assert says in str(refused.value)


def test_a_missing_column_is_named_with_the_nearest_one(store, tmp_path):
    columns = [name.replace("target", "target_dt") for name in COLUMNS]
    with pytest.raises(ImportingError, match=r"has no column 'target'; did you mean 'target_dt'?"):
        store.take(city(), table(tmp_path / "t.csv", columns=columns))


def test_a_column_that_stands_twice_is_refused(store, tmp_path):
    with pytest.raises(ImportingError, match="more than one column 'ward'"):
        store.take(city(), table(tmp_path / "t.csv", columns=[*COLUMNS, "ward"]))


def test_columns_that_the_mapping_does_not_use_do_not_matter(store, tmp_path):
    assert store.take(city(), table(tmp_path / "t.csv", OPEN, columns=["extra", "extra", *COLUMNS])).orders == 1


def test_a_row_of_the_wrong_length_is_rejected(store, tmp_path):
    path = table(tmp_path / "t.csv", DONE)
    path.write_text(path.read_text(encoding="utf-8") + "2,2026-01-05 09:00:00\n", encoding="utf-8")
    assert (store.take(city(), path).orders, store.rejects()[0]["reason"]) == (1, "the row has 2 cells, the header has 10")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ImportingError, match=r"cannot read .*: No such file or directory"):
        cells(tmp_path / "none.csv")


TYPED = [["id", "opened", "closed", "target", "status", "type", "code", "ontime", "ward", "note"]]
TYPED_ROW = [7, datetime(2026, 1, 5, 9), datetime(2026, 1, 6, 10), None, "Closed", "lift", "MENDED", True, 5.0, None]  # noqa: DTZ001


def typed():
    """Return the small mapping for tables whose cells have types."""
    return parse_mapping((ORDERS % "").replace('"%Y-%m-%d %H:%M:%S"', "iso").replace('{"yes": met', '{"true": met'))


def expected(store):
    received = store.facts("7")[0]
    return store.told("7")[0], store.facts("7")[-1].verdict, received.labels


def test_excel_is_imported(store, tmp_path):
    book = openpyxl.Workbook()
    for row in (*TYPED, TYPED_ROW):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert store.take(typed(), tmp_path / "t.xlsx").rejected == 0
    assert expected(store) == (("received", "01-05 14:00:00"), "met", {"ward": "5"})


def test_a_sheet_that_is_not_there_is_named(tmp_path):
    openpyxl.Workbook().save(tmp_path / "t.xlsx")
    with pytest.raises(ImportingError, match=r"has no sheet 'Orders'; it has Sheet"):
        open_table(tmp_path / "t.xlsx", city().model_copy(update={"sheet": "Orders"}))


def test_parquet_is_imported(store, tmp_path):
    parquet.write_table(
        pa.table({name: [value] for name, value in zip(TYPED[0], TYPED_ROW, strict=True)}), tmp_path / "t.parquet"
    )
    assert store.take(typed(), tmp_path / "t.parquet").rejected == 0
    assert expected(store) == (("received", "01-05 14:00:00"), "met", {"ward": "5"})


def test_a_truncated_parquet_is_refused(tmp_path):
    parquet.write_table(pa.table({"a": list(range(1000))}), tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    with pytest.raises(ImportingError, match="cut short or damaged"):
        cells(written(tmp_path / "cut.parquet", whole[:-50]))
