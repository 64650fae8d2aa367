"""What a service that observes one dataset again and again keeps in between, so that it need not read it."""

from collections.abc import Iterable, Mapping

from dqm_assets.pipeline.series_states import Learned
from dqm_assets.pipeline.stored_points import (
    Address,
    Arrivals,
    Place,
    address_of,
    arrivals,
    newest_places,
    place_of,
)
from dqm_assets.pipeline.training import Training, training_of
from dqm_assets.pipeline.watch import Point
from dqm_assets.quality.alert import SeriesKey
from dqm_assets.quality.alerts import Finding
from dqm_assets.store import Store

#: What an observation reads; whoever else changes one of these makes the memory void.
_READ = frozenset(
    {
        "metrics.metrics",
        "monitoring.detector_states",
        "monitoring.labels",
        "monitoring.learned",
        "monitoring.alerts",
    }
)


class SeriesMemory:
    """Detectors, newest points, what people said, and whether alerts are active, of one dataset.

    It holds as long as the store's list of changes names no commit but its owner's in the tables that it
    stands for: anybody's word, correction or retention makes the next observation read everything again.
    Only to be asked while the lock of the dataset is held.

    Args:
        store: The open store.
        dataset: The dataset.
    """

    def __init__(self, store: Store, dataset: str) -> None:
        self._store, self._dataset = store, dataset
        self._version: int | None = None
        self._marks: set[str] = set()
        self.forget()

    def forget(self) -> None:
        """Read everything again next time."""
        self._newest: dict[Address, Place] = {}
        self._training: Training | None = None
        self._calm = False
        #: Detectors that have learned all that is stored of their series.
        self.live: dict[SeriesKey, Learned] = {}

    def refresh(self) -> None:
        """Forget if somebody else wrote.

        Raises:
            StoreError: PostgreSQL does not answer.
        """
        changes = self._store.changes(self._version, self._marks)
        if changes.tables is None or changes.tables & _READ:
            self.forget()
        self._version, self._marks = changes.version, set()

    def arrivals(self, points: Iterable[Point]) -> Arrivals:
        """See `stored_points.arrivals`; nothing is read when every point lies beyond what is known."""
        wanted = {(address_of(point), point.batch): point for point in points}
        if all(map(self._is_beyond, wanted.values())):
            return Arrivals(list(wanted.values()), [])
        return arrivals(self._store, self._dataset, wanted.values())

    def training(self) -> Training:
        """What people have said of the series."""
        if self._training is None:
            self._training = training_of(self._store, self._dataset)
        return self._training

    def is_calm(self, findings: Iterable[Finding]) -> bool:
        """Whether these findings can change no alert: none is active, and nothing is out of the ordinary."""
        return self._calm and all(finding.verdict.verdict != "anomalous" for finding in findings)

    def keep(
        self, arrived: Arrivals, learned: Mapping[SeriesKey, Learned], mark: str | None, *, calm: bool
    ) -> None:
        """Take over what was committed.

        Args:
            arrived: the points.
            learned: the detectors that judged them.
            mark: of the commit.
            calm: whether no alert is active, and none was changed.
        """
        if mark is None:
            self.forget()
            return
        self._marks.add(mark)
        unknown = [point for point in arrived.points if not self._is_beyond(point)]
        known = {address_of(point): place_of(point) for point in sorted(arrived.points, key=place_of)}
        if unknown:
            metrics = {point.metric for point in unknown}
            first = min(point.ts for point in unknown)
            known |= newest_places(self._store, self._dataset, metrics, first)
        self._newest |= known
        for series, detector in learned.items():
            # A detector that learned a point of the past has yet to learn what came after it.
            if detector.place == self._newest[series.column_name, series.segment, series.metric]:
                self.live[series] = detector
            else:
                self.live.pop(series, None)
        if not calm:
            self._training = None
        self._calm = calm

    def _is_beyond(self, point: Point) -> bool:
        """Whether it comes after all stored points of its series, as far as is known."""
        newest = self._newest.get(address_of(point))
        return newest is not None and place_of(point) > newest
