"""Contracts: 20 clauses over rows of 10 columns, beside Pandera and the tools made for contracts.

``python -m benchmarks.contracts --json``. Each engine has a process of its own and the
rows in its own form in memory before the clock starts (``dqm_parquet`` and ``datacontract`` read them from
the file, as from the store).
The order is repeated ``--repeat`` times and the least CPU seconds of each engine count. ``peak_mib`` is the
whole process of ``dqm_parquet``. ``stated_by_…`` says how many of the clauses a peer can express; Soda Core
and datacontract-cli count failing rows, the others also find them.

A peer that is not installed is named as missing. Great Expectations is in the extra ``bench``; Soda Core and
datacontract-cli need older packages than dqm and so an interpreter of their own, with pandas and pyarrow::

    python -m venv /tmp/soda && /tmp/soda/bin/pip install soda-duckdb==4.28.0 pandas pyarrow
    python -m venv /tmp/datacontract
    /tmp/datacontract/bin/pip install "datacontract-cli[duckdb]==1.2.8" numpy pyarrow
    python -m benchmarks.contracts --peer-python soda=/tmp/soda/bin/python \\
        --peer-python datacontract=/tmp/datacontract/bin/python
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contract_rows import COMPARED, CONTRACT, write_rows
from benchmarks.report import print_report

#: What to install for a peer, and the module that tells whether it is there.
PACKAGES = {
    "pandera": ("pandera", "pandera"),
    "great_expectations": ("great-expectations", "great_expectations"),
    "soda": ("soda-duckdb", "soda_duckdb"),
    "datacontract": ("datacontract-cli[duckdb]", "datacontract"),
}


def measure(rows: Path, contract: Path, repeat: int, pythons: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Run every engine that is at hand, in turn; gives the best run of each.

    Args:
        rows: Parquet file.
        contract: ODCS file.
        repeat: Times each engine runs.
        pythons: Interpreters of peers that are not in this one, by peer.
    """
    best: dict[str, dict[str, Any]] = {}
    for _ in range(repeat):
        for engine in ("dqm", "dqm_parquet", *PACKAGES):
            found = _run(pythons.get(engine, sys.executable), engine, rows, contract)
            if "cpu_s" in found and found["cpu_s"] > best.get(engine, found)["cpu_s"]:
                continue
            best[engine] = found
    return best


def _run(python: str, engine: str, rows: Path, contract: Path) -> dict[str, Any]:
    package, module = PACKAGES.get(engine, ("", ""))
    if module and not _has(python, module):
        return {"note": f"missing: {package} is not installed for {python}; see --peer-python"}
    command = [python, "-m", "benchmarks.contract_engines", engine, str(rows), str(contract)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"note": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def _has(python: str, module: str) -> bool:
    if shutil.which(python) is None:
        return False
    found = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return found.returncode == 0


def _pythons(stated: Sequence[str]) -> dict[str, str]:
    """Read ``peer=python`` entries; one without a peer's name is for every peer that has none of its own."""
    named = dict(entry.split("=", 1) for entry in stated if "=" in entry)
    unknown = named.keys() - PACKAGES.keys()
    if unknown:
        raise SystemExit(
            f"--peer-python: no peer is called {', '.join(sorted(unknown))}; {', '.join(PACKAGES)}"
        )
    common = [entry for entry in stated if "=" not in entry]
    return {peer: common[-1] for peer in PACKAGES if common and peer != "pandera"} | named


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer-python", action="append", default=[], metavar="[PEER=]PYTHON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows, contract = Path(folder) / "rows.parquet", Path(folder) / "contract.odcs.yaml"
        write_rows(rows, arguments.rows)
        contract.write_text(CONTRACT)
        found = measure(rows, contract, arguments.repeat, _pythons(arguments.peer_python))
    ours = found.pop("dqm")
    stored = found.pop("dqm_parquet")
    figures: dict[str, Any] = {"rows": arguments.rows, "clauses": len(COMPARED)}
    figures |= {
        f"vs_{name}": peer["cpu_s"] / ours["cpu_s"] for name, peer in found.items() if "cpu_s" in peer
    }
    figures |= {
        f"stated_by_{name}": peer["stated_clauses"] for name, peer in found.items() if "cpu_s" in peer
    }
    figures |= {"cpu_s": ours["cpu_s"], "wall_s": ours["wall_s"], "failed_clauses": ours["failed_clauses"]}
    figures |= {"parquet_cpu_s": stored["cpu_s"], "peak_mib": stored["peak_mib"]}
    print_report("contracts", figures, found, as_json=arguments.json)


if __name__ == "__main__":
    main()
