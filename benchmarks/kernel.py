"""The kernel beside DuckDB, polars, pyarrow, pandas and numpy on Arrow data in memory.

Ratios are a peer's CPU seconds over ours, of the same rows on both sides (medians; peers that take seconds
run three times, those that take half a minute once: see `rounds`); `moments_vs_sum` is ours over np.sum.
Accuracy is against the exact answer of the same data. About six minutes on a quiet machine with two cores.
"""

import argparse
from collections.abc import Callable

import duckdb
import mpmath
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.cpu_seconds import Cost, as_report, measure, ratio
from benchmarks.duckdb_aggregates import QUANTILES, full, moments
from benchmarks.report import print_report
from dqm_assets.quality.profile import profile

NULLS = 0.05
DISTINCT_TRIALS = 40


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--rows", type=int, default=100_000_000, help="rows of the single float column")
    parser.add_argument("--mixed-rows", type=int, default=20_000_000, help="rows of the ten mixed columns")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    single = _single_column(options.rows, options.rounds)
    figures = {**_single_figures(single), **_accuracy(options.rows)}
    mixed = _mixed_columns(options.mixed_rows, options.rounds)
    figures["mixed_vs_duckdb"] = ratio(mixed, "mixed: duckdb", "mixed: ours")
    figures["mixed_vs_summarize"] = ratio(mixed, "mixed: duckdb summarize", "mixed: ours")
    figures["rows"], figures["mixed_rows"] = options.rows, options.mixed_rows
    print_report("kernel", figures, as_report({**single, **mixed}), as_json=options.json)


def _metrics(table: pa.Table, *, sketches: bool) -> list[object]:
    return [column.metrics() for column in profile(table, sketches=sketches).columns.values()]


def _floats(rows: int) -> np.ndarray:
    return np.random.default_rng(20).normal(10, 2, rows)


def _single_column(rows: int, rounds: int) -> dict[str, Cost]:
    values = _floats(rows)
    table = pa.table({"x": values})
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    connection = duckdb.connect()
    connection.register("t", table)

    def sql(text: str) -> Callable[[], object]:
        return lambda: connection.execute(text).fetchall()

    x = pl.col("x")
    few = [x.len(), x.count(), x.mean(), x.std(), x.min(), x.max(), x.skew(), x.kurtosis(), x.sum()]
    polars_moments = [e.alias(str(i)) for i, e in enumerate(few)]
    exact = [x.quantile(q).alias(f"q{q}") for q in QUANTILES] + [x.n_unique().alias("n")]
    column = table["x"]
    return measure(
        {
            "numpy sum": lambda: np.sum(values),
            "moments: ours": lambda: _metrics(table, sketches=False),
            "moments: polars": lambda: frame.lazy().select(polars_moments).collect(),
            "moments: pyarrow": lambda: [
                pc.mean(column), pc.stddev(column), pc.min_max(column), pc.sum(column), pc.skew(column),
                pc.kurtosis(column), pc.count(column),
            ],
            "moments: duckdb": sql(f"SELECT {moments('x')} FROM t"),
            "full: ours": lambda: _metrics(table, sketches=True),
            "full: duckdb": sql(f"SELECT {full('x', 'number')} FROM t"),
            "full: duckdb summarize": sql("SUMMARIZE t"),
            "full: polars exact": lambda: frame.lazy().select(polars_moments + exact).collect(),
            "full: pandas describe": lambda: table.to_pandas().describe(percentiles=list(QUANTILES)),
        },
        rounds,
    )  # fmt: skip


def _single_figures(costs: dict[str, Cost]) -> dict[str, float | None]:
    return {
        "moments_vs_sum": ratio(costs, "moments: ours", "numpy sum"),
        "moments_vs_polars": ratio(costs, "moments: polars", "moments: ours"),
        "moments_vs_duckdb": ratio(costs, "moments: duckdb", "moments: ours"),
        "moments_vs_pyarrow": ratio(costs, "moments: pyarrow", "moments: ours"),
        "full_vs_duckdb": ratio(costs, "full: duckdb", "full: ours"),
        "full_vs_summarize": ratio(costs, "full: duckdb summarize", "full: ours"),
        "full_vs_polars": ratio(costs, "full: polars exact", "full: ours"),
        "full_vs_pandas": ratio(costs, "full: pandas describe", "full: ours"),
    }


def _accuracy(rows: int) -> dict[str, float]:
    values = _floats(rows)
    column = profile(pa.table({"x": values})).columns["x"]
    found = [column.quantile(q) for q in QUANTILES]
    values.sort()
    ranks = np.searchsorted(values, found, side="right") / rows
    del values
    random = np.random.default_rng(21)
    errors = []
    for _ in range(DISTINCT_TRIALS):
        distinct = 200_000
        table = pa.table({"x": random.random(distinct)})
        estimate = profile(table).columns["x"].metrics()["distinct_count"]
        assert isinstance(estimate, int)
        errors.append(estimate / distinct - 1)
    return {
        "rank_error": float(np.max(np.abs(ranks - np.array(QUANTILES)))),
        "distinct_error": float(np.sqrt(np.mean(np.square(errors)))),
        "stddev_error": _stddev_error(random),
    }


def _stddev_error(random: np.random.Generator) -> float:
    """Relative error of the standard deviation where mean over stddev is 1e10, against 60 digits."""
    values = 1e10 + random.normal(size=200_000)
    with mpmath.workdps(60):
        numbers = [mpmath.mpf(v) for v in values.tolist()]
        mean = mpmath.fsum(numbers) / len(numbers)
        exact = mpmath.sqrt(mpmath.fsum((v - mean) ** 2 for v in numbers) / (len(numbers) - 1))
        ours = profile(pa.table({"x": values})).columns["x"].metrics()["stddev"]
        return float(abs(ours - exact) / exact)


def _mixed_table(rows: int) -> pa.Table:
    random = np.random.default_rng(22)

    def some(values: np.ndarray | pa.Array) -> pa.Array:
        valid = pa.array(random.random(rows) >= NULLS)
        return pc.if_else(valid, pa.array(values), None)

    cities = pa.array([f"city {i}" for i in range(500)])
    codes = pa.array([f"device-{i:07}" for i in range(200_000)])
    start = 1_700_000_000_000_000
    return pa.table(
        {
            "id": pa.array(np.arange(rows)),
            "count": some(random.integers(0, 1000, rows)),
            "amount": some(random.integers(0, 1 << 40, rows)),
            "a": some(random.normal(10, 2, rows)),
            "b": some(random.normal(0, 1, rows)),
            "c": some(random.random(rows)),
            "d": some(random.exponential(3, rows)),
            "at": some(pa.array(start + np.arange(rows) * 1_000_000, pa.timestamp("us"))),
            "city": some(cities.take(pa.array(random.integers(0, 500, rows)))),
            "code": some(codes.take(pa.array(random.integers(0, 200_000, rows)))),
        }
    )


def _mixed_columns(rows: int, rounds: int) -> dict[str, Cost]:
    table = _mixed_table(rows)
    connection = duckdb.connect()
    connection.register("t", table)
    kinds = {name: column.kind for name, column in profile(table.slice(0, 1000)).columns.items()}
    aggregates = ", ".join(full(name, kind) for name, kind in kinds.items())
    return measure(
        {
            "mixed: ours": lambda: _metrics(table, sketches=True),
            "mixed: duckdb": lambda: connection.execute(f"SELECT {aggregates} FROM t").fetchall(),
            "mixed: duckdb summarize": lambda: connection.execute("SUMMARIZE t").fetchall(),
        },
        rounds,
    )


if __name__ == "__main__":
    main()
