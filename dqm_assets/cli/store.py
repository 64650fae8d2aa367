"""``dqm store``: look at the store, keep it small, take it along."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import JsonFlag, console, log_console, print_json, print_table
from dqm_assets.settings import settings

if TYPE_CHECKING:
    from dqm_assets.store import Store

app = typer.Typer(help="Look at the store, maintain it, export it.", no_args_is_help=True)


@contextmanager
def _opened(doing: str) -> Generator["Store"]:
    from dqm_assets.store import open_store

    with log_console.status(doing), open_store(settings()) as store:
        yield store


@app.command()
def status(*, json: JsonFlag = False) -> None:
    """Show where the store is and what is in it."""
    from dqm_assets.store.status import status as read

    with _opened("Reading the store …") as store:
        found = read(store)
    if json:
        print_json(asdict(found))
        return
    console.print(f"{found.location}: version {found.version}, structure {found.migration}, {found.postgres}")
    console.print(
        f"{found.size.files} files, {_readable(found.size.bytes)}, {found.size.snapshots} snapshots "
        f"since {found.oldest_snapshot:%Y-%m-%d %H:%M}"
    )
    print_table("Tables", [asdict(table) for table in found.tables])


@app.command()
def maintain(
    *,
    retention_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Remove rows older than this, where no contract says otherwise; default DQM_RETENTION_DAYS.",
        ),
    ] = None,
    snapshot_days: Annotated[int, typer.Option(min=0, help="Days of time travel to keep.")] = 7,
    json: JsonFlag = False,
) -> None:
    """Remove old rows and snapshots, merge small files, delete what nothing needs; others go on working."""
    from dqm_assets.pipeline.retention import retention_of
    from dqm_assets.store.maintenance import maintain as run

    with _opened("Maintaining the store …") as store:
        retention = retention_of(settings(), retention_days)
        report = run(store, retention=retention, snapshot_days=snapshot_days)
    if json:
        print_json(asdict(report))
        return
    print_table(
        f"Maintenance, {report.seconds:.1f} s",
        [{"when": "before", **asdict(report.before)}, {"when": "after", **asdict(report.after)}],
    )
    rows = sum(removed.rows for removed in report.removed)
    console.print(
        f"{rows} old rows removed, {report.files_deleted} unneeded and {report.orphans_deleted} orphan files "
        f"deleted, {report.pinned} old snapshots kept for open alerts."
    )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="DuckDB file to write.")],
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json: JsonFlag = False,
) -> None:
    """Write the whole store, as of now, to one plain DuckDB file."""
    from dqm_assets.store.export import export as write

    with _opened("Exporting the store …") as store:
        report = write(store, file, overwrite=overwrite)
    if json:
        print_json(asdict(report))
        return
    size = _readable(report.bytes)
    console.print(f"{report.path}: {report.tables} tables, {report.rows} rows, {size}")


def _readable(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
