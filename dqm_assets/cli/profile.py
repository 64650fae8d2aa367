"""``dqm profile``: what is in a file, column by column."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import JsonFlag, console, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.quality.profile import ColumnProfile, Profile

#: Metrics shown in the table, by column kind; ``--json`` has them all.
_SHOWN = ("null_fraction", "distinct_count", "min", "p50", "mean", "max", "stddev", "outlier_count")


def profile(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (also .gz) or Parquet files.", exists=True, dir_okay=False)
    ],
    json_output: JsonFlag = False,
) -> None:
    """Profile files with the C++ kernel: one row a column; rows that do not parse are counted, not hidden."""
    from dqm_assets.ingest import read_file
    from dqm_assets.quality.profile import profile as profile_table

    documents = []
    for path in files:
        with log_console.status(f"reading {path.name}"):
            parsed = read_file(path)
            result = profile_table(parsed.table.drop_columns(["_line"]))
        documents.append(
            _document(path, parsed.rows_in, parsed.rows_rejected, parsed.dialect.as_dict(), result)
        )
        if not json_output:
            _show(path, parsed.rows_in, parsed.rows_rejected, result)
    if json_output:
        print_json({"files": documents})


def _document(
    path: Path, rows_in: int, rejected: int, dialect: dict[str, Any], result: "Profile"
) -> dict[str, Any]:
    return {
        "file": str(path),
        "rows_in": rows_in,
        "rows_rejected": rejected,
        "dialect": dialect,
        "rows": result.rows,
        "columns": [
            {"name": name, "kind": column.kind, "metrics": column.metrics()}
            for name, column in result.columns.items()
        ],
    }


def _show(path: Path, rows_in: int, rejected: int, result: "Profile") -> None:
    rows = [_row(name, column) for name, column in result.columns.items()]
    print_table(f"{path.name}: {result.rows:,} rows × {len(result.columns)} columns", rows)
    if rejected:
        console.print(f"▲ {rejected:,} of {rows_in:,} rows do not parse; `dqm ingest` would quarantine them.")


def _row(name: str, column: "ColumnProfile") -> dict[str, Any]:
    metrics = column.metrics()
    return {"column": name, "kind": column.kind, **{metric: metrics.get(metric) for metric in _SHOWN}}
