"""``dqm profile``: what is in a file, column by column."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from dqm_assets.cli.output import JsonFlag, console, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.quality.profile import ColumnProfile, Profile

#: Metrics shown in the table; ``--json`` has them all.
_SHOWN = {
    "null_fraction": "nulls",
    "distinct_count": "distinct",
    "min": "min",
    "p50": "median",
    "max": "max",
    "mean": "mean",
    "stddev": "stddev",
    "outlier_count": "outliers",
}
#: Larger files stream through the kernel's reader in bounded memory; smaller ones are read as ingest does.
STREAM_BYTES = 64 * 2**20


@dataclass(frozen=True)
class _Profiled:
    path: Path
    reader: str
    #: Rows in the file, and those that do not parse; both unknown (None) when the file was streamed.
    rows_in: int | None
    rejected: int | None
    dialect: dict[str, Any] | None
    profile: "Profile"

    def document(self) -> dict[str, Any]:
        return {
            "file": str(self.path),
            "reader": self.reader,
            "rows_in": self.rows_in,
            "rows_rejected": self.rejected,
            "dialect": self.dialect,
            "rows": self.profile.rows,
            "columns": [
                {"name": name, "kind": column.kind, "metrics": column.metrics()}
                for name, column in self.profile.columns.items()
            ],
        }

    def show(self) -> None:
        rows = [_row(name, column) for name, column in self.profile.columns.items()]
        print_table(f"{self.path.name}: {self.profile.rows:,} rows × {len(rows)} columns", rows)
        if self.rejected:
            told = f"{self.rejected:,} of {self.rows_in:,} rows do not parse"
            console.print(f"▲ {told}; `dqm ingest` would quarantine them.")


def profile(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (also .gz) or Parquet files.", exists=True, dir_okay=False)
    ],
    json_output: JsonFlag = False,
) -> None:
    """Profile files with the C++ kernel, a row for each column.

    Files up to 64 MiB are read as `dqm ingest` reads them, and rows that do not parse are
    counted; larger ones stream through the kernel's own reader in bounded memory.
    """
    documents = []
    with Progress(console=log_console, transient=True) as progress:
        for path in files:
            profiled = _profile(path, progress)
            documents.append(profiled.document())
            if not json_output:
                profiled.show()
    if json_output:
        print_json({"files": documents})


def _profile(path: Path, progress: Progress) -> _Profiled:
    from dqm_assets.ingest import read_file
    from dqm_assets.quality.profile import profile as profile_table
    from dqm_assets.quality.profile import profile_csv, profile_parquet

    task = progress.add_task(path.name, total=1.0)
    if path.stat().st_size > STREAM_BYTES:
        stream = profile_parquet if _is_parquet(path) else profile_csv
        result = stream(path, progress=lambda share: progress.update(task, completed=share))
        return _Profiled(path, result.reader, None, None, None, result)
    parsed = read_file(path)
    result = profile_table(parsed.table.drop_columns(["_line"]))
    progress.update(task, completed=1.0)
    return _Profiled(path, "ingest", parsed.rows_in, parsed.rows_rejected, parsed.dialect.as_dict(), result)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _row(name: str, column: "ColumnProfile") -> dict[str, Any]:
    metrics = column.metrics()
    shown = {title: metrics.get(metric) for metric, title in _SHOWN.items()}
    return {"column": name, "kind": column.kind, **shown}
