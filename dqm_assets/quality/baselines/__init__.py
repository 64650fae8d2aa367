"""Baseline methods: each one file behind the protocol ``Baseline``, registered here by name."""

from collections.abc import Callable, Mapping

from dqm_assets.errors import SettingsError
from dqm_assets.quality.baselines.ensemble import Ensemble
from dqm_assets.quality.baselines.protocol import Band, Baseline, History, Model
from dqm_assets.quality.baselines.robust import Robust
from dqm_assets.quality.baselines.seasonal import Seasonal
from dqm_assets.quality.baselines.share_drop import ShareDrop
from dqm_assets.quality.baselines.zscore import ZScore

METHODS: Mapping[str, Callable[..., Baseline]] = {
    "ensemble": Ensemble,
    "robust": Robust,
    "seasonal": Seasonal,
    "share_drop": ShareDrop,
    "zscore": ZScore,
}

__all__ = ["METHODS", "Band", "Baseline", "History", "Model", "baseline"]


def baseline(method: str, **options: float) -> Baseline:
    """Make the method called ``method`` with its own options (see each class).

    Raises:
        SettingsError: no such method, or the method has no such option.
    """
    if method not in METHODS:
        raise SettingsError(f"Unknown detector method {method!r}; there are {', '.join(sorted(METHODS))}.")
    try:
        return METHODS[method](**options)
    except TypeError as error:
        raise SettingsError(f"Method {method!r} does not take these options: {error}.") from None
