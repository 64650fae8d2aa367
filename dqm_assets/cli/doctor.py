"""``dqm doctor``: does this machine have what dqm needs, and is what runs here healthy?"""

import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import typer

from dqm_assets.cli.output import USAGE, JsonFlag, console, print_json
from dqm_assets.errors import DqmError

_FREE_GIB_WANTED = 2


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def doctor(json_output: JsonFlag = False) -> None:
    """Look at Python, kernel, disk, store, contracts and ports; exit code 2 when something is amiss."""
    findings = [_look(what, check) for what, check in _CHECKS.items()]
    if json_output:
        print_json({"findings": [vars(finding) for finding in findings]})
    else:
        for finding in findings:
            mark = "[green]✓[/green]" if finding.ok else "[red]✕[/red]"
            console.print(f"{mark} {finding.what}: {finding.detail}", highlight=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(USAGE)


def _look(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except (DqmError, ImportError, OSError) as error:
        return Finding(what, False, str(error))


def _python() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _kernel() -> str:
    import pyarrow as pa

    from dqm_assets.quality.profile import profile

    mean = profile(pa.table({"x": [1.0, 2.0, 3.0]})).columns["x"].metrics()["mean"]
    return f"works (mean of 1, 2, 3 is {mean})"


def _disk() -> str:
    from dqm_assets.settings import settings

    home = settings().home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free / 2**30
    if free < _FREE_GIB_WANTED:
        raise OSError(f"{free:.1f} GiB free under {home}; free some space or point DQM_HOME elsewhere")
    return f"{free:.0f} GiB free under {home}"


def _store() -> str:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        runs = store.rows("SELECT count(*) AS runs FROM metrics.runs")[0]["runs"]
        return f"snapshot {store.version()}, {runs} runs registered, data in {settings().store_location}"


def _contracts() -> str:
    from dqm_assets.pipeline.datasets import landing_datasets
    from dqm_assets.settings import settings

    datasets = landing_datasets(settings())
    return ", ".join(f"{d.name} ({'declared' if d.contract else 'discovered'})" for d in datasets)


def _ports() -> str:
    from dqm_assets.settings import settings

    states = []
    for name, port in (("dashboard", settings().port), ("Dagster", settings().dagster_port)):
        with socket.socket() as probe:
            probe.settimeout(1)
            listening = probe.connect_ex((settings().host, port)) == 0
        states.append(f"{name} {port} {'in use (running?)' if listening else 'free'}")
    return ", ".join(states)


_CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "kernel": _kernel,
    "disk": _disk,
    "store": _store,
    "datasets": _contracts,
    "ports": _ports,
}
