"""Why a part of the fleet dropped: the segments that explain it, in words and numbers."""

from collections.abc import Sequence

import numpy as np

from dqm_assets.quality.segments import Contribution, Explanation, SegmentState, contributions
from dqm_assets.sources.devices.fleet_history import WHOLE, FleetHistory, Part
from dqm_assets.sources.devices.segments import SINGLE

#: A segment stands out when it lost so many times more of itself than the part it is in.
_STANDS_OUT = 1.3
#: A segment that explains less is not worth naming.
_LEAST_SHARE = 0.1
#: Smaller drops are written with a decimal.
_WHOLE_FROM = 0.1
_NAMED = 3
_KEPT = 12


def explain_drop(
    history: FleetHistory, place: int, part: Part, broken: Sequence[Part], *, baseline: int
) -> Explanation | None:
    """Say which segments explain the drop of a part at a snapshot.

    Args:
        history: counts over time.
        place: place of the snapshot in the history.
        part: what dropped.
        broken: parts of the incidents that last, which are the first to be named.
        baseline: snapshots before it whose mean it is compared with.

    Returns:
        ``None`` when nothing is missing, or nothing is known of before.
    """
    before, after = _states(history, place, part, WHOLE, baseline)
    if place < baseline or after.count >= before.count:
        return None
    culprits = [each for each in broken if each not in (WHOLE, part)] if part == WHOLE else []
    if culprits:
        return _by_culprits(history, place, part, culprits, baseline)
    return _by_dimension(history, place, part, baseline)


def _by_culprits(
    history: FleetHistory, place: int, part: Part, culprits: Sequence[Part], baseline: int
) -> Explanation:
    before, after = _states(history, place, part, WHOLE, baseline)
    told = []
    for culprit in culprits:
        was, now = _states(history, place, culprit, part, baseline)
        told.append(((was.count - now.count) / (before.count - after.count), culprit, was, now))
    told.sort(key=lambda each: -each[0])
    words = [
        f"{culprit.name} explains {min(share, 1.0):.0%} of the drop "
        f"({was.count:,.0f} → {now.count:,.0f} online)"
        for share, culprit, was, now in told[:_NAMED]
    ]
    return Explanation(
        _percent("; ".join(words)), _parts(history, place, part, told[0][1].dimension, baseline)
    )


def _by_dimension(history: FleetHistory, place: int, part: Part, baseline: int) -> Explanation:
    """Name the one segment within the part that lost most of itself and most of all."""
    before, after = _states(history, place, part, WHOLE, baseline)
    whole_drop = (before.count - after.count) / before.count
    best: tuple[float, str, Contribution] | None = None
    for dimension in SINGLE:
        if dimension == part.dimension:
            continue
        for found in _parts(history, place, part, dimension, baseline):
            lost = found.before.count - found.after.count
            drop = lost / found.before.count if found.before.count else 0.0
            stands_out = drop >= _STANDS_OUT * whole_drop and found.share >= _LEAST_SHARE
            if stands_out and (best is None or lost * drop > best[0]):
                best = (lost * drop, dimension, found)
    lost = f"{before.count:,.0f} → {after.count:,.0f} online"
    if best is None:
        text = f"{part.title} lost {_rounded(whole_drop)} ({lost}), in all its segments alike"
        dimension = next(each for each in SINGLE if each != part.dimension)
    else:
        _, dimension, found = best
        cause = f"{found.segment} explains {min(found.share, 1.0):.0%} of it"
        text = f"{part.title} lost {_rounded(whole_drop)} ({lost}); {cause}"
    return Explanation(_percent(text), _parts(history, place, part, dimension, baseline))


def _parts(
    history: FleetHistory, place: int, part: Part, dimension: str, baseline: int
) -> tuple[Contribution, ...]:
    """What each value of a dimension contributes to the change of a part, largest first."""
    before, after = {}, {}
    for value in history.parts:
        if value.dimension == dimension:
            before[value.name], after[value.name] = _states(history, place, value, part, baseline)
    return contributions(before, after)[:_KEPT]


def _states(
    history: FleetHistory, place: int, part: Part, within: Part, baseline: int
) -> tuple[SegmentState, SegmentState]:
    online = history.both(part, within).online
    past = online[max(0, place - baseline) : place]
    return SegmentState(float(np.mean(past)) if past.size else 0.0), SegmentState(float(online[place]))


def _rounded(part: float) -> str:
    return f"{part:.0%}" if part >= _WHOLE_FROM else f"{part:.1%}"


def _percent(text: str) -> str:
    return text.replace("%", " %")
