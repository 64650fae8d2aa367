"""A million rows through the tools that profile tables: whylogs, Great Expectations and pandas.

They measure different sets of metrics; each makes its own default profile. Ratios are a tool's CPU seconds
over ours. A tool that is not installed, or does not run beside the libraries that are, is named with why.
whylogs needs older packages than dqm, and so an interpreter of its own, in which it runs after the others::

    python -m venv /tmp/whylogs && /tmp/whylogs/bin/pip install whylogs==1.6.4 "pandas<3"
    python -m benchmarks.profile_tools --whylogs-python /tmp/whylogs/bin/python
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.cpu_seconds import Cost, as_report, measure, ratio
from benchmarks.report import print_report
from dqm_assets.quality.profile import profile

_WHYLOGS = """
import sys, time
import pandas as pd, whylogs
frame = pd.read_csv(sys.argv[1])
whylogs.log(frame.head(100)).view().to_pandas()
for _ in range(int(sys.argv[2])):
    cpu, wall = time.process_time(), time.perf_counter()
    whylogs.log(frame).view().to_pandas()
    print(time.process_time() - cpu, time.perf_counter() - wall)
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whylogs-python", default=sys.executable, help="an interpreter that has whylogs")
    options = parser.parse_args()
    frame = _frame(options.rows)
    table = pa.Table.from_pandas(frame)
    contenders: dict[str, Callable[[], object]] = {
        "ours": lambda: [column.metrics() for column in profile(table).columns.values()],
        "pandas describe": lambda: frame.describe(include="all"),
    }
    missing: dict[str, str] = {}
    try:
        contenders["great_expectations"] = _great_expectations(frame)
    except Exception as problem:  # whatever keeps a peer from running is its reason
        missing["great_expectations"] = f"{type(problem).__name__}: {problem}".splitlines()[0][:160]
    costs = measure(contenders, options.rounds)
    try:
        costs["whylogs"] = _whylogs(options.whylogs_python, frame, options.rounds)
    except subprocess.CalledProcessError as problem:
        missing["whylogs"] = problem.stderr.strip().splitlines()[-1][:160]
    figures: dict[str, Any] = {
        f"vs_{name.replace(' ', '_')}": ratio(costs, name, "ours") for name in costs if name != "ours"
    }
    figures["rows"] = options.rows
    peers: dict[str, Any] = {**as_report(costs), **{name: {"missing": why} for name, why in missing.items()}}
    print_report("profile_tools", figures, peers, as_json=options.json)


def _frame(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(50)
    cities = np.array(["Berlin", "Paris", "Rome", "Oslo"])
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "x": random.normal(10, 2, rows),
            "y": random.exponential(3, rows),
            "city": cities[random.integers(0, 4, rows)],
        }
    )


def _whylogs(python: str, frame: pd.DataFrame, rounds: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.csv"
        frame.to_csv(path, index=False)
        command = [python, "-c", _WHYLOGS, str(path), str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    numbers = [float(number) for number in done.stdout.split()]
    cpu, wall = statistics.median(numbers[::2]), statistics.median(numbers[1::2])
    return Cost(round(cpu, 6), round(wall, 6), 0.0, rounds)


def _great_expectations(frame: pd.DataFrame) -> Callable[[], object]:
    import great_expectations as gx  # noqa: PLC0415 - of the extra `bench`

    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="profile")
    for column in frame.columns:
        suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column=column))
        suite.add_expectation(
            gx.expectations.ExpectColumnUniqueValueCountToBeBetween(column=column, min_value=1)
        )
    for column in frame.select_dtypes("number").columns:
        for expectation in (
            gx.expectations.ExpectColumnMeanToBeBetween,
            gx.expectations.ExpectColumnStdevToBeBetween,
            gx.expectations.ExpectColumnMinToBeBetween,
            gx.expectations.ExpectColumnMaxToBeBetween,
            gx.expectations.ExpectColumnMedianToBeBetween,
        ):
            suite.add_expectation(expectation(column=column, min_value=-1e300, max_value=1e300))
    return lambda: batch.validate(suite)


if __name__ == "__main__":
    main()
