"""``dqm up``: everything with one command."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, console, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.cli.demo import Outcome

Demo = Annotated[bool, typer.Option(help="Feed it with simulated runs, devices, prices and events.")]
Once = Annotated[
    bool, typer.Option("--once", help="One whole pass over simulated runs, without servers; then end.")
]


def up(demo: Demo = False, once: Once = False, json_output: JsonFlag = False) -> None:
    """Start PostgreSQL, Dagster and the dashboard, and keep them running until Ctrl-C.

    With ``--once`` nothing stays: 50 simulated runs are landed, loaded, measured and judged, and the
    judgement is scored against the truth; a simulated fleet lives through an outage, which is to be found.
    Exit code 1 when the pass failed.
    """
    if once:
        _once(json_output)
        return
    from dash_app.auth.gate import refuse_locked_doors
    from dqm_assets.accounts.settings import SignInSettings
    from dqm_assets.cli.demo import demo_services
    from dqm_assets.cli.demo_fleet import demo_environment
    from dqm_assets.cli.stream_services import stream_services
    from dqm_assets.cli.supervisor import Service, only_one, python_service, refuse_taken_port, supervise
    from dqm_assets.dagster_home import WORKSPACE_FILE, prepare_dagster_home
    from dqm_assets.ingest import Landing
    from dqm_assets.pipeline.datasets import DETECTOR
    from dqm_assets.settings import read_settings, settings
    from dqm_assets.store import open_store

    where = settings()
    Landing(where.landing_folder).add_dataset(DETECTOR)
    environment = {
        "DAGSTER_HOME": str(prepare_dagster_home(where)),
        "DQM_HOME": str(where.home.absolute()),
        **(demo_environment(where) if demo else {}),
    }
    # Held open so that the embedded PostgreSQL outlives any one of the services.
    with only_one(where.home.absolute()), open_store(where) as store:
        refuse_taken_port(where.host, where.port, "DQM_PORT")
        refuse_taken_port(where.dagster_host, where.dagster_port, "DQM_DAGSTER_PORT")
        refuse_locked_doors(store, where, read_settings(SignInSettings))
        services: list[Service] = [
            python_service(
                "dagster",
                # -W: this process is what supervises; that the command is meant for development is known.
                *("-W", "ignore", "-m", "dagster", "dev", "-w", str(WORKSPACE_FILE)),
                *("-h", where.dagster_host, "-p", str(where.dagster_port), "--log-level", "warning"),
                *("--code-server-log-level", "warning"),
                env=environment,
            ),
            python_service("dashboard", "-m", "dash_app", env=environment),
        ]
        services += stream_services(where, environment, demo=demo)
        if demo:
            services += demo_services(where, environment)
        console.print(
            f"dashboard  {where.dashboard_url}/dashboard\n"
            f"Dagster    {where.dagster_url}\n"
            f"drop CSVs  {where.landing_folder}/<dataset>/\n"
            "Ctrl-C ends everything.",
            highlight=False,
        )
        asyncio.run(supervise(services))


def _once(json_output: bool) -> None:
    from dqm_assets.cli.demo import one_pass
    from dqm_assets.settings import settings

    with log_console.status("landing, loading, measuring and judging 50 simulated runs, and a fleet"):
        outcome = one_pass(settings())
    if json_output:
        print_json(asdict(outcome))
    else:
        _show(outcome)
    if not outcome.succeeded:
        raise typer.Exit(DATA_FAILED)


def _show(outcome: "Outcome") -> None:
    runs = {name: value for name, value in vars(outcome).items() if name != "fleet"}
    print_table("One pass over simulated detector runs", [runs])
    console.print(
        f"precision {outcome.precision:.3f}, recall {outcome.recall:.3f} of GOOD/BAD against the truth file\n"
        f"simulated fleet: {outcome.fleet.snapshots} snapshots, outage of {outcome.fleet.injected}, "
        f"found: {', '.join(outcome.fleet.found) or 'nothing'}",
        highlight=False,
    )
