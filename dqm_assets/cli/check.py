"""``dqm check``: judge a file by a contract."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.ingest import ParsedFile
    from dqm_assets.quality.contracts import ClauseResult, Contract

_SHOWN_REJECTS = 10


def check(
    file: Annotated[
        Path, typer.Argument(help="CSV (also .gz) or Parquet file.", exists=True, dir_okay=False)
    ],
    contract: Annotated[Path, typer.Option(help="ODCS contract to judge by.", exists=True, dir_okay=False)],
    dataset: Annotated[str | None, typer.Option(help="Schema entry to use; the first if not given.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Judge a file by a contract: every clause, every row that cannot be read, every column that changed.

    Exit code 1 when a clause of severity error fails or a row has a value of the wrong type.
    """
    from dqm_assets.ingest import read_file
    from dqm_assets.quality.contracts import load_contract

    judged = load_contract(contract, dataset)
    parsed = read_file(file, columns=judged.columns)
    results = judged.check(parsed.table, now=datetime.now(UTC))
    failed = any(not result.passed and result.clause.severity == "error" for result in results)
    failed = failed or parsed.rows_rejected > 0
    if json_output:
        print_json(_document(file, judged, parsed, results, failed))
    else:
        _show(file, judged, parsed, results)
    if failed:
        raise typer.Exit(DATA_FAILED)


def _document(
    file: Path, contract: "Contract", parsed: "ParsedFile", results: "list[ClauseResult]", failed: bool
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
        "refused": [
            {"path": refusal.path, "line": refusal.line, "what": refusal.what, "reason": refusal.reason}
            for refusal in contract.refusals
        ],
    }


def _drift(contract: "Contract", parsed: "ParsedFile"):
    from dqm_assets.quality.drift import SeenColumn, contract_changes

    seen = [SeenColumn(name, str(kind)) for name, kind in parsed.columns_seen]
    return contract_changes(contract, seen)


def _show(file: Path, contract: "Contract", parsed: "ParsedFile", results: "list[ClauseResult]") -> None:
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
