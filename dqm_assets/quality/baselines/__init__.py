"""Baselines: what is normal for a series, learned point by point in the kernel (native/src)."""

from dqm_assets.quality.baselines.method import METHODS
from dqm_assets.quality.baselines.rebaseline import Expectations, rebaseline
from dqm_assets.quality.baselines.series_kernel import SeriesKernel, SeriesSettings

__all__ = ["METHODS", "Expectations", "SeriesKernel", "SeriesSettings", "rebaseline"]
