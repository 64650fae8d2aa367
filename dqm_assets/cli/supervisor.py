"""The supervisor: starts Dagster, the dashboard and the simulators as one, and ends them as one."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog
from filelock import FileLock, Timeout

from dqm_assets.errors import SettingsError

log = structlog.get_logger("dqm.supervisor")

#: A service that ran this long before it died is started again at once; a quicker death doubles the wait.
_STEADY_SECONDS = 30.0
_LONGEST_WAIT_SECONDS = 60.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Service:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    #: Whether it is started again when it ends; without, its end is just noted.
    keep: bool = True


def python_service(
    name: str, *arguments: str, env: Mapping[str, str] | None = None, keep: bool = True
) -> Service:
    """A service that this Python interpreter runs."""
    return Service(name, (sys.executable, *arguments), env or {}, keep)


@contextmanager
def only_one(home: Path) -> Generator[None]:
    """Be the only one who runs the services of a home; the claim ends with the process.

    Raises:
        SettingsError: Somebody else runs them.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / "up.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise SettingsError(
            f"dqm up already runs for {home}: stop that one first, or set DQM_HOME to another folder."
        ) from None
    with lock:
        yield


def refuse_taken_port(host: str, port: int, setting: str) -> None:
    """Refuse a port that somebody listens on: a service would be started on it again and again.

    Raises:
        SettingsError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do, so that connections that have just ended are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return  # whoever serves there says it better
            raise SettingsError(
                f"Port {port} of {host} is taken: end what listens there, or set {setting} to another port."
            ) from None


async def supervise(services: Sequence[Service]) -> None:
    """Run services until SIGINT, SIGTERM or SIGHUP, restarting those that die; then stop them all.

    Each service gets its own process group and is told to end by SIGTERM, which goes to
    its whole process tree when it does not end in time, so that nothing is left behind.

    Args:
        services: What to run, in the order in which it is started.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    # SIGHUP: the terminal was closed; the services have sessions of their own and would stay.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    keepers = [asyncio.create_task(_keep(service, stopping)) for service in services]
    await stopping.wait()
    log.info("stopping", services=[service.name for service in services])
    await asyncio.gather(*keepers)


async def _keep(service: Service, stopping: asyncio.Event) -> None:
    wait = 1.0
    while not stopping.is_set():
        started = asyncio.get_running_loop().time()
        process = await asyncio.create_subprocess_exec(
            *service.command, env={**os.environ, **service.env}, start_new_session=True
        )
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            stopped.cancel()
            await _stop(service, process, ended)
            return
        stopped.cancel()
        if not service.keep:
            log.info("service ended", service=service.name, exit_code=process.returncode)
            return
        steady = asyncio.get_running_loop().time() - started > _STEADY_SECONDS
        wait = 1.0 if steady else min(2 * wait, _LONGEST_WAIT_SECONDS)
        log.warning(
            "service died, starting it again", service=service.name, exit_code=process.returncode, wait=wait
        )
        await asyncio.wait({asyncio.create_task(stopping.wait())}, timeout=wait)


async def _stop(service: Service, process: asyncio.subprocess.Process, ended: asyncio.Task) -> None:
    """End a service and whatever it started."""
    tree = _tree(process.pid)
    if process.returncode is None:
        process.terminate()
    done, _ = await asyncio.wait({ended}, timeout=_STOP_SECONDS)
    if not done:
        log.warning("service does not end, killing it", service=service.name)
    _, alive = psutil.wait_procs(tree, timeout=2)
    for survivor in alive:
        survivor.kill()
    # Until they are gone they hold their share in the embedded PostgreSQL.
    psutil.wait_procs(alive, timeout=5)
    await ended


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return []
