"""Processes race for the landing folder and are killed in it: each file is claimed once, none is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from dqm_assets.ingest import Landing

pytestmark = pytest.mark.chaos

FILES = 200
CLAIMER = """
import sys
from pathlib import Path
from dqm_assets.ingest import Landing
landing = Landing(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.readline()
for path in landing.ready("detector", 0.0):
    claim = landing.claim(path)
    if claim is not None:
        print(claim.original_name, flush=True)
        if len(sys.argv) > 2:
            landing.archive(claim)
"""


def fill(folder: Path) -> Landing:
    landing = Landing(folder)
    dataset = landing.add_dataset("detector")
    for number in range(FILES):
        (dataset / f"run {number:03d}.csv").write_text(f"a\n{number}\n" * 500)
        os.utime(dataset / f"run {number:03d}.csv", (number, number))
    return landing


def start(folder: Path, *extra: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIMER, str(folder), *extra],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def claimed_by(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    with process.stdout:
        names = process.stdout.read().splitlines()
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
    return names


def race(folder: Path) -> int:
    """Let three processes claim all files; gives how many of them got any."""
    landing = fill(folder)
    processes = [start(folder) for _ in range(3)]
    for process in processes:
        go(process)
    shares = [claimed_by(process) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    counts = Counter(name for share in shares for name in share)
    assert len(counts) == FILES
    assert set(counts.values()) == {1}
    assert len(landing.pending_claims()) == FILES
    assert landing.ready("detector", 0.0) == []
    return sum(1 for share in shares if share)


def test_racing_processes_claim_each_file_once(tmp_path: Path) -> None:
    # On a busy machine one process may be done before the others begin: race until it was one.
    assert any(race(tmp_path / str(attempt)) > 1 for attempt in range(10))


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_process_loses_no_file(tmp_path: Path, seed: int) -> None:
    landing = fill(tmp_path)
    process = start(tmp_path, "archive")
    go(process)
    assert process.stdout is not None
    for _ in range(random.Random(seed).randrange(1, FILES - 20)):
        process.stdout.readline()
    time.sleep(random.Random(seed).random() / 500)
    process.send_signal(signal.SIGKILL)
    claimed_by(process)
    assert process.returncode == -signal.SIGKILL

    left = landing.ready("detector", 0.0)
    pending = landing.pending_claims()
    archived = list((tmp_path / ".dqm" / "archive").rglob("*.csv"))
    names = [path.name for path in left + archived] + [claim.original_name for claim in pending]
    assert sorted(names) == [f"run {number:03d}.csv" for number in range(FILES)]
    assert len(pending) <= 1
    assert all(claim.path.parent.name == claim.run_id for claim in pending)
    for claim in pending:
        landing.archive(claim)
    assert landing.pending_claims() == []
