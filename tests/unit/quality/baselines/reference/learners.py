"""Baseline methods: each one file behind the protocol ``Baseline``, registered here by name."""

from collections.abc import Callable, Mapping

from dqm_assets.errors import SettingsError
from tests.unit.quality.baselines.reference.ensemble import Ensemble
from tests.unit.quality.baselines.reference.novelty import NoveltyLearner
from tests.unit.quality.baselines.reference.protocol import Bands, Baseline, History, Learner, Model
from tests.unit.quality.baselines.reference.robust import Robust
from tests.unit.quality.baselines.reference.seasonal import Seasonal
from tests.unit.quality.baselines.reference.share_drop import ShareDrop
from tests.unit.quality.baselines.reference.transform import ValueKind
from tests.unit.quality.baselines.reference.windowed import WindowedLearner
from tests.unit.quality.baselines.reference.zscore import ZScore

#: Methods that fit a window of the past; "novelty" is the one that does not.
METHODS: Mapping[str, Callable[..., Baseline]] = {
    "ensemble": Ensemble,
    "robust": Robust,
    "seasonal": Seasonal,
    "share_drop": ShareDrop,
    "zscore": ZScore,
}

__all__ = ["METHODS", "Bands", "Baseline", "History", "Learner", "Model", "baseline", "learner"]


def baseline(method: str, **options: float) -> Baseline:
    """Make the method called ``method`` with its own options (see each class).

    Raises:
        SettingsError: no such method, or the method has no such option.
    """
    if method not in METHODS:
        raise SettingsError(
            f"Unknown detector method {method!r}; there are novelty, {', '.join(sorted(METHODS))}."
        )
    try:
        return METHODS[method](**options)
    except TypeError as error:
        raise SettingsError(f"Method {method!r} does not take these options: {error}.") from None


def learner(
    method: str, kind: ValueKind | None = None, adapt_after: int | None = None, **options: float
) -> Learner:
    """Make the state of ``method`` for one series.

    Args:
        method: a name of ``METHODS``, or novelty.
        kind: what the values are, when the user said so.
        adapt_after: anomalous points in a row that are the new normal; ``None`` for the method's own rule.
        options: the method's own options.

    Raises:
        SettingsError: no such method, or the method has no such option.
    """
    if method == "novelty":
        if options:
            raise SettingsError(f"Method 'novelty' has no options, got {', '.join(sorted(options))}.")
        return NoveltyLearner()
    return WindowedLearner(baseline(method, **options), kind, adapt_after)
