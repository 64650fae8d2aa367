"""The methods by name, their options, and the names of what they fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dqm_assets.errors import SettingsError


@dataclass(frozen=True)
class Method:
    """One way of learning what is normal.

    Attributes:
        number: its number in the kernel and in states.
        options: names of the options that it takes.
        fitted: names of the numbers that a fit finds, in the kernel's order.
    """

    number: int
    options: tuple[str, ...]
    fitted: tuple[str, ...]


_WINDOW = ("needed", "window")
METHODS: Mapping[str, Method] = {
    "zscore": Method(0, _WINDOW, ("mean", "stddev")),
    "robust": Method(1, _WINDOW, ("centre", "scale", "", "transform")),
    "seasonal": Method(2, ("period", *_WINDOW), ("centre", "scale", "period", "transform")),
    "share_drop": Method(3, ("history", "drop"), ("mean", "drop")),
    "ensemble": Method(
        4,
        _WINDOW,
        (
            *("period", "above_0", "below_0", "above_12", "below_12", "above_72", "below_72"),
            *("ratio_below_0", "ratio_below_12", "ratio_below_72"),
        ),
    ),
    "novelty": Method(5, (), ("value", "local_mean", "spread", "step", "season", "fatigue")),
}
_BY_NUMBER = {method.number: method for method in METHODS.values()}
#: Names of judging scales as the kernel numbers them.
SCALES = ("unknown", "real", "count", "share", "positive")


def method_called(name: str, options: Mapping[str, float]) -> Method:
    """The method called ``name``, which takes these options.

    Raises:
        SettingsError: no such method, or the method has no such option.
    """
    if name not in METHODS:
        raise SettingsError(f"Unknown detector method {name!r}; there are {', '.join(sorted(METHODS))}.")
    unknown = sorted(set(options) - set(METHODS[name].options))
    if unknown:
        known = ", ".join(METHODS[name].options) or "none"
        raise SettingsError(f"Method {name!r} has no option {', '.join(unknown)}; it takes: {known}.")
    return METHODS[name]


def fitted_numbers(layout: float, numbers: Sequence[float]) -> Mapping[str, float | str]:
    """What a fit found, by name.

    Args:
        layout: 0 for nothing, else 1 + number of the method that fitted (a young ensemble is a robust fit).
        numbers: as the kernel gave them.
    """
    if not layout:
        return {}
    named = zip(_BY_NUMBER[int(layout) - 1].fitted, numbers, strict=False)
    return {
        name: SCALES[int(number)] if name == "transform" else number
        for name, number in named
        if name and (number or not name.startswith(("above_", "below_", "ratio_")))
    }
