"""``dqm worker``: one machine's share of the runs."""

import os
import socket
from typing import Annotated

import typer

Queue = Annotated[
    list[str] | None, typer.Option("--queue", "-q", help="Queue to take runs from; may be repeated.")
]
Concurrency = Annotated[
    int | None, typer.Option(min=1, help="Runs at a time; the number of cores by default.")
]
Name = Annotated[str | None, typer.Option(help="Name of this worker, one of its own; host and process id.")]


def worker(queue: Queue = None, concurrency: Concurrency = None, name: Name = None) -> None:
    """Take Dagster's runs from the broker of DQM_CELERY_BROKER until SIGTERM; what is under way ends first.

    Start as many as you like, on any machine that reaches the broker, the PostgreSQL of DQM_POSTGRES_URL, the
    files of DQM_STORE_PATH and the landing folder. Each run has a process of its own.
    """
    from dqm_assets.dagster_home import dagster_instance
    from dqm_assets.errors import SettingsError
    from dqm_assets.settings import settings

    where = settings()
    if where.celery_broker is None:
        raise SettingsError("Set DQM_CELERY_BROKER to the broker's address, such as redis://host:6379/0.")
    # Imported before each run's process is forked, which then has little left to do. Definitions are made in
    # that process: it knows the datasets of its day.
    _import_definitions()
    with dagster_instance(where) as instance:
        # What it imports is an extra, which opening the instance has asked for.
        from dqm_assets.run_launcher import QUEUE, worker_app

        app = worker_app(instance)
    app.worker_main(
        [
            "worker",
            *("--queues", ",".join(queue or [QUEUE])),
            *("--concurrency", str(concurrency or os.cpu_count() or 1)),
            *("--hostname", f"{name or f'dqm-{os.getpid()}'}@{socket.gethostname()}"),
            *("--pool", "prefork", "--max-tasks-per-child", "1", "--prefetch-multiplier", "1"),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
        ]
    )


def _import_definitions() -> None:
    import pkgutil
    from importlib import import_module

    import dqm_assets.definitions
    import dqm_assets.defs

    for module in pkgutil.walk_packages(dqm_assets.defs.__path__, f"{dqm_assets.defs.__name__}."):
        import_module(module.name)
