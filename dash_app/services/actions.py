"""What people do with alerts from the pages and the API: written by the pipeline's own functions, audited."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.alert_actions import act
from dqm_assets.quality.alert import Alert
from dqm_assets.quality.alerts import Change, acknowledge, mute, resolve
from dqm_assets.store import Store

AlertAction = Literal["acknowledge", "mute", "resolve"]
LONGEST_REASON = 1000
#: A mute is at most a year.
MOST_HOURS = 8760.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What someone wants done with an alert, and why; ``hours`` limits a mute, ``None`` does not."""

    action: AlertAction
    actor: str
    reason: str
    hours: float | None = None


async def act_on_alert(store: Store, alert_id: str, wish: Wish) -> Alert:
    """Do it, and give the alert as it is afterwards.

    Raises:
        StoreError: no such alert, or the store cannot be written.
        SettingsError: the alert's state does not allow it, or there is no reason where one is needed.
    """
    if wish.action not in get_args(AlertAction):  # a callback is sent whatever its sender likes
        raise SettingsError(f"{wish.action!r} is nothing that can be done with an alert.")
    if wish.hours is not None and not 0 < wish.hours <= MOST_HOURS:
        raise SettingsError(f"An alert is muted for at most {MOST_HOURS:,.0f} hours, or until it ends.")
    if wish.action != "acknowledge" and not wish.reason.strip():
        raise SettingsError(f"To {wish.action} an alert needs a reason: it stays in the alert's history.")
    refuse_long(wish.reason)
    return await asyncio.to_thread(act, store, alert_id, _change(wish, datetime.now(UTC)))


def refuse_long(reason: str) -> None:
    """Refuse a reason that is an essay.

    Raises:
        SettingsError: it is too long.
    """
    if len(reason) > LONGEST_REASON:
        raise SettingsError(f"The reason has {len(reason):,} characters; {LONGEST_REASON:,} are the most.")


def _change(wish: Wish, now: datetime) -> Callable[[Alert], Change]:
    reason = wish.reason.strip()
    if wish.action == "acknowledge":
        return lambda alert: acknowledge(alert, wish.actor, reason, now)
    if wish.action == "resolve":
        return lambda alert: resolve(alert, wish.actor, reason, now)
    until = now + timedelta(hours=wish.hours) if wish.hours else None
    return lambda alert: mute(alert, wish.actor, reason, now, until)
