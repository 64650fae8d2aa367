"""Throttling of sign-ins: after a few failures each further one makes the next wait longer."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

#: The wait is 1 s after the free failures and doubles with each further one, up to the longest.
LONGEST_WAIT = 900.0
#: Failures are forgotten after so long without another.
FORGOTTEN_AFTER = 3_600.0
_KEPT = 10_000


def network_of(address: str) -> str:
    """What of an address tells one place from another: of IPv6 the /64, all of which anybody's line has."""
    if address.startswith("["):  # some proxies name the port too, another one for each connection
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


@dataclass(slots=True)
class _Record:
    failures: int
    last: float


class Throttle:
    """Counts failures by key, such as a name or an address.

    Kept in the memory of one process: with several behind a balancer each counts for itself.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Count by ``clock``, in seconds."""
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait(self, keys: Mapping[str, int]) -> float:
        """Seconds until the next try; 0 when it may come now.

        Args:
            keys: what is counted, each with the number of failures that cost no wait.
        """
        return max((self._wait(key, free) for key, free in keys.items()), default=0.0)

    def failed(self, keys: Iterable[str]) -> None:
        """Count one failure of each."""
        now = self._clock()
        for key in keys:
            record = self._records.setdefault(key, _Record(0, now))
            if now - record.last > FORGOTTEN_AFTER:
                record.failures = 0
            record.failures += 1
            record.last = now
            self._records.move_to_end(key)
        while len(self._records) > _KEPT:
            self._records.popitem(last=False)

    def took_back(self, keys: Iterable[str]) -> None:
        """Uncount one failure of each: it was none."""
        for key in keys:
            record = self._records.get(key)
            if record is not None:
                record.failures -= 1

    def _wait(self, key: str, free: int) -> float:
        record = self._records.get(key)
        if record is None or record.failures < free:
            return 0.0
        # Beyond 2**20 the longest wait has long been reached.
        pause = min(2.0 ** min(record.failures - free, 20), LONGEST_WAIT)
        return max(0.0, record.last + pause - self._clock())
