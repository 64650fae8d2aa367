"""``dqm ingest``: load files now, through the same assets that the landing sensor would run."""

import shutil
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, log_console, print_json, print_table
from dqm_assets.pipeline.datasets import DETECTOR


def ingest(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (also .gz) or Parquet files.", exists=True, dir_okay=False)
    ],
    dataset: Annotated[str, typer.Option(help="Dataset to load them into; made when it is new.")] = DETECTOR,
    json_output: JsonFlag = False,
) -> None:
    """Load files as if they were dropped: every row is loaded or quarantined with its reason.

    Exit code 1 when a run is BAD or a file could not be read.
    """
    from dqm_assets.dagster_home import dagster_instance
    from dqm_assets.defs.detector_runs.run_now import materialise
    from dqm_assets.defs.resources import process_store
    from dqm_assets.ingest import Landing
    from dqm_assets.pipeline.claims import claim_dropped
    from dqm_assets.pipeline.datasets import find_dataset
    from dqm_assets.settings import settings

    landing = Landing(settings().landing_folder)
    folder = landing.add_dataset(dataset)
    for path in files:
        _drop(path, folder)
    with dagster_instance(settings()) as instance, log_console.status(f"loading {len(files)} files"):
        claims = claim_dropped(process_store, landing, find_dataset(settings(), dataset), settle_seconds=0)
        succeeded = materialise(instance, dataset, claims) if claims else True
    rows = process_store().rows(
        "SELECT run_id, file, status, rows_in, rows_loaded, rows_quarantined FROM metrics.runs "
        "WHERE dataset = ? AND list_contains(?, run_id) ORDER BY ts, run_id",
        [dataset, [claim.run_id for claim in claims]],
    )
    known = len(files) - len(claims)
    if json_output:
        print_json({"dataset": dataset, "runs": rows, "already_known": known})
    else:
        print_table(f"{len(rows)} runs registered, {known} files already known", rows)
    if not succeeded or any(row["status"] != "GOOD" for row in rows):
        raise typer.Exit(DATA_FAILED)


def _drop(path: Path, folder: Path) -> None:
    """Copy a file into the folder so that it appears there whole."""
    unfinished = folder / f".{uuid4().hex}.tmp"
    shutil.copy2(path, unfinished)
    unfinished.rename(folder / path.name)
