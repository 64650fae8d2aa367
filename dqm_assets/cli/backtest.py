"""``dqm backtest``: replay history point by point and see what a detector would have fired."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dqm_assets.cli.output import JsonFlag, console, print_json, print_table
from dqm_assets.errors import SettingsError

if TYPE_CHECKING:
    from dqm_assets.quality.backtest import Replay, Score, Setting
    from dqm_assets.quality.labels import Label
    from dqm_assets.quality.series_file import Series
    from dqm_assets.store import Store

_SHOWN_ALERTS = 20


@dataclass(frozen=True)
class SeriesAddress:
    """Which stored series."""

    dataset: str
    metric: str
    column: str
    segment: str


def backtest(
    file: Annotated[
        Path | None, typer.Argument(help="CSV with a time and a value per line.", exists=True, dir_okay=False)
    ] = None,
    *,
    dataset: Annotated[str | None, typer.Option(help="Replay a stored series of this dataset.")] = None,
    metric: Annotated[str, typer.Option(help="Metric of the stored series.")] = "row_count",
    column: Annotated[str, typer.Option(help="Column of the stored series; none for the whole table.")] = "",
    segment: Annotated[str, typer.Option(help="Segment of the stored series.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Replay from this time on (UTC).")] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV of incidents: start, end, kind.", exists=True, dir_okay=False)
    ] = None,
    detector: Annotated[
        list[str] | None, typer.Option(help="Method; repeat to compare. The default is ensemble.")
    ] = None,
    weeks: Annotated[
        list[float] | None, typer.Option(help="About one false alert per so many weeks; repeat to compare.")
    ] = None,
    points: Annotated[
        list[float] | None, typer.Option(help="About one false alert per so many points; repeat to compare.")
    ] = None,
    z: Annotated[list[float] | None, typer.Option(help="Alarm beyond so many scales; repeatable.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of series, bands and alerts.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Replay history point by point: alerts per week, precision and recall against labels, delay.

    Every combination of detector and sensitivity is one line of the comparison. A stored series is compared
    with what people said of its alerts, unless --labels gives other incidents.
    """
    from dqm_assets.quality.alert import SeriesKey
    from dqm_assets.quality.backtest import compare
    from dqm_assets.quality.labels import read_labels

    settings = _settings(detector or ["ensemble"], weeks or [], points or [], z or [])
    address = SeriesAddress(dataset, metric, column, segment) if dataset else None
    series, said = _series(file, address)
    if since is not None:
        start = since.replace(tzinfo=since.tzinfo or UTC).timestamp()
        series, said = series.since(start), [label for label in said if label.end >= start]
    found = read_labels(labels) if labels else said
    named, measured = (dataset, metric) if dataset else (file.stem if file else "", "value")
    key = SeriesKey(named, column, segment, measured, "backtest")
    replays = compare(series.ts, series.values, settings, found, series=key)
    if plot is not None:
        _plot(plot, replays, found)
    if json_output:
        print_json({"points": series.ts.size, "settings": [_document(*pair) for pair in replays]})
    else:
        _show(replays)


def _settings(methods: list[str], weeks: list[float], points: list[float], z: list[float]) -> "list[Setting]":
    from dqm_assets.quality.backtest import Setting
    from dqm_assets.quality.sensitivity import Sensitivity

    sensitivities = [
        *map(Sensitivity.per_weeks, weeks),
        *map(Sensitivity.per_points, points),
        *map(Sensitivity.of_z, z),
    ] or [Sensitivity.per_weeks(4)]
    return [Setting(method, sensitivity) for method in methods for sensitivity in sensitivities]


def _series(file: Path | None, address: SeriesAddress | None) -> "tuple[Series, list[Label]]":
    """The series, and what people said of it where it is stored."""
    from dqm_assets.quality.series_file import read_series

    if (file is None) == (address is None):
        raise SettingsError("Give either a CSV file or --dataset with --metric.")
    series, said = (read_series(file), []) if file is not None else _opened(address)  # ty: ignore[invalid-argument-type]
    if series.ts.size == 0:
        raise SettingsError(f"There is nothing to replay: {file or address} has no points.")
    return series, said


def _opened(address: SeriesAddress) -> "tuple[Series, list[Label]]":
    from dqm_assets.pipeline.label_rows import labels_of
    from dqm_assets.quality.alert import SeriesKey
    from dqm_assets.settings import settings
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        key = SeriesKey(address.dataset, address.column, address.segment, address.metric, "")
        return stored_series(store, address), labels_of(store, key)


def stored_series(store: "Store", address: SeriesAddress) -> "Series":
    """Read one series from the store's metrics, in order of time."""
    import numpy as np

    from dqm_assets.quality.series_file import Series

    table = store.query(
        """
        SELECT epoch(ts) AS second, value
        FROM metrics.metrics
        WHERE dataset = ? AND metric = ? AND column_name = ? AND segment = ?
        ORDER BY ts, batch
        """,
        [address.dataset, address.metric, address.column, address.segment],
    )
    ts = np.array(table.column("second").to_pylist(), dtype=np.float64)
    return Series(ts, np.array(table.column("value").to_pylist(), dtype=np.float64))


def _document(done: "Replay", scored: "Score") -> dict[str, Any]:
    return {
        "setting": scored.setting.name,
        "weeks": scored.weeks,
        "alerts": scored.alerts,
        "alerts_per_week": scored.alerts_per_week,
        "true_alerts": scored.true_alerts if scored.labels else None,
        "expected_alerts": scored.expected_alerts if scored.labels else None,
        "precision": _number(scored.precision),
        "recall": _number(scored.recall),
        "delay_seconds": _number(scored.delay),
        "opened": [
            {
                "alert_id": alert.alert_id,
                "opened": alert.opened_ts,
                "last": alert.last_ts,
                "severity": alert.severity,
                "points": alert.evaluations,
                "title": alert.title,
            }
            for alert in done.alerts
        ],
    }


def _number(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 (NaN has no place in JSON)


def _show(replays: "list[tuple[Replay, Score]]") -> None:
    print_table(
        "Backtest",
        [
            {
                "setting": scored.setting.name,
                "alerts": scored.alerts,
                "per week": round(scored.alerts_per_week, 2),
                "true_alerts": scored.true_alerts if scored.labels else None,
                "expected_alerts": scored.expected_alerts if scored.labels else None,
                "precision": _number(scored.precision),
                "recall": _number(scored.recall),
                "delay s": _number(scored.delay),
            }
            for _, scored in replays
        ],
    )
    for done, scored in replays:
        for alert in done.alerts[:_SHOWN_ALERTS]:
            console.print(
                f"{scored.setting.name}: {alert.opened_ts:%Y-%m-%d %H:%M} {alert.title}", markup=False
            )
        if len(done.alerts) > _SHOWN_ALERTS:
            console.print(f"… and {len(done.alerts) - _SHOWN_ALERTS} more")


def _plot(path: Path, replays: "list[tuple[Replay, Score]]", labels: "list[Label]") -> None:
    """One panel per setting: series, band, anomalous points, labelled spans."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(replays), 1, figsize=(12, 3 * len(replays)), squeeze=False, sharex=True, layout="constrained"
    )
    for axis, (done, scored) in zip(axes[:, 0], replays, strict=True):
        judged = done.judgements
        times = judged.ts.astype("datetime64[s]")
        axis.fill_between(times, judged.lower, judged.upper, color="tab:blue", alpha=0.15, linewidth=0)
        axis.plot(times, judged.value, color="0.3", linewidth=0.7)
        axis.plot(times[judged.anomalous], judged.value[judged.anomalous], "r.", markersize=5)
        for label in labels:
            span = [
                datetime.fromtimestamp(second, UTC).replace(tzinfo=None)
                for second in (label.start, label.end)
            ]
            axis.axvspan(*span, color="tab:orange", alpha=0.2)
        axis.set_title(f"{scored.setting.name}: {scored.alerts_per_week:.2f} alerts a week", fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)
