"""The supervisor in a process of its own: what dies comes back, and the end leaves nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dqm_assets.cli.supervisor import only_one, refuse_taken_port
from dqm_assets.errors import SettingsError

ROOT = Path(__file__).parents[3]
#: Notes its start in a file, starts a child that will not hear SIGTERM, and will not hear it either.
STUBBORN = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
with pathlib.Path(sys.argv[1]).open("a") as file:
    file.write(f"{child.pid}\\n")
time.sleep(600)
"""
DYING = """
import pathlib, sys
with pathlib.Path(sys.argv[1]).open("a") as file:
    file.write("started\\n")
sys.exit(3)
"""
SUPERVISE = """
import asyncio, sys
from dqm_assets.cli import supervisor
supervisor._STOP_SECONDS = 1.0
code, notes, keep = sys.argv[1:]
asyncio.run(supervisor.supervise([
    supervisor.python_service("one", "-c", code, notes, keep=keep == "keep"),
]))
"""


def supervised(code: str, notes: Path, keep: str = "keep") -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", SUPERVISE, code, str(notes), keep], cwd=ROOT)


def wait_until(condition: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    process = supervised(DYING, notes)
    wait_until(lambda: len(lines(notes)) >= 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    stopped = len(lines(notes))
    time.sleep(0.2)
    assert len(lines(notes)) == stopped


def test_a_service_that_need_not_be_kept_is_let_go(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    process = supervised(DYING, notes, "once")
    wait_until(lambda: bool(lines(notes)))
    time.sleep(2.5)
    assert lines(notes) == ["started"]
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def test_sigterm_ends_a_whole_tree_that_does_not_want_to_end(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    process = supervised(STUBBORN, notes)
    wait_until(lambda: bool(lines(notes)))
    tree = psutil.Process(process.pid).children(recursive=True)
    assert len(tree) == 2
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    _, alive = psutil.wait_procs(tree, timeout=10)
    for survivor in alive:
        survivor.kill()
    assert alive == []


def test_a_second_one_for_the_same_home_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with only_one(tmp_path / "home"):
        second = subprocess.run(
            [sys.executable, "-m", "dqm_assets.cli", "up"],
            env={**os.environ, "DQM_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert second.returncode == 2
        assert "already runs" in second.stderr
        with only_one(tmp_path / "other"):
            pass
    with only_one(tmp_path / "home"):
        pass


def test_a_port_that_somebody_listens_on_is_refused_by_the_name_of_its_setting() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        refuse_taken_port("127.0.0.1", 0, "DQM_PORT")
        other.listen()
        with pytest.raises(SettingsError, match=f"Port {port} .* DQM_DAGSTER_PORT"):
            refuse_taken_port("127.0.0.1", port, "DQM_DAGSTER_PORT")
