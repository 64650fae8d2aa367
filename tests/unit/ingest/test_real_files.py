"""Every real file passes through: no crash, no lost row, counts agreed with Python's csv module."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from dqm_assets.errors import SourceError
from dqm_assets.ingest import read_file, widen_schema, without_empty_columns

SharedData = Callable[[str], Path]
#: Files of csv-oddities whose first record is data, and those with no record at all.
HEADERLESS = {
    "no_header_row.csv",
    "no_header_row2.csv",
    "no_header_row3.csv",
    "Datagov_FY10_EDU_recp_by_State.csv",
}
ENCODINGS = {"test_utf16_big.csv": "utf-16", "test_utf16_little.csv": "utf-16", "test_latin1.csv": "latin-1"}


def csv_count(path: Path) -> int:
    """Records that are no blank lines, by the standard library, which knows nothing of ours."""
    with path.open(encoding=ENCODINGS.get(path.name, "utf-8-sig"), newline="") as file:
        delimiter = ";" if path.name == "sniff_limit.csv" else ","
        return sum(1 for record in csv.reader(file, delimiter=delimiter) if record)


@pytest.mark.parametrize("folder", ["csv-oddities", "nab/data", "covid-daily-reports", "cloud-monitoring"])
def test_every_row_of_every_real_file_is_loaded_or_rejected(shared_data: SharedData, folder: str) -> None:
    paths = sorted(shared_data(folder).rglob("*.csv"))
    assert paths
    for path in paths:
        records = csv_count(path)
        if not records:
            with pytest.raises(SourceError) as caught:
                read_file(path)
            assert caught.value.code == "empty_file"
            continue
        parsed = read_file(path)
        assert parsed.dialect.header is (path.name not in HEADERLESS), path
        assert parsed.rows_in == records - parsed.dialect.header, path
        assert parsed.rows_in == parsed.rows_loaded + parsed.rows_rejected, path
        if "oddities" not in folder:
            assert parsed.rejects == (), path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bad.csv", [(2, "too_many_fields"), (3, "too_few_fields")]),
        ("bad_skip_lines.csv", [(5, "too_many_fields"), (6, "too_few_fields")]),
        ("null_byte.csv", [(2, "nul_byte")]),
        ("join_a_short.csv", [(2, "too_few_fields"), (3, "too_few_fields")]),
        ("test_empty_columns.csv", [(3, "too_few_fields")]),
        ("mac_newlines.csv", []),
        ("test_utf16_little.csv", []),
        ("blanks.csv", []),
    ],
)
def test_odd_rows_of_real_files_are_rejected_for_the_right_reason(
    shared_data: SharedData, name: str, expected: list
) -> None:
    parsed = read_file(shared_data("csv-oddities/csvkit") / name)
    assert [(reject.line, reject.code) for reject in parsed.rejects] == expected


def test_csv_spectrum_gives_the_values_its_authors_expect(shared_data: SharedData) -> None:
    folder = shared_data("csv-oddities/csv-spectrum")
    for path in sorted((folder / "csvs").glob("*.csv")):
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        parsed = read_file(path, dict.fromkeys(expected[0], pa.string()))
        rows = parsed.table.drop_columns("_line").to_pylist()
        assert [{name: value or "" for name, value in row.items()} for row in rows] == expected, path


def test_seventy_days_of_covid_reports_become_one_table(shared_data: SharedData) -> None:
    """Their time format changes three times, and columns come in on 1 March."""
    schema = pa.schema([])
    widths = []
    for path in sorted(shared_data("covid-daily-reports").glob("*.csv")):
        parsed = read_file(path)
        kinds = dict(parsed.columns_seen)
        assert kinds["last_update"] == pa.timestamp("us", tz="UTC"), path
        day = parsed.table["last_update"].combine_chunks().sort(order="descending")[0].as_py()
        assert day.year == 2020, path
        schema = widen_schema(schema, without_empty_columns(parsed.table).schema)
        widths.append(len(kinds))
    assert dict(zip(schema.names, map(str, schema.types), strict=True)) == {
        "province_state": "string",
        "country_region": "string",
        "last_update": "timestamp[us, tz=UTC]",
        "confirmed": "int64",
        "deaths": "int64",
        "recovered": "int64",
        "_line": "int64",
        "latitude": "double",
        "longitude": "double",
    }
    assert widths == [6] * 39 + [8] * 31
