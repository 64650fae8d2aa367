"""Connecting to the device API as the settings say: address, question, circuit, clock."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.sources.breaker import FileBreaker
from dqm_assets.sources.devices.client import PATIENCE, DeviceClient, Question
from dqm_assets.sources.devices.clock import Clock
from dqm_assets.sources.devices.incidents import Rule
from dqm_assets.sources.http import Fetcher, Patience

#: Requests under way at once while missed minutes are caught up.
AT_ONCE = 3


def device_url(settings: Settings) -> str:
    """Address of the device API.

    Raises:
        SettingsError: none is set.
    """
    if settings.devices_url is None:
        raise SettingsError(
            "No device API is set: give DQM_DEVICES_URL its address, or start a simulated one with "
            "`dqm simulate server` and use http://127.0.0.1:8060."
        )
    return settings.devices_url


@contextmanager
def device_clients(
    settings: Settings, *, at_once: int = AT_ONCE, patience: Patience = PATIENCE
) -> Generator[list[DeviceClient]]:
    """Clients of the device API, which share one circuit over all processes of this home.

    Raises:
        SettingsError: no address is set.
    """
    url = device_url(settings)
    circuit = FileBreaker(settings.home / "circuits" / "devices.json")
    question = Question(
        settings.devices_window_minutes,
        settings.devices_frequency_minutes,
        settings.devices_update_probability,
    )
    with ExitStack() as stack:
        yield [
            DeviceClient(
                stack.enter_context(Fetcher(url, name="device API", patience=patience, breaker=circuit)),
                question,
            )
            for _ in range(at_once)
        ]


def clock_of(settings: Settings, now: datetime | None = None) -> Clock:
    """The clock that the settings ask for: the wall's, or an accelerated one that stops at the present."""
    now = now or datetime.now(UTC)
    if settings.devices_simulate_minutes is None:
        return Clock(now)
    return Clock(
        now,
        every=timedelta(minutes=settings.devices_simulate_minutes),
        most=settings.devices_steps,
        start=settings.devices_start,
        accelerated=True,
        not_after=now,
    )


def rule_of(settings: Settings) -> Rule:
    """What is a drop, by the settings."""
    return Rule(settings.devices_history, settings.devices_drop)
