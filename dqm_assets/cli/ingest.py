"""``dqm ingest``: load files now, through the same assets that the landing sensor would run."""

from pathlib import Path
from typing import Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, USAGE, JsonFlag, log_console, print_json, print_table


def ingest(
    files: Annotated[
        list[Path], typer.Argument(help="CSV (also .gz) or Parquet files.", exists=True, dir_okay=False)
    ],
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Dataset to load them into; made when it is new. Left out: the one that the files' folder "
            "is named after, or whose contract their columns fit."
        ),
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Load files as if they were dropped: every row is loaded or quarantined with its reason.

    Exit code 1 when a run is BAD or a file could not be read, 2 when loading itself failed.
    """
    from dqm_assets.dagster_home import dagster_instance
    from dqm_assets.defs.detector_runs.run_now import materialise
    from dqm_assets.defs.resources import process_store
    from dqm_assets.ingest import Landing
    from dqm_assets.pipeline.claims import without_duplicates
    from dqm_assets.pipeline.dataset_choice import dataset_of_files
    from dqm_assets.pipeline.datasets import find_dataset, refuse_clash
    from dqm_assets.settings import settings

    landing = Landing(settings().landing_folder)
    if dataset is None:
        dataset = dataset_of_files(settings(), files)
        log_console.print(f"Loading into dataset {dataset}; --dataset names another.", highlight=False)
    found = find_dataset(settings(), dataset)
    refuse_clash(settings(), found)
    # Claimed one by one: files of the same name from different folders must not overwrite each other.
    taken = [landing.take(dataset, path) for path in files]
    with dagster_instance(settings()) as instance, log_console.status(f"loading {len(files)} files"):
        claims = without_duplicates(process_store(), landing, found, taken)
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
    if not succeeded:
        log_console.print(
            "Loading failed; the log above and the run in Dagster's UI say why. The files are kept: `dqm up` "
            "tries them again, and so does this command when it is repeated.",
            highlight=False,
        )
        raise typer.Exit(USAGE)
    if any(row["status"] != "GOOD" for row in rows):
        raise typer.Exit(DATA_FAILED)
