"""What ``import dqm_assets.quality`` costs, beside the imports of the field: CPU seconds and peak memory."""

import argparse
import statistics
import subprocess
import sys

from benchmarks.report import print_report

#: Runs of each import, interleaved; the medians count.
ROUNDS = 5
OURS = "from dqm_assets.quality.profile import profile; from dqm_assets.quality.detectors import Detector"
PEERS = {
    "pandas": "import pandas",
    "pandera": "import pandera.pandas",
    "polars": "import polars",
    "great_expectations": "import great_expectations",
    "soda_core": "import soda.scan",
    "whylogs": "import whylogs",
}
_MEASURE = """
import resource, sys
{statement}
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


def main() -> None:
    """Measure and report; a peer that is not installed is left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    options = parser.parse_args()
    statements = {"python": "", "ours": OURS, **PEERS}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in statements}
    for _ in range(ROUNDS):
        for name, statement in statements.items():
            sample = _sample(statement)
            if sample is not None:
                samples[name].append(sample)
    costs = {name: _median(found) for name, found in samples.items() if found}
    print_report("import_cost", costs.pop("ours"), costs, as_json=options.json)


def _sample(statement: str) -> tuple[float, float] | None:
    """CPU seconds and peak MiB of a fresh interpreter that runs the statement; None when it is not there."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE.format(statement=statement)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return None
    cpu, peak = done.stdout.split()
    return float(cpu), float(peak)


def _median(found: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "cpu_s": round(statistics.median(cpu for cpu, _ in found), 3),
        "peak_mb": round(statistics.median(peak for _, peak in found), 1),
    }


if __name__ == "__main__":
    main()
