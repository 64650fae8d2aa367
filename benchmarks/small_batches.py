"""A thousand rows at a time: one column from Arrow, ten columns from CSV, beside pandas and DuckDB."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.csv_profile import write_rows
from benchmarks.duckdb_aggregates import QUANTILES, full
from benchmarks.report import print_report
from dqm_assets.quality.profile import Profile, profile, profile_csv

ROWS = 1000


def main() -> None:
    """Measure and report CPU microseconds per call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write_rows(path, ROWS)
        costs = _measure(_contenders(path), options.rounds)
    figures = {
        "csv_vs_duckdb": round(costs["csv: duckdb"] / costs["csv: ours"], 1),
        "csv_vs_pandas": round(costs["csv: pandas describe"] / costs["csv: ours"], 1),
        "us_per_column": round(costs["one column: ours"], 1),
        "column_vs_duckdb": round(costs["one column: duckdb"] / costs["one column: ours"], 1),
        "column_vs_pandas": round(costs["one column: pandas describe"] / costs["one column: ours"], 1),
    }
    peers = {name: {"cpu_us": round(cost, 1)} for name, cost in costs.items()}
    print_report("small_batches", figures, peers, as_json=options.json)


def _contenders(path: Path) -> dict[str, tuple[Callable[[], object], int]]:
    """What to run, and how often in one round."""
    connection = duckdb.connect()
    table = pa.table({"x": np.random.default_rng(31).normal(10, 2, ROWS)})
    frame = table.to_pandas()
    connection.register("t", table)
    one = f"SELECT {full('x', 'number')} FROM t"
    found = profile_csv(path)
    aggregates = ", ".join(full(name, column.kind) for name, column in found.columns.items())
    many = f"SELECT {aggregates} FROM read_csv('{path}')"
    return {
        "one column: ours": (lambda: _metrics(profile(table)), 300),
        "one column: duckdb": (lambda: connection.execute(one).fetchall(), 20),
        "one column: pandas describe": (lambda: frame.describe(percentiles=list(QUANTILES)), 20),
        "csv: ours": (lambda: _metrics(profile_csv(path)), 30),
        "csv: duckdb": (lambda: connection.execute(many).fetchall(), 3),
        "csv: pandas describe": (
            lambda: pd.read_csv(path, parse_dates=["at"]).describe(
                include="all", percentiles=list(QUANTILES)
            ),
            3,
        ),
    }


def _metrics(found: Profile) -> list[object]:
    return [column.metrics() for column in found.columns.values()]


def _measure(contenders: dict[str, tuple[Callable[[], object], int]], rounds: int) -> dict[str, float]:
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for run, _ in contenders.values():
        run()
    for _ in range(rounds):
        for name, (run, times) in contenders.items():
            start = time.process_time()
            for _ in range(times):
                run()
            samples[name].append((time.process_time() - start) / times * 1e6)
    return {name: statistics.median(found) for name, found in samples.items()}


if __name__ == "__main__":
    main()
