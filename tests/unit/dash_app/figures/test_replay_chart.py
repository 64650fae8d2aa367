"""The chart of a replay: one lane of alerts per setting, the band of the chosen one."""

import numpy as np

from dash_app.figures.replay_chart import replay_chart
from dash_app.services.backtest import Backtest, Choice, Replayed
from dash_app.services.metric_series import SeriesAddress
from dash_app.services.viewer import Viewer
from dqm_assets.quality.backtest import replay, score
from dqm_assets.quality.labels import Label

CHOICES = (Choice("robust", "points", 1000), Choice("zscore", "z", 3))


def found() -> Backtest:
    rng = np.random.default_rng(1)
    ts = np.arange(80) * 3600.0
    values = rng.normal(10, 1, 80)
    values[60] = 60
    replays = [replay(ts, values, choice.setting) for choice in CHOICES]
    done = tuple(Replayed(c, r, score(r, ())) for c, r in zip(CHOICES, replays, strict=True))
    labels = (Label(ts[59], ts[61], "incident"),)
    return Backtest(SeriesAddress("d", "mean", "x"), ts, values, tuple(map(str, range(80))), labels, done)


def test_each_setting_has_its_lane_and_the_chosen_one_its_band_and_marks() -> None:
    figure = replay_chart(found(), 1, Viewer())
    lanes = {trace.name: trace for trace in figure.data if trace.name and trace.name.startswith("Alerts of")}
    assert set(lanes) == {"Alerts of A", "Alerts of B"}
    assert all(len(lane.x) >= 3 for lane in lanes.values())
    assert sum(trace.fill == "tonexty" for trace in figure.data) == 1
    out = next(trace for trace in figure.data if trace.name == "Out of range")
    assert 60 in list(out.y)
    assert len(figure.layout.shapes) == 1


def test_a_setting_comes_back_from_its_text() -> None:
    assert [Choice.read(choice.text) for choice in CHOICES] == list(CHOICES)
