"""``dqm up``: everything with one command."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.cli.demo import Outcome

Demo = Annotated[bool, typer.Option(help="Feed it with simulated detector runs.")]
Once = Annotated[
    bool, typer.Option("--once", help="One whole pass over simulated runs, without servers; then end.")
]


def up(demo: Demo = False, once: Once = False, json_output: JsonFlag = False) -> None:
    """Start PostgreSQL, Dagster and the dashboard, and keep them running until Ctrl-C.

    With ``--once`` nothing stays: 50 simulated runs are landed, loaded, measured and judged,
    and the judgement is scored against the truth; exit code 1 when the pass failed.
    """
    if once:
        _once(json_output)
        return
    from dqm_assets.cli.demo import drop_history, feed_service
    from dqm_assets.cli.supervisor import Service, only_one, python_service, supervise
    from dqm_assets.dagster_home import WORKSPACE_FILE, prepare_dagster_home
    from dqm_assets.ingest import Landing
    from dqm_assets.pipeline.datasets import DETECTOR
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    where = settings()
    Landing(where.landing_folder).add_dataset(DETECTOR)
    environment = {"DAGSTER_HOME": str(prepare_dagster_home(where)), "DQM_HOME": str(where.home.absolute())}
    # Held open so that the embedded PostgreSQL outlives any one of the services.
    with only_one(where.home.absolute()), open_store(where):
        services: list[Service] = [
            python_service(
                "dagster",
                # -W: this process is what supervises; that the command is meant for development is known.
                *("-W", "ignore", "-m", "dagster", "dev", "-w", str(WORKSPACE_FILE)),
                *("-h", where.host, "-p", str(where.dagster_port), "--log-level", "warning"),
                *("--code-server-log-level", "warning"),
                env=environment,
            ),
            python_service("dashboard", "-m", "dash_app", env=environment),
        ]
        if demo:
            drop_history(where)
            services.append(feed_service(where, environment))
        console.print(
            f"dashboard  {where.dashboard_url}/dashboard\n"
            f"Dagster    {where.dagster_url}\n"
            f"drop CSVs  {where.landing_folder / DETECTOR}\n"
            "Ctrl-C ends everything.",
            highlight=False,
        )
        asyncio.run(supervise(services))


def _once(json_output: bool) -> None:
    from dqm_assets.cli.demo import one_pass
    from dqm_assets.settings import settings

    with log_console.status("landing, loading, measuring and judging 50 simulated runs"):
        outcome = one_pass(settings())
    if json_output:
        print_json(vars(outcome))
    else:
        _show(outcome)
    if not outcome.succeeded:
        raise typer.Exit(DATA_FAILED)


def _show(outcome: "Outcome") -> None:
    print_table("One pass over simulated detector runs", [vars(outcome)])
    console.print(
        f"precision {outcome.precision:.3f}, recall {outcome.recall:.3f} of GOOD/BAD against the truth file",
        highlight=False,
    )
