"""The `dqm` command: help, exit codes, one-line errors and JSON documents."""

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dqm_assets.cli.doctor import _CHECKS
from dqm_assets.settings import Settings
from dqm_assets.store import Store

COMMANDS = ("up", "ingest", "runs", "alerts", "profile", "check", "contract", "store", "simulate", "doctor")
Dqm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def dqm(settings: Settings) -> Dqm:
    """Runs `dqm` in a process of its own over a home and store of its own."""

    def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {"DQM_HOME": str(settings.home), "DQM_POSTGRES_URL": str(settings.postgres_url)}
        return subprocess.run(
            [sys.executable, "-m", "dqm_assets.cli", *map(str, arguments)],
            env={**os.environ, **own, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def test_help_lists_every_command_and_imports_none_of_them() -> None:
    code = (
        "import sys; from dqm_assets.cli.main import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'dagster', 'duckdb', 'pyarrow', 'pandas', 'numpy', 'dash'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in COMMANDS:
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("profile", "/not/there.csv"), ("runs", "--limit", "0")]
)
def test_wrong_usage_is_exit_code_2(dqm: Dqm, arguments: tuple[str, ...]) -> None:
    assert dqm(*arguments).returncode == 2


@pytest.mark.parametrize("raised", ["DqmError('install dqm[kafka], not [/b] x')", "OSError('disk full')"])
def test_any_error_is_told_whole_and_is_exit_code_2(raised: str) -> None:
    code = (
        "from dqm_assets.cli import main\nfrom dqm_assets.errors import DqmError\n"
        f"def fail(): raise {raised}\n"
        "main.cli = fail\nmain.app()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert raised.split("'")[1] in done.stderr


def test_a_wrong_setting_is_one_line_and_exit_code_2(dqm: Dqm) -> None:
    done = dqm("runs", DQM_PORT="eighty")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "DQM_PORT='eighty'" in done.stderr


def test_profile_prints_one_json_document(dqm: Dqm, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "name"), (1, "a"), (2, "b"), (3,)])
    done = dqm("profile", path, "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)["files"][0]
    assert (found["rows_in"], found["rows"], found["rows_rejected"]) == (3, 2, 1)
    assert {column["name"]: column["kind"] for column in found["columns"]} == {
        "id": "number",
        "name": "string",
    }
    table = dqm("profile", path)
    assert "2 rows × 2 columns" in table.stdout
    assert "1 of 3 rows do not parse" in table.stdout


def test_an_empty_registry_is_fine_and_a_bad_run_is_exit_code_1(dqm: Dqm, store: Store) -> None:
    empty = dqm("runs", "--json")
    assert (empty.returncode, json.loads(empty.stdout)) == (0, {"runs": []})
    with store.transaction("metrics.runs") as tx:
        tx.upsert(
            "metrics.runs",
            tx.query(
                "SELECT 'detector' AS dataset, 'r1' AS run_id, now() AS ts, 'BAD' AS status, "
                '\'[{"code": "contract", "message": "value is missing"}]\' AS reasons'
            ),
        )
    bad = dqm("runs", "--json")
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["runs"][0]["reasons"][0]["message"] == "value is missing"
    assert dqm("runs", "--status", "good").returncode == 0


def test_doctor_says_how_to_mend_what_is_amiss(dqm: Dqm, tmp_path: Path) -> None:
    (tmp_path / "wrong.odcs.yaml").write_text("apiVersion: v3.2.0\nkind: DataContract\nnonsense: 1\n")
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as closed:
        taken, silent = other.getsockname()[1], closed.getsockname()[1]
        closed.close()
        done = dqm(
            "doctor",
            "--json",
            DQM_PORT=str(taken),
            DQM_CONTRACTS=str(tmp_path),
            DQM_KAFKA_BOOTSTRAP=f"127.0.0.1:{silent}",
        )
    wrong = {each["what"]: each["detail"] for each in json.loads(done.stdout)["findings"] if not each["ok"]}
    assert done.returncode == 2
    assert f"{taken} is taken by another program; set DQM_PORT" in wrong["ports"]
    assert "dqm contract lint" in wrong["contracts"]
    assert f"127.0.0.1:{silent} does not answer" in wrong["Kafka"]


def test_runs_of_a_dataset_that_there_is_not_are_an_error(dqm: Dqm, store: Store) -> None:
    with store.transaction("metrics.runs") as tx:
        tx.upsert("metrics.runs", tx.query("SELECT 'detector' AS dataset, 'r1' AS run_id, 'GOOD' AS status"))
    done = dqm("runs", "--dataset", "detecter")
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no dataset 'detecter'. Did you mean detector?" in done.stderr
    assert dqm("runs", "--status", "fine").returncode == 2


def test_a_notification_test_without_channels_is_an_error(dqm: Dqm) -> None:
    done = dqm("notify", "test")
    assert done.returncode == 2
    assert "set DQM_NOTIFY_URLS" in done.stdout


def test_alerts_that_do_not_exist_are_told_in_one_line(dqm: Dqm) -> None:
    assert json.loads(dqm("alerts", "list", "--json").stdout) == {"alerts": []}
    done = dqm("alerts", "ack", "beef")
    assert done.returncode == 2
    assert "No alert starts with 'beef'" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_finds_this_machine_fit(dqm: Dqm) -> None:
    done = dqm("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert set(findings) == set(_CHECKS)
    assert "mean of 1, 2, 3 is 2.0" in findings["kernel"]["detail"]
    assert findings["store"]["ok"]
    assert findings["PostgreSQL"]["detail"].startswith("external")
    assert "nobody is told" in findings["notifications"]["detail"]
    assert "no mistake" in findings["contracts"]["detail"]
    assert "detector (declared)" in findings["datasets"]["detail"]
    assert done.returncode == (0 if all(finding["ok"] for finding in findings.values()) else 2)


def test_a_home_that_cannot_be_made_is_told_in_one_line(dqm: Dqm, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = dqm("runs", DQM_HOME=str(file / "home"))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"✕ {file / 'home'}")
    assert line.endswith(": Not a directory")
