"""``dqm runs``: the run registry on the command line."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.store import Store

_STATUSES = ("GOOD", "BAD", "LOADED", "QUARANTINED")


def runs(
    dataset: Annotated[str | None, typer.Option(help="Only runs of this dataset.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only GOOD, BAD, LOADED, BLOCKED or QUARANTINED runs.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Newest runs to list.")] = 20,
    json_output: JsonFlag = False,
) -> None:
    """List registered runs, newest data first; exit code 1 when one of them is not GOOD."""
    from dqm_assets.errors import SettingsError
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    if status is not None and status.upper() not in _STATUSES:
        raise SettingsError(f"--status {status}: one of {', '.join(_STATUSES)}.")
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
        if dataset is not None and not rows:
            _refuse_unknown(store, dataset)
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


def _refuse_unknown(store: "Store", dataset: str) -> None:
    """Say which datasets there are when the one that was asked for is none of them."""
    from difflib import get_close_matches

    from dqm_assets.errors import SettingsError

    known = [
        row["dataset"]
        for row in store.rows(
            "SELECT dataset FROM monitoring.datasets UNION SELECT dataset FROM metrics.runs ORDER BY dataset"
        )
    ]
    if dataset not in known:
        near = get_close_matches(dataset, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known) or 'none yet'}."
        raise SettingsError(f"There is no dataset {dataset!r}. {hint}")
