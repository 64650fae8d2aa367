"""``dqm doctor``: does this machine have what dqm needs, and is what runs here healthy?"""

import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import typer

from dqm_assets.cli.output import USAGE, JsonFlag, console, print_json
from dqm_assets.errors import DqmError

_FREE_GIB_WANTED = 2
_TIMEOUT_SECONDS = 3.0
#: Clocks that differ by more put verdicts and alerts in the wrong order.
_SECONDS_APART = 5.0
_KAFKA_PORT = 9092


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def doctor(json_output: JsonFlag = False) -> None:
    """Look at what dqm needs, and say of each thing amiss how to mend it; exit code 2 then."""
    findings = [_look(what, check) for what, check in _CHECKS.items()]
    if json_output:
        print_json({"findings": [vars(finding) for finding in findings]})
    else:
        for finding in findings:
            mark = "[green]✓[/green]" if finding.ok else "[red]✕[/red]"
            console.print(f"{mark} {finding.what}: ", end="")
            console.print(finding.detail, highlight=False, markup=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(USAGE)


def _look(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except (DqmError, ImportError, OSError) as error:
        return Finding(what, False, str(error))


def _python() -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may run it from a source tree
        raise OSError(f"{version} is too old; install Python 3.11 or newer")
    return version


def _compiler() -> str:
    found = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if found is None:
        try:
            _kernel()
        except ImportError:
            raise OSError(
                "no C++ compiler, and no kernel yet: apt-get install g++, then ./setup.sh"
            ) from None
        return "none, which only a reinstall would need: apt-get install g++"
    return found


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


def _postgres() -> str:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        return store.postgres_description


def _store() -> str:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        runs = store.rows("SELECT count(*) AS runs FROM metrics.runs")[0]["runs"]
        return f"snapshot {store.version()}, {runs} runs registered, data in {settings().store_location}"


def _clock() -> str:
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store
    from dqm_assets.store.postgres import connect

    with open_store(settings()) as store, connect(store.postgres_url) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    apart = abs(time.time() - (row[0] if row else 0.0))
    if apart > _SECONDS_APART:
        raise OSError(f"{apart:.0f} s apart from PostgreSQL's; let both machines keep time by NTP")
    return f"within {max(apart, 0.1):.1f} s of PostgreSQL's"


def _contracts() -> str:
    from dqm_assets.quality.contracts import lint
    from dqm_assets.settings import settings

    folder = settings().contracts
    files = sorted(folder.glob("**/*.odcs.yaml"))
    problems = [str(each) for file in files for each in lint(file) if each.severity == "error"]
    if problems:
        raise OSError(f"{len(problems)} mistakes: {problems[0]}; dqm contract lint {folder} lists them")
    return (
        f"{len(files)} in {folder}, no mistake"
        if files
        else f"none in {folder}: dqm contract init writes one"
    )


def _datasets() -> str:
    from dqm_assets.pipeline.datasets import landing_datasets
    from dqm_assets.settings import settings

    datasets = landing_datasets(settings())
    return ", ".join(f"{d.name} ({'declared' if d.contract else 'discovered'})" for d in datasets)


def _notify() -> str:
    from dqm_assets.notify.rules_file import load_rules
    from dqm_assets.settings import settings

    rules = load_rules(settings())
    if not rules.routes:
        return "nobody is told of alerts; set DQM_NOTIFY_URLS, then dqm notify test"
    return f"{len(rules.routes)} routes to {', '.join(sorted(rules.channels))}; dqm notify test tries them"


def _kafka() -> str:
    from dqm_assets.settings import settings

    brokers = settings().kafka_bootstrap
    if brokers is None:
        return "not set up (DQM_KAFKA_BOOTSTRAP)"
    silent = [broker for broker in brokers.split(",") if not _answers(*_address(broker.strip()))]
    if silent:
        raise OSError(
            f"{', '.join(silent)} does not answer; start it, or correct or unset DQM_KAFKA_BOOTSTRAP"
        )
    return f"{brokers} answers"


def _address(broker: str) -> tuple[str, int]:
    host, _, port = broker.rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdecimal() else (broker, _KAFKA_PORT)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def _ports() -> str:
    from dqm_assets.settings import settings

    states = []
    for name, port, variable in (
        ("dashboard", settings().port, "DQM_PORT"),
        ("Dagster", settings().dagster_port, "DQM_DAGSTER_PORT"),
    ):
        if not _answers(settings().host, port):
            states.append(f"{name} {port} free")
        elif _is_ours(settings().host, port):
            states.append(f"{name} {port} running")
        else:
            raise OSError(f"{port} is taken by another program; set {variable} to a free one for {name}")
    return ", ".join(states)


def _is_ours(host: str, port: int) -> bool:
    import httpx

    try:
        answers = [httpx.get(f"http://{host}:{port}{path}", timeout=_TIMEOUT_SECONDS) for path in _SIGNS]
    except httpx.HTTPError:
        return False
    return any(sign in answer.text for answer, sign in zip(answers, _SIGNS.values(), strict=True))


#: Addresses that the dashboard and Dagster's web server answer, and a word of theirs in the answer.
_SIGNS = {"/health": "pipelines", "/server_info": "dagster_webserver_version"}

_CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "compiler": _compiler,
    "kernel": _kernel,
    "disk": _disk,
    "PostgreSQL": _postgres,
    "store": _store,
    "clock": _clock,
    "contracts": _contracts,
    "datasets": _datasets,
    "notifications": _notify,
    "Kafka": _kafka,
    "ports": _ports,
}
