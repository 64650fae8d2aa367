"""What 100 contract checks add to a Dagster run of a 10-row asset.

``python -m benchmarks.check_overhead --json``. The same asset is materialised with and without its checks, in
turn, in this process, on dqm's own instance (embedded PostgreSQL) in a temporary home. ``seconds`` is the
difference of the median wall times, ``cpu_s`` that of this process's CPU times; every check must have been
evaluated.
"""

import argparse
import atexit
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
import pyarrow as pa

from benchmarks.report import print_report
from dqm_assets.checks.contract import contract_checks
from dqm_assets.dagster_home import dagster_instance
from dqm_assets.quality.contracts import Contract
from dqm_assets.quality.contracts.document import parse_document
from dqm_assets.quality.contracts.load import compile_document
from dqm_assets.settings import settings

ROWS, COLUMNS = 10, 20
_HEAD = """\
apiVersion: v3.2.0
kind: DataContract
id: overhead
version: 1.0.0
schema:
  - name: rows
    properties:
"""


def hundred_clauses() -> Contract:
    """Five clauses on each of 20 columns."""
    columns = "".join(
        f"      - {{name: c{number}, logicalType: number, required: true, "
        "logicalTypeOptions: {minimum: 0, maximum: 100}}\n"
        for number in range(COLUMNS)
    )
    contracts, problems = compile_document(parse_document(_HEAD + columns))
    assert not problems, problems
    return contracts[0]


def _seconds(definitions: dg.Definitions, instance: dg.DagsterInstance, checks: int) -> tuple[float, float]:
    job = definitions.resolve_implicit_global_asset_job_def()
    wall, cpu = time.perf_counter(), time.process_time()
    result = job.execute_in_process(instance=instance)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    assert result.success
    assert len(result.get_asset_check_evaluations()) == checks
    return spent


@contextmanager
def _instance() -> Generator[dg.DagsterInstance]:
    home = tempfile.mkdtemp()
    # Registered before the server's own farewell, so that it runs after it.
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["DQM_HOME"] = home
    os.environ.pop("DQM_POSTGRES_URL", None)
    with dagster_instance(settings()) as instance:
        yield instance


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    contract = hundred_clauses()
    table = pa.table({f"c{number}": [float(row) for row in range(ROWS)] for number in range(COLUMNS)})

    @dg.asset
    def rows() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    plain = dg.Definitions(assets=[rows])
    checked = dg.Definitions(assets=[rows], asset_checks=[contract_checks(rows, contract, lambda _: table)])
    without, within = [], []
    with _instance() as instance:
        for _ in range(arguments.repeat + 1):
            without.append(_seconds(plain, instance, 0))
            within.append(_seconds(checked, instance, len(contract.clauses)))
    # The first pair pays for imports and for making the instance's tables.
    wall, cpu = (
        statistics.median(pair[side] for pair in within[1:])
        - statistics.median(pair[side] for pair in without[1:])
        for side in (0, 1)
    )
    figures = {"seconds": wall, "cpu_s": cpu, "checks": len(contract.clauses), "first_run_s": within[0][0]}
    print_report("check_overhead", figures, {}, as_json=arguments.json)


if __name__ == "__main__":
    main()
