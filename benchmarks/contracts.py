"""Contracts: 20 clauses over rows of 10 columns, failing rows kept, beside Pandera and Great Expectations.

``python -m benchmarks.contracts --json --rows 10000000``. Each engine has a process of its own and the
rows in its own form in memory before the clock starts (``dqm_parquet`` reads them from the file, as
from the store).
The order is repeated ``--repeat`` times and the least CPU seconds of each engine count. ``peak_mib`` is the
whole process of ``dqm_parquet``. Peers that are not installed are left out with a note (extra ``bench``);
``--peer-python`` names an interpreter that has them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contract_rows import COMPARED, CONTRACT, write_rows
from benchmarks.report import print_report

_PEERS = {"pandera": "pandera", "great_expectations": "great_expectations"}


def measure(rows: Path, contract: Path, repeat: int, peer_python: str) -> dict[str, dict[str, Any]]:
    """Run every engine that is at hand, in turn; gives the best run of each."""
    engines = {"dqm": sys.executable, "dqm_parquet": sys.executable, "pandera": sys.executable}
    engines |= {"great_expectations": peer_python}
    best: dict[str, dict[str, Any]] = {}
    for _ in range(repeat):
        for engine, python in engines.items():
            found = _run(python, engine, rows, contract)
            if "cpu_s" in found and found["cpu_s"] > best.get(engine, found)["cpu_s"]:
                continue
            best[engine] = found
    return best


def _run(python: str, engine: str, rows: Path, contract: Path) -> dict[str, Any]:
    if engine in _PEERS and not _has(python, _PEERS[engine]):
        return {"note": f"{_PEERS[engine]} is not installed; install the extra bench"}
    command = [python, "-m", "benchmarks.contract_engines", engine, str(rows), str(contract)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"note": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def _has(python: str, package: str) -> bool:
    found = subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False)
    return found.returncode == 0


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows, contract = Path(folder) / "rows.parquet", Path(folder) / "contract.odcs.yaml"
        write_rows(rows, arguments.rows)
        contract.write_text(CONTRACT)
        found = measure(rows, contract, arguments.repeat, arguments.peer_python)
    ours = found.pop("dqm")
    stored = found.pop("dqm_parquet")
    figures: dict[str, Any] = {"rows": arguments.rows, "clauses": len(COMPARED)}
    figures |= {
        f"vs_{name}": peer["cpu_s"] / ours["cpu_s"] for name, peer in found.items() if "cpu_s" in peer
    }
    figures |= {"cpu_s": ours["cpu_s"], "wall_s": ours["wall_s"], "failed_clauses": ours["failed_clauses"]}
    figures |= {"parquet_cpu_s": stored["cpu_s"], "peak_mib": stored["peak_mib"]}
    print_report("contracts", figures, found, as_json=arguments.json)


if __name__ == "__main__":
    main()
