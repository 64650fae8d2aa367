"""What one more batch costs as everything grows: datasets, columns, history, files of the store.

``python -m benchmarks.scale --json``: CPU seconds of this process and of its PostgreSQL together, medians, so
that a busy machine changes them little. A batch of a file is loaded, profiled, judged, and its baselines and
alerts are brought up to date; a batch of the history is one minute of one observed series. Every size has a
store of its own, in which the rows of the other datasets or of the past are really there.

``cost_ratio`` is the largest of the ratios of a batch at the largest size over one at the smallest: 1 is
constant. Where work is in proportion by nature (columns, scores, the overview, loading definitions) the
ratio is that of the cost per column or dataset. ``--size small`` takes a minute on a quiet machine,
``standard`` ten.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import scale_store
from benchmarks.report import print_report
from benchmarks.scale_store import Costs, measured
from dqm_assets.pipeline.scores import update_scores
from dqm_assets.settings import Settings, settings
from dqm_assets.store import Store, open_store
from dqm_assets.store.maintenance import maintain, size


@dataclass(frozen=True)
class Sizes:
    """From where to where each thing grows, and how many batches are timed at each size."""

    datasets: tuple[int, ...]
    defined: tuple[int, ...]
    columns: tuple[int, ...]
    minutes: tuple[int, ...]
    runs: tuple[int, ...]
    commits: int
    batches: int


SIZES = {
    "small": Sizes((10, 300), (3, 30), (10, 60), (1_440, 44_640), (30, 1_000), 60, 5),
    "standard": Sizes(
        (10, 1_000, 10_000),
        (10, 300),
        (10, 100, 1_000),
        (1_440, 44_640, 1_051_200),
        (30, 1_000, 30_000),
        400,
        9,
    ),
}


@contextmanager
def fresh_store(folder: Path, name: str) -> Generator[Store]:
    """A store with nothing in it, and the settings of this process over it; removed at the end."""
    home = folder / name
    with scale_store.environment(home):
        settings.cache_clear()
        with open_store(Settings(home=home)) as store:
            yield store
    settings.cache_clear()
    shutil.rmtree(home, ignore_errors=True)


def datasets(folder: Path, sizes: Sizes) -> dict[int, Costs]:
    """One file more of one dataset, the scores of all, and one look at the overview, among many datasets."""
    found = {}
    for count in sizes.datasets:
        with fresh_store(folder, f"datasets-{count}") as store:
            files = scale_store.Files(store, columns=3)
            files.take_together(scale_store.PAST_FILES)
            scale_store.copy_datasets(store, files.dataset.name, count)
            scale_store.score_days(store)
            maintain(store)
            files.take(1)
            costs = files.take(sizes.batches)
            costs["scores"] = measured(store, 3, lambda store=store: update_scores(store))
            costs["overview"] = measured(
                store, sizes.batches, lambda store=store: scale_store.overview(store)
            )
            found[count] = costs
    return found


def columns(folder: Path, sizes: Sizes) -> dict[int, Costs]:
    """One file more of a dataset with many columns."""
    found = {}
    for count in sizes.columns:
        with fresh_store(folder, f"columns-{count}") as store:
            files = scale_store.Files(store, columns=count)
            files.take_together(3)
            found[count] = files.take(sizes.batches)
    return found


def runs(folder: Path, sizes: Sizes) -> dict[int, Costs]:
    """One file more of a dataset that has had many."""
    found = {}
    for count in sizes.runs:
        with fresh_store(folder, f"runs-{count}") as store:
            files = scale_store.Files(store, columns=3)
            files.take_together(scale_store.PAST_FILES)
            scale_store.copy_runs(store, files.dataset.name, count)
            maintain(store)
            files.take(1)
            found[count] = files.take(sizes.batches)
    return found


def history(folder: Path, sizes: Sizes) -> dict[int, Costs]:
    """One minute more of an observed series."""
    found = {}
    for minutes in sizes.minutes:
        with fresh_store(folder, f"minutes-{minutes}") as store:
            series = scale_store.Minutes(store, minutes)
            found[minutes] = {"batch": measured(store, sizes.batches, series.observe_next)}
    return found


def definitions(folder: Path, sizes: Sizes) -> dict[int, Costs]:
    """Loading the code location: assets, checks and jobs of every dataset."""
    found = {}
    for count in sizes.defined:
        with fresh_store(folder, f"defined-{count}") as store:
            for number in range(count):
                (store.settings.landing_folder / f"d{number:05d}").mkdir(parents=True)
            found[count] = {"load": measured(store, 3, scale_store.load_definitions)}
    return found


def files(folder: Path, sizes: Sizes) -> dict[str, float]:
    """A look at one series while every commit has a file of its own, and after maintenance."""
    with fresh_store(folder, "files") as store:
        scale_store.commit_often(store, sizes.commits)
        before, slow = size(store), measured(store, sizes.batches, lambda: scale_store.read(store))
        report = maintain(store)
        quick = measured(store, sizes.batches, lambda: scale_store.read(store))
    return {
        "files_before": before.files,
        "files_after": report.after.files,
        "read_before_cpu_s": slow,
        "read_after_cpu_s": quick,
        "maintenance_s": report.seconds,
    }


def ratio(found: dict[int, Costs], part: str, *, each: bool = False) -> float:
    """Cost at the largest size over that at the smallest; for each thing when the work is in proportion."""
    least, most = min(found), max(found)
    grown = found[most][part] / found[least][part]
    return round(grown * least / most if each else grown, 3)


AXES: dict[str, Callable[[Path, Sizes], dict[int, Costs]]] = {
    "datasets": datasets,
    "columns": columns,
    "runs": runs,
    "history_minutes": history,
    "definitions": definitions,
}


def main() -> None:
    """Run every axis and print what grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="one JSON line")
    parser.add_argument("--size", choices=list(SIZES), default="standard")
    parser.add_argument("--only", choices=[*AXES, "files"], nargs="*", help="some of the axes")
    options = parser.parse_args()
    sizes, wanted = SIZES[options.size], options.only or [*AXES, "files"]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="dqm-scale-") as folder:
        found = {}
        for name in [name for name in AXES if name in wanted]:
            print(f"{name} …", file=sys.stderr)
            found[name] = AXES[name](Path(folder), sizes)
            for count, costs in found[name].items():
                figures |= {f"{name}_{count}_{part}_cpu_s": round(cost, 4) for part, cost in costs.items()}
        if "files" in wanted:
            print("files …", file=sys.stderr)
            figures |= files(Path(folder), sizes)
    figures |= _ratios(found)
    print_report("scale", figures, {}, as_json=options.json)


def _ratios(found: dict[str, dict[int, Costs]]) -> dict[str, float]:
    constant = {
        name: ratio(found[name], "batch") for name in ("datasets", "runs", "history_minutes") if name in found
    }
    each = {
        f"{name}_each": ratio(found[name], part, each=True)
        for name, part in (("columns", "batch"), ("definitions", "load"))
        if name in found
    }
    if "datasets" in found:
        each |= {f"{part}_each": ratio(found["datasets"], part, each=True) for part in ("overview", "scores")}
    named = {f"{name}_cost_ratio": value for name, value in (constant | each).items()}
    return named | ({"cost_ratio": max(named.values())} if named else {})


if __name__ == "__main__":
    main()
