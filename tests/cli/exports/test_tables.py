"""Exports that are tables: CSV, JSON and JSON lines."""

from __future__ import annotations

import csv
import io
import json

import pytest
from pyarrow import parquet

from tagger.export.rows import COLUMNS, ExportRow
from tests.cli.exports.rows import HOSTILE, ROW, written


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_a_csv_has_the_values_of_a_row() -> None:
    (row,) = cells(written("csv", [ROW]))
    assert tuple(row) == COLUMNS
    assert {name: row[name] for name in ("path", "taken_at", "score", "run", "position_lat", "position_from")} == {
        "path": "/p/a.jpg",
        "taken_at": "2024-05-01T12:30:00",
        "score": "0.9",
        "run": "7",
        "position_lat": "48.86",
        "position_from": "photo",
    }
    assert json.loads(row["reason"]) == {"kind": "near", "km": 0.25}
    assert row["tagged_at"] == "2024-06-01T10:00:00.000005+00:00"
    assert row["failure"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "＝1"])  # noqa: RUF001
def test_no_text_in_a_csv_is_a_formula(text: str) -> None:
    row = ROW._replace(name=text, city=text)
    assert cells(written("csv", [row]))[0]["name"].startswith("'")
    (kept,) = cells(written("csv", [row], keep_formulas=True))
    assert kept["name"] == text


def test_control_characters_do_not_get_into_a_csv() -> None:
    table = written("csv", HOSTILE).decode("utf-8")
    assert len(table.splitlines()) == len(HOSTILE) + 1
    assert all(letter.isprintable() or letter == "\n" for letter in table)
    assert not any(
        cell.startswith(("=", "+", "@", "\t", "\r")) for row in cells(table.encode()) for cell in row.values()
    )


def test_numbers_in_a_csv_stay_numbers() -> None:
    (row,) = cells(written("csv", [ROW._replace(lat=-13.163, position_lon=-72.5)]))
    assert (row["lat"], row["position_lon"]) == ("-13.163", "-72.5")


@pytest.mark.parametrize("rows", [[], [ROW], [ROW, *HOSTILE]])
def test_json_and_json_lines_keep_every_value(rows: list[ExportRow]) -> None:
    array = json.loads(written("json", rows).decode("ascii"))
    assert array == [json.loads(line) for line in written("ndjson", rows).decode("ascii").splitlines()]
    assert [row["path"] for row in array] == [row.path for row in rows]
    assert [row["name"] for row in array] == [row.name for row in rows]
    assert all(tuple(row) == COLUMNS for row in array)


def test_parquet_has_typed_columns() -> None:
    table = parquet.read_table(io.BytesIO(written("parquet", [ROW, ExportRow("/p/b.jpg", status="failed")])))
    assert tuple(table.column_names) == COLUMNS
    first, second = table.to_pylist()
    assert json.loads(first.pop("reason")) == ROW.reason
    assert first == {name: value for name, value in ROW._asdict().items() if name != "reason"}
    assert (second["path"], second["taken_at"], second["others"]) == ("/p/b.jpg", None, 0)


def test_parquet_takes_any_file_name() -> None:
    table = parquet.read_table(io.BytesIO(written("parquet", HOSTILE)))
    assert table["path"].to_pylist()[0] == "/p/latin \\xe9"
    assert table.num_rows == len(HOSTILE)
    assert parquet.read_table(io.BytesIO(written("parquet", []))).num_rows == 0
