"""Loading: what does not parse is quarantined, same content is one run, a kill loses and doubles nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dqm_assets.ingest import Landing
from dqm_assets.pipeline import load
from dqm_assets.pipeline.claims import recover_claims
from dqm_assets.pipeline.datasets import DETECTOR, find_dataset
from dqm_assets.settings import Settings
from dqm_assets.simulate.runs import RunSeries, run_csv
from dqm_assets.store import Store
from tests.integration.pipeline.conftest import NewPlatform
from tests.integration.pipeline.platform import Platform

ROOT = Path(__file__).parents[3]
SERIES = RunSeries(rows=40, anomaly_rate=0.0)


def csv_of(index: int) -> bytes:
    return run_csv(SERIES.run(index))


def test_the_same_file_twice_is_one_run_whatever_its_name(platform: Platform) -> None:
    platform.drop("a.csv", csv_of(0))
    platform.process()
    before = platform.everything()
    platform.drop("a.csv", csv_of(0))
    first = platform.claim()
    assert platform.load(first).loaded == [claim.run_id for claim in first]
    platform.drop("b.csv", csv_of(0))
    assert platform.claim() == []
    platform.follow([claim.run_id for claim in first])
    assert platform.everything() == before
    assert platform.landing.pending_claims() == []


def test_the_same_content_under_two_names_in_one_drop_is_one_run(platform: Platform) -> None:
    platform.drop("a.csv", csv_of(0))
    platform.drop("b.csv", csv_of(0))
    platform.drop("c.csv", csv_of(1))
    claims = platform.claim()
    assert len(claims) == 2
    assert (
        platform.load(claims).rows_loaded
        == platform.store.rows("SELECT count(*) AS n FROM raw.detector_readings")[0]["n"]
    )


def test_a_file_that_cannot_be_read_is_quarantined_whole_and_the_others_are_loaded(
    platform: Platform,
) -> None:
    platform.drop("empty.csv", b"")
    platform.drop("good.csv", csv_of(0))
    claims = platform.claim()
    summary = platform.load(claims)
    assert [run_id.split("-")[0] for run_id in summary.quarantined_files] == ["empty"]
    assert [run_id.split("-")[0] for run_id in summary.loaded] == ["good"]
    row = platform.store.rows("SELECT * FROM raw.quarantine")[0]
    assert (row["line"], row["column_name"], row["file"], row["code"]) == (0, "", "empty.csv", "empty_file")
    run = platform.store.rows("SELECT * FROM metrics.runs WHERE status = 'QUARANTINED'")[0]
    assert (run["file"], run["rows_in"], run["rows_loaded"]) == ("empty.csv", 0, 0)
    assert json.loads(run["reasons"])[0]["code"] == "empty_file"
    kept = platform.landing.locate("detector", summary.quarantined_files[0])
    assert kept is not None
    assert "quarantine" in kept.path.parts
    judged = platform.follow([claim.run_id for claim in claims])
    assert [run.run_id for run in judged] == summary.loaded


def test_a_bad_row_is_quarantined_with_file_line_reason_and_text(platform: Platform) -> None:
    lines = csv_of(0).splitlines(keepends=True)
    lines[5] = b"2026-01-01T00:00:00Z,north,not a number,1,2,3\n"
    lines[9] = b"2026-01-01T00:00:00Z,north\n"
    platform.drop("run.csv", b"".join(lines))
    platform.process()
    rows = platform.store.rows("SELECT * FROM raw.quarantine ORDER BY line")
    assert [(row["line"], row["column_name"], row["code"]) for row in rows] == [
        (6, "value", "wrong_type"),
        (10, "", "too_few_fields"),
    ]
    assert {row["file"] for row in rows} == {"run.csv"}
    assert rows[0]["raw_text"] == lines[5].decode().rstrip("\n")
    assert "not a number" in rows[0]["reason"]
    run = platform.store.rows("SELECT * FROM metrics.runs")[0]
    assert (run["rows_in"], run["rows_loaded"], run["rows_quarantined"]) == (
        len(lines) - 1,
        len(lines) - 3,
        2,
    )
    loaded = platform.store.rows("SELECT _line FROM raw.detector_readings ORDER BY _line")
    assert [row["_line"] for row in loaded] == [n for n in range(2, len(lines) + 1) if n not in {6, 10}]


def test_a_mended_file_is_a_run_of_its_own_and_the_old_one_stays(platform: Platform) -> None:
    lines = csv_of(0).splitlines(keepends=True)
    platform.drop("run.csv", b"".join([*lines, b"broken\n"]))
    platform.process()
    platform.drop("run.csv", b"".join(lines))
    platform.process()
    assert platform.count() == 2
    assert platform.count("rows_quarantined = 0") == 1


def test_a_new_column_is_added_and_a_wider_type_widens_the_table(new_platform: NewPlatform) -> None:
    platform = new_platform("orders")
    platform.drop("2026-01-01.csv", b"id,amount\n1,10\n2,20\n")
    platform.process()
    platform.drop("2026-01-02.csv", b"id,amount,note\n3,10.5,late\n")
    platform.process()
    platform.drop("2026-01-03.csv", b"id,amount\n4,many\n")
    platform.process()
    rows = platform.store.rows("SELECT id, amount, note FROM raw.orders ORDER BY id")
    # Whole numbers became decimal ones before they became text.
    assert [(row["id"], row["amount"], row["note"]) for row in rows] == [
        (1, "10.0", None),
        (2, "20.0", None),
        (3, "10.5", "late"),
        (4, "many", None),
    ]
    changes = platform.store.rows("SELECT run_id, changes FROM monitoring.schema_history ORDER BY ts")
    kinds = [[(c["kind"], c["column"]) for c in json.loads(row["changes"])] for row in changes]
    assert kinds[0] == []
    assert ("added", "note") in kinds[1]
    assert ("removed", "note") in kinds[2]


def test_a_run_is_measured_and_judged_by_the_columns_its_own_file_had(new_platform: NewPlatform) -> None:
    platform = new_platform("orders")
    platform.drop("2026-01-01.csv", b"id,amount\n1,10\n2,20\n")
    platform.drop("2026-01-02.csv", b"id,amount,note\n3,30,late\n")
    platform.process()
    noted = platform.store.rows(
        "SELECT r.file FROM metrics.metrics AS m JOIN metrics.runs AS r ON r.run_id = m.batch "
        "WHERE m.column_name = 'note' AND m.metric = 'null_fraction'"
    )
    assert [row["file"] for row in noted] == ["2026-01-02.csv"]


def test_a_load_killed_between_commit_and_archive_is_repeated_to_the_same_rows(
    settings: Settings, store: Store, new_platform: NewPlatform
) -> None:
    dataset = find_dataset(settings, DETECTOR)
    killed = Platform(Landing(settings.landing_folder), store, dataset)
    undisturbed = new_platform()
    for index in range(4):
        for each in (killed, undisturbed):
            each.drop(f"run-{index}.csv", csv_of(index))
    for left in (3, 2):
        assert _load_and_die(settings) == -signal.SIGKILL
        assert len(killed.landing.pending_claims()) == left
        assert killed.count("status = 'LOADED'") == 4
    claims = recover_claims(store, killed.landing, killed.dataset)
    killed.load(claims)
    assert killed.landing.pending_claims() == []
    ids = [claim.run_id for claim in undisturbed.claim()]
    undisturbed.load(undisturbed.relocate(ids))
    killed.follow(ids)
    undisturbed.follow(ids)
    assert killed.everything() == undisturbed.everything()


def _load_and_die(settings: Settings) -> int:
    environment = {
        **os.environ,
        "DQM_HOME": str(settings.home),
        "DQM_POSTGRES_URL": str(settings.postgres_url),
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.pipeline.killed_load"],
        cwd=ROOT,
        env=environment,
        check=False,
        timeout=120,
    ).returncode


def test_two_loads_at_once_take_the_same_content_once_and_a_claim_twice_loads_it_once(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"timestamp,sensor,value\n2026-05-01T00:00:00Z,a,1\n2026-05-01T00:00:01Z,a,2\n"
    claims = []
    for name in ("one.csv", "two.csv"):
        claim = platform.landing.claim(platform.drop(name, content))
        assert claim is not None
        claims.append(claim)
    real = load.read_file

    def slow(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.5)
        return real(*arguments, **options)

    monkeypatch.setattr(load, "read_file", slow)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(platform.load, [[claims[0]], [claims[1]], [claims[0]]]))
    assert platform.count() == 1
    assert platform.count("status = 'LOADED' AND rows_loaded = 2") == 1
    assert len(platform.rows(platform.dataset.raw_table)) == 2
    assert platform.landing.pending_claims() == []
