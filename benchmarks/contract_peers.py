"""Tools for contracts that the contract benchmark is compared with, each stating the same 20 clauses.

Each is imported in an interpreter of its own (``--peer-python`` of ``benchmarks.contracts``): their
dependencies and those of dqm do not go together. Nothing of what they do leaves the machine.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contract_rows import COMPARED, SENSORS, STATES

LOW, HIGH = "2020-01-01", "2030-01-01"
PATTERN = "^[A-Z]{2}-[0-9]{4}$"


@dataclass(frozen=True)
class Judged:
    """What one engine made of the clauses: how many it could state, and how many of those failed."""

    failed: int
    stated: int = len(COMPARED)


Check = Callable[[], Judged]


def soda(rows: Path, _contract: Path) -> Check:
    """Soda Core on a pandas frame in DuckDB, its way to judge frames; what it has no check for is SQL."""
    os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"
    import duckdb
    import pandas as pd
    from soda_core.contracts import verify_contract_locally
    from soda_duckdb import DuckDBDataSource

    frame = pd.read_parquet(rows)
    connection = duckdb.connect()
    connection.register("readings", frame)
    contract = rows.with_name("soda.json")
    columns = [{"name": name, "checks": checks} for name, checks in _SODA_COLUMNS.items()]
    document = {"dataset": "benchmark/main/readings", "columns": columns, "checks": _SODA_SQL}
    contract.write_text(json.dumps(document))  # which is YAML too
    source = DuckDBDataSource.from_existing_cursor(connection, name="benchmark")

    def check() -> Judged:
        session = verify_contract_locally(data_sources=[source], contract_file_path=str(contract))
        (result,) = session.results
        outcomes = [one.outcome.value for one in result.check_results]
        assert not set(outcomes) - {"PASSED", "FAILED"}, (outcomes, session.get_errors_str())
        return Judged(outcomes.count("FAILED"), len(outcomes))

    return check


def _invalid(name: str, **valid: Any) -> dict[str, Any]:
    return {"invalid": {"qualifier": name, **valid}}


def _failed_rows(name: str, expression: str) -> dict[str, Any]:
    return {"failed_rows": {"name": name, "qualifier": name, "expression": expression}}


_SODA_COLUMNS: dict[str, list[dict[str, Any]]] = {
    "id": [{"missing": {}}, {"duplicate": {}}],
    "ts": [{"missing": {}}],
    "sensor": [{"missing": {}}, _invalid("enum", valid_values=list(SENSORS))],
    "value": [
        _invalid("minimum", valid_min=-50),
        _invalid("maximum", valid_max=150),
        {"missing": {"threshold": {"metric": "percent", "must_be_less_than_or_equal": 2}}},
    ],
    "ch1": [{"missing": {}}, _invalid("minimum", valid_min=0)],
    "ch3": [_invalid("maximum", valid_max=200)],
    "code": [
        _invalid("pattern", valid_format={"name": "code", "regex": PATTERN}),
        _invalid("maxLength", valid_max_length=7),
    ],
    "state": [{"missing": {}}, _invalid("list", valid_values=list(STATES))],
}
#: Its limits are of numbers and include the limit itself; the rest it judges as expressions.
_SODA_SQL = [
    _failed_rows("ts_minimum", f"ts < TIMESTAMPTZ '{LOW} 00:00:00+00'"),
    _failed_rows("ts_exclusiveMaximum", f"ts >= TIMESTAMPTZ '{HIGH} 00:00:00+00'"),
    _failed_rows("ch2_exclusiveMinimum", "ch2 <= -5"),
    _failed_rows("ch2_exclusiveMaximum", "ch2 >= 5"),
    _failed_rows("steps_multipleOf", "steps % 5 <> 0"),
]


#: Its checks that are no clause of their own; an exclusive bound is a bound and a value that must not be.
_DATACONTRACT_OTHERS = {"field_is_present", "field_type", "field_not_equal"}
#: Release 1.2.8 can judge nothing of a schema in which one property has both bounds.
_TWO_BOUNDS, _ONE_BOUND = "{exclusiveMinimum: -5, exclusiveMaximum: 5}", "{exclusiveMinimum: -5}"


def datacontract(rows: Path, contract: Path) -> Check:
    """The Data Contract CLI on the file through DuckDB, with the contract that dqm has, but for one bound.

    It passes over multipleOf without a word, so 18 of the 20 clauses are judged.
    """
    import duckdb
    from datacontract.data_contract import DataContract

    written = contract.read_text()
    assert _TWO_BOUNDS in written
    servers = f"servers: [{{server: here, type: local, path: '{rows}', format: parquet}}]\n"
    stated = written.replace(_TWO_BOUNDS, _ONE_BOUND) + servers
    connection = duckdb.connect()

    def check() -> Judged:
        run = DataContract(data_contract_str=stated, server="here", duckdb_connection=connection).test()
        compared = [one for one in run.checks if one.type not in _DATACONTRACT_OTHERS]
        wrong = [f"{one.name}: {one.reason}" for one in run.checks if _unjudged(one)]
        assert not wrong, wrong
        return Judged(sum(one.result.value == "failed" for one in compared), len(compared))

    return check


def _unjudged(check: Any) -> bool:
    """Tell whether a check of a value came to no result; what it cannot do with types is a warning."""
    if check.type == "field_type":
        return False
    result = "" if check.result is None else check.result.value
    return result not in {"passed", "failed"} or "rror evaluating" in (check.reason or "")
