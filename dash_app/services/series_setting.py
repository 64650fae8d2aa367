"""How a series is judged today, and changing it after a backtest."""

import asyncio

from dash_app.services.backtest import REPLAYED, Choice, judging_detectors
from dash_app.services.metric_series import SeriesAddress
from dqm_assets.errors import SettingsError
from dqm_assets.pipeline.relearn import setting_of
from dqm_assets.pipeline.series_setting import set_sensitivity
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.store import Store


def today_choice(store: Store, address: SeriesAddress) -> Choice | None:
    """Tell how a series is judged today, or ``None`` when no detector with a baseline judges it."""
    for detector in judging_detectors(store, address):
        try:
            setting = setting_of(store, _key(address, detector))
        except (SettingsError, KeyError):  # a detector that goes by a rule; a metric that is no longer judged
            continue
        wanted = setting.sensitivity
        if setting.method not in REPLAYED:
            continue
        if wanted.points is not None:
            return Choice(setting.method, "points", wanted.points)
        if wanted.weeks is not None:
            return Choice(setting.method, "weeks", wanted.weeks)
        return Choice(setting.method, "z", wanted.z or 0.0)
    return None


async def apply_choice(store: Store, address: SeriesAddress, choice: Choice, actor: str) -> str:
    """Store a choice as the series' sensitivity, and say in words what follows.

    Raises:
        SettingsError: nothing with a baseline judges the series, or it is judged by another method or unit.
        StoreError: the store cannot be written.
    """
    return await asyncio.to_thread(_apply, store, address, choice, actor)


def _apply(store: Store, address: SeriesAddress, choice: Choice, actor: str) -> str:
    today = today_choice(store, address)
    if today is None:
        raise SettingsError(f"No detector with a baseline judges {address.name}: there is nothing to set.")
    if today.method != choice.method:
        raise SettingsError(
            f"{address.name} is judged by {today.method}; another method is a change of its watch in code."
        )
    detector = judging_detectors(store, address)[0]
    reason = f"backtest: {today.text} became {choice.text}"
    set_sensitivity(store, _key(address, detector), choice.setting.sensitivity, actor, reason)
    return f"From the next batch on {address.name} is judged with {choice.setting.name}."


def _key(address: SeriesAddress, detector: str) -> SeriesKey:
    return SeriesKey(address.dataset, address.column, address.segment, address.metric, detector)
