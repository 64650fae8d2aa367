"""Asking the device API for snapshots: whatever goes wrong on the way is tried again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import tenacity

from dqm_assets.sources.devices.snapshot import Snapshot, SnapshotError, read_snapshot
from dqm_assets.sources.http import Fetcher, Patience, Reply

PATH = "/segment-stats"
#: The minute's collector must end before the next one begins.
PATIENCE = Patience(timeout=10.0, answer=20.0, attempts=5, first_wait=0.2, longest_wait=5.0, total=45.0)


@dataclass(frozen=True)
class Question:
    """What each snapshot is asked with."""

    window_minutes: int = 5
    frequency_minutes: int = 1
    update_probability: float = 0.99

    def body(self, moment: datetime) -> dict[str, object]:
        """The request for the snapshot of a time (UTC)."""
        return {"current_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), **vars(self)}


@dataclass(frozen=True)
class Rejection:
    """An answer that was not the snapshot asked for."""

    code: str
    reason: str
    payload: str


@dataclass(frozen=True)
class Collected:
    """A snapshot with the payload as it was received.

    Attributes:
        requests: requests that it took.
        rejected: answers that were turned down before.
    """

    snapshot: Snapshot
    payload: str
    received_at: datetime
    requests: int
    rejected: tuple[Rejection, ...] = ()


class DeviceClient:
    """Asks one device API; one thread uses it at a time.

    Args:
        fetcher: The API.
        question: How snapshots are asked for.
        headers: Sent with each request.
    """

    def __init__(
        self, fetcher: Fetcher, question: Question | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.fetcher = fetcher
        self.question = question or Question()
        self._headers = headers

    def snapshot(self, moment: datetime) -> Collected:
        """Ask for the snapshot of a time, until a valid one comes.

        Raises:
            FetchError: the API gave no JSON in all attempts, or its circuit is open.
            SnapshotError: what it gave is not the snapshot.
        """
        patience = self.fetcher.patience
        rejected: list[Rejection] = []
        requests = 0
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(SnapshotError),
            stop=tenacity.stop_after_attempt(patience.attempts),
            wait=tenacity.wait_random_exponential(multiplier=patience.first_wait, max=patience.longest_wait),
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                reply = self.fetcher.post_json(PATH, self.question.body(moment), self._headers)
                requests += reply.attempts
                snapshot = _read(reply, moment, rejected)
                return Collected(snapshot, reply.text, reply.received_at, requests, tuple(rejected))
        raise AssertionError("tenacity ends with an answer or an error")


def _read(reply: Reply, moment: datetime, rejected: list[Rejection]) -> Snapshot:
    try:
        return read_snapshot(reply.data, moment)
    except SnapshotError as error:
        rejected.append(Rejection(error.code, str(error), reply.text))
        raise
