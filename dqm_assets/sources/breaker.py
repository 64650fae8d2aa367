"""A circuit's state in a file, so that processes which come and go share it."""

import fcntl
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pybreaker


@dataclass(frozen=True)
class _State:
    state: str = pybreaker.STATE_CLOSED
    failures: int = 0
    successes: int = 0
    opened_at: str | None = None
    reason: str = ""


class FileBreaker(pybreaker.CircuitBreakerStorage):
    """Keeps a circuit's state in one small JSON file; any number of processes may use it at once.

    A Dagster run is a process of its own: with the state in memory every run would knock at an API that
    has been down for hours, as often as its retries allow. A file that cannot be read counts as closed.

    Args:
        path: The file; its folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("file")
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        return self._read().state

    @state.setter
    def state(self, state: str) -> None:
        self._change(lambda old: replace(old, state=state))

    @property
    def counter(self) -> int:
        """Failures in a row."""
        return self._read().failures

    def increment_counter(self) -> None:
        """Count a failure."""
        self._change(lambda old: replace(old, failures=old.failures + 1))

    def reset_counter(self) -> None:
        """Forget the failures."""
        if self._read().failures:
            self._change(lambda old: replace(old, failures=0))

    @property
    def success_counter(self) -> int:
        """Successes in a row of a half-open circuit."""
        return self._read().successes

    def increment_success_counter(self) -> None:
        """Count a success."""
        self._change(lambda old: replace(old, successes=old.successes + 1))

    def reset_success_counter(self) -> None:
        """Forget the successes."""
        self._change(lambda old: replace(old, successes=0))

    @property
    def opened_at(self) -> datetime | None:
        """When the circuit was opened last."""
        written = self._read().opened_at
        return datetime.fromisoformat(written) if written else None

    @opened_at.setter
    def opened_at(self, moment: datetime) -> None:
        self._change(lambda old: replace(old, opened_at=moment.astimezone(UTC).isoformat()))

    @property
    def reason(self) -> str:
        """Why it failed last; empty when nobody said."""
        return self._read().reason

    @reason.setter
    def reason(self, reason: str) -> None:
        self._change(lambda old: replace(old, reason=reason))

    def _read(self) -> _State:
        try:
            return _State(**json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError):
            return _State()

    def _change(self, change: Callable[[_State], _State]) -> None:
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            written = self._path.with_suffix(".new")
            written.write_text(json.dumps(asdict(change(self._read()))))
            written.replace(self._path)
