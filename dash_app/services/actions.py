"""What people do with alerts from the pages and the API: written by the pipeline's own functions, audited."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.alert_actions import act
from dqm_assets.quality.alert import Alert
from dqm_assets.quality.alerts import Change, acknowledge, mute, resolve
from dqm_assets.store import Store

AlertAction = Literal["acknowledge", "mute", "resolve"]
LONGEST_REASON = 1000


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
    if wish.action != "acknowledge" and not wish.reason.strip():
        raise SettingsError(f"To {wish.action} an alert needs a reason: it stays in the alert's history.")
    if len(wish.reason) > LONGEST_REASON:
        raise SettingsError(
            f"The reason has {len(wish.reason):,} characters; {LONGEST_REASON:,} are the most."
        )
    return await asyncio.to_thread(act, store, alert_id, _change(wish, datetime.now(UTC)))


def _change(wish: Wish, now: datetime) -> Callable[[Alert], Change]:
    reason = wish.reason.strip()
    if wish.action == "acknowledge":
        return lambda alert: acknowledge(alert, wish.actor, reason, now)
    if wish.action == "resolve":
        return lambda alert: resolve(alert, wish.actor, reason, now)
    until = now + timedelta(hours=wish.hours) if wish.hours else None
    return lambda alert: mute(alert, wish.actor, reason, now, until)
