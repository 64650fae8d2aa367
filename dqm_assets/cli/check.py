"""``dqm check``: judge a file by a contract, and show failing rows again as they were."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table
from dqm_assets.errors import DqmError

if TYPE_CHECKING:
    from dqm_assets.ingest import ParsedFile
    from dqm_assets.quality.contracts import ClauseResult, Contract
    from dqm_assets.quality.contracts.sla import Breach

_SHOWN_REJECTS = 10
_FILE = "file"


class _FileByDefault(TyperGroup):
    """Takes ``dqm check FILE`` for ``dqm check file FILE``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before what is no command."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = [_FILE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FileByDefault,
    help="Judge a file by a contract: dqm check FILE --contract C. Failing rows again: dqm check show ID.",
    no_args_is_help=True,
)


@app.command(_FILE)
def check(
    file: Annotated[
        Path, typer.Argument(help="CSV (also .gz) or Parquet file.", exists=True, dir_okay=False)
    ],
    contract: Annotated[Path, typer.Option(help="ODCS contract to judge by.", exists=True, dir_okay=False)],
    dataset: Annotated[str | None, typer.Option(help="Schema entry to use; the first if not given.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Judge a file by a contract: every clause, every row that cannot be read, every column that changed.

    Service levels (latency, frequency, retention, time of availability) are judged by the newest and oldest
    time in the file and by when it was written, and told as warnings: they are about the dataset.

    Exit code 1 when a clause of severity error fails or a row has a value of the wrong type.
    """
    from dqm_assets.ingest import read_file
    from dqm_assets.quality.contracts import load_contract

    judged = load_contract(contract, dataset)
    parsed = read_file(file, columns=judged.columns)
    now = datetime.now(UTC)
    results = judged.check(parsed.table, now=now)
    late = _breaches(file, judged, parsed, now)
    failed = any(not result.passed and result.clause.severity == "error" for result in results)
    failed = failed or parsed.rows_rejected > 0
    if json_output:
        print_json(_document(file, judged, parsed, results, late, failed=failed))
    else:
        _show(file, judged, parsed, results, late)
    if failed:
        raise typer.Exit(DATA_FAILED)


@app.command()
def show(
    check_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="Evidence id of a check, or id of a contract alert; may be cut."),
    ],
    json_output: JsonFlag = False,
) -> None:
    """Show the failing rows of a stored check exactly as they were, whatever was written since.

    The rows are read from the snapshot that was judged; values that the contract classifies as sensitive stay
    hidden. Exit code 1 when the check had failed.
    """
    from dqm_assets.pipeline.datasets import find_dataset
    from dqm_assets.pipeline.evidence import evidence, find_outcomes
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        outcomes = find_outcomes(store, check_id)
        if not outcomes:
            raise DqmError(
                f"No check {check_id!r} is stored. Ids are in the checks' metadata and in `dqm alerts list`."
            )
        # Of an id that fits several, and of a clause judged again, the newest.
        found = evidence(store, find_dataset(settings(), outcomes[0]["dataset"]), outcomes[0])
    if json_output:
        print_json(vars(found))
    else:
        console.print(
            f"{found.clause} of {found.dataset}, run {found.run_id}, "
            f"judged {found.checked_at:%Y-%m-%d %H:%M} UTC at snapshot {found.snapshot}: {found.message}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        how = "read again from the snapshot" if found.reopened else f"kept when judged; {found.why_not}"
        print_table(f"{len(found.rows)} of {found.failing_rows:,} failing rows, {how}", found.rows)
    if not found.passed:
        raise typer.Exit(DATA_FAILED)


def _breaches(file: Path, contract: "Contract", parsed: "ParsedFile", now: datetime) -> "list[Breach]":
    """Service levels that do not hold, by the times in the file and by when it was written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = contract.timestamp_column
    written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    oldest, newest = None, None
    if column in parsed.table.column_names and pa.types.is_temporal(parsed.table.column(column).type):
        times = pc.cast(parsed.table.column(column), pa.timestamp("us", "UTC"))
        ends = pc.min_max(times).as_py()
        oldest, newest = ends["min"], ends["max"]
    return contract.sla.breaches(now, newest=newest, oldest=oldest, arrivals=[written])


def _document(
    file: Path,
    contract: "Contract",
    parsed: "ParsedFile",
    results: "list[ClauseResult]",
    late: "list[Breach]",
    *,
    failed: bool,
) -> dict[str, Any]:
    return {
        "file": str(file),
        "contract": contract.file,
        "dataset": contract.dataset,
        "passed": not failed,
        "rows_in": parsed.rows_in,
        "rows_rejected": parsed.rows_rejected,
        "rejects": [
            {"line": reject.line, "column": reject.column, "code": reject.code, "reason": reject.reason}
            for reject in parsed.rejects[:_SHOWN_REJECTS]
        ],
        "drift": [
            {"kind": change.kind, "column": change.column, "message": change.message}
            for change in _drift(contract, parsed)
        ],
        "clauses": [
            {
                "id": result.clause.id,
                "path": result.clause.path,
                "line": result.clause.line,
                "severity": result.clause.severity,
                "dimension": result.clause.dimension,
                "passed": result.passed,
                "judged": result.judged,
                "checked_rows": result.checked_rows,
                "failing_rows": result.failing_rows,
                "message": result.message,
                "engine": result.engine,
                "sample": result.sample,
            }
            for result in results
        ],
        "service_levels": [{"property": one.property, "message": one.message} for one in late],
        "refused": [
            {"path": refusal.path, "line": refusal.line, "what": refusal.what, "reason": refusal.reason}
            for refusal in contract.refusals
        ],
    }


def _drift(contract: "Contract", parsed: "ParsedFile"):
    from dqm_assets.pipeline.seen_columns import seen_columns
    from dqm_assets.quality.contracts.contract_drift import contract_changes

    return contract_changes(contract, seen_columns(parsed))


def _show(
    file: Path,
    contract: "Contract",
    parsed: "ParsedFile",
    results: "list[ClauseResult]",
    late: "list[Breach]",
) -> None:
    failing = [result for result in results if not result.passed]
    if failing:
        rows = [
            {
                "clause": result.clause.id,
                "severity": result.clause.severity,
                "failing": result.failing_rows,
                "rows": result.checked_rows,
                "what": result.message,
            }
            for result in failing
        ]
        print_table(f"{file.name}: {len(failing)} of {len(results)} clauses fail", rows)
        for result in failing:
            if result.sample:
                print_table(f"rows that break {result.clause.id}", result.sample)
    for reject in parsed.rejects[:_SHOWN_REJECTS]:
        console.print(f"line {reject.line}: {reject.reason}", markup=False, highlight=False)
    for change in _drift(contract, parsed):
        console.print(f"▲ {change.message}", markup=False, highlight=False)
    for breach in late:
        console.print(f"▲ {breach.property}: {breach.message}", markup=False, highlight=False)
    for refusal in contract.refusals:
        told = f"▲ not enforced, {contract.file}:{refusal.line}: {refusal.what}: {refusal.reason}"
        console.print(told, markup=False, highlight=False)
    rejected = (
        f", {parsed.rows_rejected:,} of {parsed.rows_in:,} rows cannot be read" if parsed.rejects else ""
    )
    passed = len(results) - len(failing)
    console.print(
        f"{file.name}: {passed} of {len(results)} clauses hold over {parsed.rows_loaded:,} rows{rejected}."
    )
