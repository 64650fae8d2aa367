"""``dqm sources``: the databases and folders that are watched: list, check and look at them."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from dqm_assets.cli.output import DATA_FAILED, USAGE, JsonFlag, log_console, print_json, print_table

app = typer.Typer(help="Watch databases, warehouses and folders of files.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Sources; all when left out.")]
_STATUS = """
    SELECT source, table_name, dataset, type, kind, status, late, looked_at, watermark, newest, rows_scanned,
        seconds, sampling_error, reason
    FROM monitoring.source_tables ORDER BY source, table_name
"""
_SHOWN = (
    "source", "table_name", "dataset", "type", "kind", "status", "late", "newest", "watermark", "circuit",
    "reason",
)  # fmt: skip


@app.callback()
def sources() -> None:
    """Watch databases, warehouses and folders of files."""


@app.command("list")
def list_sources(*, json_output: JsonFlag = False) -> None:
    """List every watched table with how its last look went; exit code 1 when one failed or is late."""
    from dqm_assets.pipeline.source_circuits import source_circuits
    from dqm_assets.settings import settings
    from dqm_assets.sources.databases.circuit import Circuit
    from dqm_assets.sources.databases.source_files import source_files
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        circuits = source_circuits(store, datetime.now(UTC))
        looks = {(row["source"], row["table_name"]): row for row in store.rows(_STATUS)}
    files = source_files(settings())
    rows = [
        {
            "source": one.source.source,
            "table_name": table.table,
            "dataset": one.source.dataset_of(table),
            "type": one.source.type,
            "kind": table.kind if table.freshness else "snapshot",
            "status": "never looked at",
        }
        | looks.get((one.source.source, table.table), {})
        | _circuit(circuits.get(one.source.source, Circuit()))
        for one in files
        if one.source is not None
        for table in one.source.tables
    ]
    problems = [str(problem) for one in files for problem in one.problems]
    if json_output:
        print_json({"tables": rows, "problems": problems})
    else:
        print_table("watched tables" if rows else _nothing(), rows, _SHOWN)
        for problem in problems:
            log_console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(USAGE)
    if any(row["status"] == "FAILED" or row.get("late") for row in rows):
        raise typer.Exit(DATA_FAILED)


@app.command()
def check(names: Names = None, *, json_output: JsonFlag = False) -> None:
    """Read the files, and ask each source for its tables; exit code 2 when a file or source fails."""
    rows = [_checked(source) for source in _chosen(names)]
    if json_output:
        print_json(rows)
    else:
        print_table("sources" if rows else _nothing(), rows)
    if any(row["problem"] for row in rows):
        raise typer.Exit(USAGE)


@app.command()
def run(
    names: Names = None,
    *,
    now: Annotated[
        datetime | None,
        typer.Option(
            help="The present (UTC), to look at history as it was to be seen then.",
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"],
        ),
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Look at the sources now, all at once.

    Exit code 1 when a table is late, anomalous or breaks its contract, 2 when one could not be looked at.
    """
    from dqm_assets.pipeline.database_collect import collect_sources
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    chosen = _chosen(names)
    at = now.replace(tzinfo=UTC) if now else None
    with log_console.status("looking at the sources"), open_store(settings()) as store:
        done = collect_sources(store, settings(), chosen, at)
    if json_output:
        print_json([asdict(one) for one in done])
    else:
        rows = [_row(one.source, looked) for one in done for looked in one.tables]
        print_table("looked at" if rows else _nothing(), rows)
    if any(one.failed for one in done):
        raise typer.Exit(USAGE)
    tables = [looked for one in done for looked in one.tables]
    if any(looked.late or looked.failed_clauses or looked.observed.anomalous for looked in tables):
        raise typer.Exit(DATA_FAILED)


def _row(source: str, looked: Any) -> dict[str, Any]:
    return {
        "source": source,
        "table": looked.table,
        "rows": looked.rows,
        "periods": looked.periods,
        "seconds": looked.seconds,
        "newest": looked.newest,
        "late": looked.late,
        "anomalous": looked.observed.anomalous,
        "alerts_opened": looked.observed.opened,
        "failed_clauses": looked.failed_clauses,
        "problem": looked.reason,
    }


def _circuit(circuit: Any) -> dict[str, Any]:
    until = f" until {circuit.again_at:%Y-%m-%d %H:%M:%S} UTC" if circuit.again_at else ""
    return {"circuit": f"{circuit.state}{until}", "failures_in_a_row": circuit.failures}


def _chosen(names: list[str] | None) -> list[Any]:
    from dqm_assets.settings import settings
    from dqm_assets.sources.databases.source_files import find_source, load_sources

    return [find_source(settings(), name) for name in names] if names else load_sources(settings())


def _checked(source: Any) -> dict[str, Any]:
    from dqm_assets.errors import DqmError
    from dqm_assets.sources.databases.connection import open_engine

    row = {
        "source": source.source,
        "type": source.type,
        "address": source.address,
        "tables": 0,
        "problem": "",
    }
    try:
        engine = open_engine(source)
        try:
            row["tables"] = len(engine.tables())
            for watched in source.tables:
                engine.table(watched.table)
        finally:
            engine.close()
    except DqmError as error:
        row["problem"] = str(error)
    return row


def _nothing() -> str:
    from dqm_assets.settings import settings

    return f"No source is in {settings().sources_folder}: `dqm init URL` writes one."
