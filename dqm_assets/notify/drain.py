"""Draining: route what the outbox holds, then send whatever is due, each delivery by one drainer."""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dqm_assets.notify.channel import send
from dqm_assets.notify.deliveries import LEASE, Delivery, hold, lease, mark_failed, mark_sent, release
from dqm_assets.notify.fan_out import route_outbox
from dqm_assets.notify.message import Addresses, message_of
from dqm_assets.notify.rules import Channel, Rules
from dqm_assets.notify.schedule import quiet_until
from dqm_assets.settings import Settings
from dqm_assets.store import Store

log = logging.getLogger("dqm.notify")

#: Deliveries taken at once; they are sent within the lease, or given back.
_AT_ONCE = 24
_CHANNELS_AT_ONCE = 8
#: What is left of the lease must cover one more attempt: connecting and reading time out after 4 s each.
_RESERVE = timedelta(seconds=30)


@dataclass(frozen=True)
class Drained:
    """What one draining did; counts of deliveries, except ``routed`` and ``dropped``, of notifications."""

    routed: int = 0
    dropped: int = 0
    sent: int = 0
    failed: int = 0
    dead: int = 0


@dataclass(frozen=True)
class _Ends:
    sent: int
    failed: int
    dead: int


def addresses_of(rules: Rules, settings: Settings) -> Addresses:
    """Where links in messages lead."""
    return Addresses(
        (rules.links.dashboard or settings.dashboard_url).rstrip("/"),
        (rules.links.dagster or settings.dagster_url).rstrip("/"),
    )


def utc_now() -> datetime:
    """The time as the clock of this machine has it."""
    return datetime.now(UTC)


def drain(
    store: Store, rules: Rules, *, seconds: float = 30.0, clock: Callable[[], datetime] = utc_now
) -> Drained:
    """Send what is due; a channel that fails once is left alone until the next draining.

    At least once: a drainer that is killed after the channel took a message and before that was noted
    leaves it to be sent again, with the same delivery id. Any number of drainers may run at once.

    Args:
        store: the open store.
        rules: channels and routes.
        seconds: when to stop; what was taken and not tried by then is given back.
        clock: tells the time; quiet hours and digests go by it.
    """
    drainer = uuid.uuid4().hex[:12]
    addresses = addresses_of(rules, store.settings)
    routed = route_outbox(store, rules, clock())
    total = Drained(routed.waiting, routed.dropped)
    failing: set[str] = set()
    deadline, ends_at = time.monotonic() + seconds, clock() + timedelta(seconds=seconds)
    while time.monotonic() < deadline:
        taken = lease(store, drainer, clock(), limit=_AT_ONCE, without=failing)
        if not taken:
            break
        by_channel: dict[str, list[Delivery]] = {}
        for delivery in taken:
            by_channel.setdefault(delivery.channel, []).append(delivery)
        until = min(clock() + LEASE - _RESERVE, ends_at)
        courier = _Courier(store, rules, addresses, drainer, until, clock)
        with ThreadPoolExecutor(min(len(by_channel), _CHANNELS_AT_ONCE)) as pool:
            ends = dict(zip(by_channel, pool.map(courier.carry, by_channel.values()), strict=True))
        failing |= {channel for channel, end in ends.items() if end.failed}
        total = Drained(
            total.routed,
            total.dropped,
            total.sent + sum(end.sent for end in ends.values()),
            total.failed + sum(end.failed for end in ends.values()),
            total.dead + sum(end.dead for end in ends.values()),
        )
    return total


@dataclass(frozen=True)
class _Courier:
    """Sends the deliveries of one channel, one after the other."""

    store: Store
    rules: Rules
    addresses: Addresses
    drainer: str
    until: datetime
    clock: Callable[[], datetime]

    def carry(self, deliveries: Sequence[Delivery]) -> _Ends:
        sent = 0
        for position, delivery in enumerate(deliveries):
            if self.clock() > self.until:
                release(self.store, deliveries[position:], self.drainer)
                break
            channel = self.rules.channels.get(delivery.channel)
            quiet = self._quiet_until(delivery)
            if quiet is not None:
                hold(self.store, delivery, self.drainer, quiet)
                continue
            error = self._send(delivery, channel)
            if error:
                dead = self._failed(delivery, channel, error)
                if deliveries[position + 1 :]:
                    release(self.store, deliveries[position + 1 :], self.drainer)
                return _Ends(sent, 1, int(dead))
            mark_sent(self.store, delivery, self.clock())
            sent += 1
        return _Ends(sent, 0, 0)

    def _quiet_until(self, delivery: Delivery) -> datetime | None:
        """End of the quiet hours that it is now, which it was not when it was routed, or first tried."""
        route = next((route for route in self.rules.routes if route.name == delivery.route), None)
        return None if route is None else quiet_until(route, delivery.severity, self.clock())

    def _send(self, delivery: Delivery, channel: Channel | None) -> str:
        if channel is None:
            return f"there is no channel {delivery.channel!r} any more"
        try:
            message = message_of(delivery.kind, delivery.items, self.addresses, delivery.delivery_id)
        except Exception as error:
            return f"its message cannot be written: {type(error).__name__}: {error}"
        outcome = send(channel.url, channel.kind, message)
        return "" if outcome.sent else outcome.error or "the channel did not take it"

    def _failed(self, delivery: Delivery, channel: Channel | None, error: str) -> bool:
        retry = (channel or Channel(url="none:")).retry
        log.warning("%s did not take delivery %s: %s", delivery.channel, delivery.delivery_id, error)
        return mark_failed(self.store, delivery, self.clock(), drainer=self.drainer, error=error, retry=retry)
