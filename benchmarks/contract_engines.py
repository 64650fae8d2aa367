"""One engine judges the rows of the contract benchmark, in a process of its own.

``python -m benchmarks.contract_engines ENGINE rows.parquet contract.yaml`` prints one JSON line: CPU and wall
seconds of the check alone, the peak memory of the process, how many clauses the engine could state, and how
many of those failed.
"""

import argparse
import json
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.contract_peers import HIGH, LOW, PATTERN, Check, Judged, datacontract, soda
from benchmarks.contract_rows import COMPARED, SENSORS, STATES


def dqm(rows: Path, contract: Path) -> Check:
    """Our engine over an Arrow table in memory."""
    import pyarrow.parquet as pq

    return _ours(pq.read_table(rows), contract)


def dqm_parquet(rows: Path, contract: Path) -> Check:
    """Our engine over the file, as over a table of the store."""
    import duckdb

    return _ours(duckdb.connect().read_parquet(str(rows)), contract)


def _ours(data: Any, contract: Path) -> Check:
    from dqm_assets.quality.contracts import load_contract

    compiled = load_contract(contract)
    ids = {clause.id for clause in compiled.clauses}
    assert set(COMPARED) <= ids, set(COMPARED) - ids

    def check() -> Judged:
        results = compiled.check(data, now=datetime.now(UTC), only=COMPARED)
        assert len(results) == len(COMPARED)
        assert all(result.sample for result in results if not result.passed)
        return Judged(sum(not result.passed for result in results))

    return check


def pandera(rows: Path, _contract: Path) -> Check:
    """Pandera alone on a pandas frame, written as its users do: built-in checks, lazy, failure cases kept."""
    import pandas as pd
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    frame = pd.read_parquet(rows)
    low, high = pd.Timestamp(LOW, tz="UTC"), pd.Timestamp(HIGH, tz="UTC")
    few_nulls = pa.Check(lambda s: s.isna().mean() <= 0.02, ignore_na=False)
    schema = pa.DataFrameSchema(
        {
            "id": pa.Column(nullable=False, unique=True),
            "ts": pa.Column(checks=[pa.Check.ge(low), pa.Check.lt(high)]),
            "sensor": pa.Column(checks=pa.Check.isin(SENSORS)),
            "value": pa.Column(checks=[pa.Check.ge(-50), pa.Check.le(150), few_nulls], nullable=True),
            "ch1": pa.Column(checks=pa.Check.ge(0)),
            "ch2": pa.Column(checks=[pa.Check.gt(-5), pa.Check.lt(5)], nullable=True),
            "ch3": pa.Column(checks=pa.Check.le(200), nullable=True),
            "code": pa.Column(
                checks=[pa.Check.str_matches(PATTERN), pa.Check.str_length(max_value=7)], nullable=True
            ),
            "state": pa.Column(checks=pa.Check.isin(STATES)),
            "steps": pa.Column(checks=pa.Check(lambda s: s % 5 == 0), nullable=True),
        }
    )

    def check() -> Judged:
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            return Judged(errors.failure_cases.groupby(["column", "check"]).ngroups)
        return Judged(0)

    return check


def great_expectations(rows: Path, _contract: Path) -> Check:
    """Great Expectations on a pandas frame, the same 20 clauses, summary results."""
    import great_expectations as gx
    import pandas as pd

    frame = pd.read_parquet(rows)
    expect = gx.expectations
    low, high = pd.Timestamp(LOW, tz="UTC"), pd.Timestamp(HIGH, tz="UTC")
    expectations = [
        *(expect.ExpectColumnValuesToNotBeNull(column=c) for c in ("id", "ts", "sensor", "ch1", "state")),
        expect.ExpectColumnValuesToBeUnique(column="id"),
        expect.ExpectColumnValuesToBeBetween(column="ts", min_value=low),
        expect.ExpectColumnValuesToBeBetween(column="ts", max_value=high, strict_max=True),
        expect.ExpectColumnValuesToBeInSet(column="sensor", value_set=list(SENSORS)),
        expect.ExpectColumnValuesToBeBetween(column="value", min_value=-50),
        expect.ExpectColumnValuesToBeBetween(column="value", max_value=150),
        expect.ExpectColumnValuesToNotBeNull(column="value", mostly=0.98),
        expect.ExpectColumnValuesToBeBetween(column="ch1", min_value=0),
        expect.ExpectColumnValuesToBeBetween(column="ch2", min_value=-5, strict_min=True),
        expect.ExpectColumnValuesToBeBetween(column="ch2", max_value=5, strict_max=True),
        expect.ExpectColumnValuesToBeBetween(column="ch3", max_value=200),
        expect.ExpectColumnValuesToMatchRegex(column="code", regex=PATTERN),
        expect.ExpectColumnValueLengthsToBeBetween(column="code", max_value=7),
        expect.ExpectColumnValuesToBeInSet(column="state", value_set=list(STATES)),
        expect.ExpectColumnValuesToBeInSet(column="steps", value_set=list(range(0, 5000, 5))),
    ]
    assert len(expectations) == len(COMPARED)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("rows")
    definition = asset.add_batch_definition_whole_dataframe("batch")
    suite = context.suites.add(gx.ExpectationSuite("suite", expectations=expectations))
    validation = gx.ValidationDefinition(data=definition, suite=suite, name="validation")
    context.validation_definitions.add(validation)

    def check() -> Judged:
        result = validation.run(batch_parameters={"dataframe": frame})
        return Judged(result.statistics["unsuccessful_expectations"])

    return check


ENGINES = {
    engine.__name__: engine for engine in (dqm, dqm_parquet, pandera, great_expectations, soda, datacontract)
}


def main() -> None:
    """Judge once with one engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("rows", type=Path)
    parser.add_argument("contract", type=Path)
    arguments = parser.parse_args()
    check = ENGINES[arguments.engine](arguments.rows, arguments.contract)
    loaded = _peak_mib()
    cpu, wall = time.process_time(), time.perf_counter()
    judged = check()
    report = {
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "peak_mib": _peak_mib(),
        "loaded_mib": loaded,
        "failed_clauses": judged.failed,
        "stated_clauses": judged.stated,
    }
    print(json.dumps(report))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
