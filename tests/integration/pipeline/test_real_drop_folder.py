"""Real files through the whole pipeline: seventy days of COVID reports, NAB, and pathological CSVs."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dqm_assets.cli.main import cli
from tests.integration.pipeline.conftest import NewPlatform
from tests.integration.pipeline.platform import Platform

SharedData = Callable[[str], Path]
COVID = "covid-daily-reports"
FIRST_OF_MARCH, JUMP = "03-01-2020.csv", "03-22-2020.csv"
#: Files of csv-oddities that are not UTF-8, as Python must be told.
ENCODINGS = {"test_utf16_big.csv": "utf-16", "test_utf16_little.csv": "utf-16", "test_latin1.csv": "latin-1"}


def records(path: Path) -> int:
    """Records that are no blank lines, by the standard library, which knows nothing of ours."""
    with path.open(encoding=ENCODINGS.get(path.name, "utf-8-sig"), newline="") as file:
        return sum(1 for record in csv.reader(file) if record)


@pytest.fixture(scope="module")
def covid(new_platform: NewPlatform, shared_data: SharedData) -> Platform:
    """All daily reports landed in order, every stage done."""
    platform = new_platform(COVID)
    # By name as by day: all are of one year.
    for path in sorted(shared_data(COVID).glob("*.csv")):
        platform.drop(path.name, path)
    platform.process()
    return platform


def test_every_row_of_every_daily_report_is_loaded_or_quarantined(
    covid: Platform, shared_data: SharedData
) -> None:
    expected = {path.name: records(path) - 1 for path in shared_data(COVID).glob("*.csv")}
    assert len(expected) == 70
    runs = covid.store.rows("SELECT file, run_id, rows_in, rows_loaded, rows_quarantined FROM metrics.runs")
    assert {run["file"]: run["rows_in"] for run in runs} == expected
    for run in runs:
        assert run["rows_in"] == run["rows_loaded"] + run["rows_quarantined"], run["file"]
    raw = covid.store.rows(f"SELECT _run_id, count(*) AS n FROM {covid.dataset.raw_table} GROUP BY ALL")
    assert {row["_run_id"]: row["n"] for row in raw} == {run["run_id"]: run["rows_loaded"] for run in runs}
    quarantined = covid.store.rows("SELECT count(*) AS n FROM raw.quarantine")[0]["n"]
    assert sum(row["n"] for row in raw) + quarantined == sum(expected.values())


def test_a_daily_report_is_dated_by_its_name(covid: Platform) -> None:
    rows = covid.store.rows("SELECT file, ts FROM metrics.runs ORDER BY ts")
    assert [row["file"] for row in rows] == sorted(row["file"] for row in rows)
    assert all(row["ts"].strftime("%m-%d-%Y.csv") == row["file"] for row in rows)


def test_what_changed_in_the_columns_is_flagged_on_its_day_and_on_no_other(covid: Platform) -> None:
    rows = covid.store.rows(
        "SELECT r.file, h.changes FROM monitoring.schema_history AS h JOIN metrics.runs AS r "
        "USING (dataset, run_id) ORDER BY h.ts"
    )
    assert len(rows) == 70
    told = {row["file"]: json.loads(row["changes"]) for row in rows if json.loads(row["changes"])}
    found = {
        file: {(change["kind"], change["column"]) for change in changes} for file, changes in told.items()
    }
    assert found == {
        FIRST_OF_MARCH: {("added", "latitude"), ("added", "longitude")},
        # "Mainland China" is called "China".
        "03-11-2020.csv": {("values", "country_region")},
        # The reports come by county: China is few of the rows, and some places have no coordinates.
        "03-22-2020.csv": {
            ("values", "country_region"),
            ("nullability", "latitude"),
            ("nullability", "longitude"),
        },
    }
    (renamed,) = told["03-11-2020.csv"]
    assert "'Mainland China' is probably called 'China' now" in renamed["detail"]
    assert not any(change["breaking"] for file in told if file != FIRST_OF_MARCH for change in told[file])


def test_the_volume_jump_of_22_march_makes_that_day_bad(covid: Platform) -> None:
    rows = covid.store.rows(
        "SELECT r.file, r.status, r.reasons, v.value, v.upper FROM metrics.runs AS r "
        "JOIN monitoring.verdicts AS v ON v.dataset = r.dataset AND v.batch = r.run_id "
        "WHERE v.metric = 'row_count' AND r.file = ?",
        [JUMP],
    )
    assert len(rows) == 1
    assert rows[0]["status"] == "BAD"
    assert rows[0]["value"] == 3417 > rows[0]["upper"]
    assert "row_count" in {reason["metric"] for reason in json.loads(rows[0]["reasons"])}
    alerts = covid.store.rows("SELECT last_ts, opened_ts FROM monitoring.alerts WHERE metric = 'row_count'")
    assert any(
        alert["opened_ts"].strftime("%m-%d") <= "03-22" <= alert["last_ts"].strftime("%m-%d")
        for alert in alerts
    )


def test_columns_that_came_later_are_empty_in_earlier_rows(covid: Platform) -> None:
    row = covid.store.rows(
        "SELECT count(*) FILTER (latitude IS NOT NULL) AS located, "
        "count(DISTINCT country_region) AS countries "
        f"FROM {covid.dataset.raw_table} AS raw JOIN metrics.runs AS r ON r.run_id = raw._run_id "
        "WHERE r.ts < TIMESTAMPTZ '2020-03-01'"
    )[0]
    assert row["located"] == 0
    assert row["countries"] > 50


@pytest.mark.parametrize("dataset", ["nab/data", "csv-oddities"])
def test_no_row_of_a_real_file_is_lost_on_its_way_into_a_table_of_its_own(
    new_platform: NewPlatform, shared_data: SharedData, dataset: str
) -> None:
    platform = new_platform(dataset.split("/", maxsplit=1)[0])
    paths = sorted(shared_data(dataset).rglob("*.csv"))
    for number, path in enumerate(paths):
        platform.drop(f"{number:03d}_{path.name}", path)
    judged = platform.process()
    runs = platform.store.rows("SELECT * FROM metrics.runs")
    contents = {path.read_bytes() for path in paths}
    assert len(runs) == len(contents)
    loaded = [run for run in runs if run["status"] != "QUARANTINED"]
    assert len(judged) == len(loaded)
    for run in loaded:
        path = paths[int(run["file"][:3])]
        assert run["rows_in"] == run["rows_loaded"] + run["rows_quarantined"], path
        delimiter_is_ours = json.loads(run["dialect"])["delimiter"] == ","
        if delimiter_is_ours:
            assert run["rows_in"] == records(path) - json.loads(run["dialect"])["header"], path
    raw = platform.store.rows(f"SELECT count(*) AS n FROM {platform.dataset.raw_table}")[0]["n"]
    assert raw == sum(run["rows_loaded"] for run in loaded)
    rejected = platform.store.rows("SELECT count(*) AS n FROM raw.quarantine WHERE line > 0")[0]["n"]
    assert rejected == sum(run["rows_quarantined"] for run in loaded)
    whole = {paths[int(run["file"][:3])].stat().st_size for run in runs if run["status"] == "QUARANTINED"}
    assert whole <= {0, 1, 2, 3}, "only files without a record are quarantined whole"


@pytest.mark.parametrize("folder", ["nab/data", "csv-oddities", COVID])
def test_profile_accounts_for_every_row_of_every_real_file(shared_data: SharedData, folder: str) -> None:
    paths = [path for path in sorted(shared_data(folder).rglob("*.csv")) if records(path)]
    result = CliRunner().invoke(cli, ["profile", "--json", *map(str, paths)])
    assert result.exit_code == 0, result.output
    files = json.loads(result.stdout)["files"]
    assert [file["file"] for file in files] == [str(path) for path in paths]
    for file in files:
        assert file["rows_in"] == file["rows"] + file["rows_rejected"], file["file"]
        for column in file["columns"]:
            assert column["metrics"]["row_count"] == file["rows"], (file["file"], column["name"])
