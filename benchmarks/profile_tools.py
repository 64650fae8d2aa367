"""A million rows through the tools that profile tables: whylogs, Great Expectations and pandas.

They measure different sets of metrics; each makes its own default profile. Ratios are a tool's CPU seconds
over ours. A tool that is not installed, or does not run beside the libraries that are, is named with why.
"""

import argparse
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.cpu_seconds import as_report, measure, ratio
from benchmarks.report import print_report
from dqm_assets.quality.profile import profile


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    random = np.random.default_rng(50)
    cities = np.array(["Berlin", "Paris", "Rome", "Oslo"])
    frame = pd.DataFrame(
        {
            "id": np.arange(options.rows),
            "x": random.normal(10, 2, options.rows),
            "y": random.exponential(3, options.rows),
            "city": cities[random.integers(0, 4, options.rows)],
        }
    )
    table = pa.Table.from_pandas(frame)
    contenders: dict[str, Callable[[], object]] = {
        "ours": lambda: [column.metrics() for column in profile(table).columns.values()],
        "pandas describe": lambda: frame.describe(include="all"),
    }
    missing: dict[str, str] = {}
    for name, prepare in {"whylogs": _whylogs, "great_expectations": _great_expectations}.items():
        try:
            run = prepare(frame)
            run()
            contenders[name] = run
        except Exception as problem:  # whatever keeps a peer from running is its reason
            missing[name] = f"{type(problem).__name__}: {problem}".splitlines()[0][:160]
    costs = measure(contenders, options.rounds)
    figures: dict[str, Any] = {
        f"vs_{name.replace(' ', '_')}": ratio(costs, name, "ours") for name in contenders if name != "ours"
    }
    figures["rows"] = options.rows
    peers: dict[str, Any] = {**as_report(costs), **{name: {"missing": why} for name, why in missing.items()}}
    print_report("profile_tools", figures, peers, as_json=options.json)


def _whylogs(frame: pd.DataFrame) -> Callable[[], object]:
    whylogs = importlib.import_module("whylogs")  # of the extra `bench`
    return lambda: whylogs.log(frame).view().to_pandas()


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
