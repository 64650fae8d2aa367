"""``dqm runs``: the run registry on the command line."""

import json
from typing import Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, print_json, print_table


def runs(
    dataset: Annotated[str | None, typer.Option(help="Only runs of this dataset.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only GOOD, BAD, LOADED, BLOCKED or QUARANTINED runs.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Newest runs to list.")] = 20,
    json_output: JsonFlag = False,
) -> None:
    """List registered runs, newest data first; exit code 1 when one of them is not GOOD."""
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        rows = store.rows(
            """
            SELECT dataset, run_id, ts, status, rows_in, rows_loaded, rows_quarantined, reasons
            FROM metrics.runs
            WHERE ($dataset IS NULL OR dataset = $dataset) AND ($status IS NULL OR status = upper($status))
            ORDER BY ts DESC, run_id DESC LIMIT $limit
            """,
            {"dataset": dataset, "status": status, "limit": limit},
        )
    for row in rows:
        row["reasons"] = json.loads(row["reasons"] or "[]")
    if json_output:
        print_json({"runs": rows})
    else:
        shown = [
            {
                "run": row["run_id"],
                "dataset": row["dataset"],
                "data time": row["ts"],
                "status": row["status"],
                "rows": row["rows_loaded"],
                "quarantined": row["rows_quarantined"],
                "why": "; ".join(reason["message"] for reason in row["reasons"][:2]),
            }
            for row in rows
        ]
        print_table(f"Newest runs: {len(rows)}", shown)
    if any(row["status"] in {"BAD", "BLOCKED", "QUARANTINED"} for row in rows):
        raise typer.Exit(DATA_FAILED)
