"""The consumer service: several topics, their windows and verdicts, and what it says of itself."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa
import structlog

from dqm_assets.errors import DqmError, StoreError
from dqm_assets.pipeline.datasets import find_dataset
from dqm_assets.sources.streams.client import kafka_client
from dqm_assets.sources.streams.consumer import Poll, StreamConsumer, StreamLimits, StreamTotals
from dqm_assets.sources.streams.counted_windows import CountedWindows
from dqm_assets.sources.streams.dagster_report import DagsterReporter
from dqm_assets.sources.streams.forwarding import LetterForwarder
from dqm_assets.sources.streams.meter import StreamMeter
from dqm_assets.sources.streams.report import StreamReporter
from dqm_assets.sources.streams.sink import FencedError, StreamSink
from dqm_assets.sources.streams.window_judge import DATASET, WindowJudge
from dqm_assets.sources.streams.window_keeper import WindowKeeper
from dqm_assets.store import Store

_log = structlog.get_logger(__name__)

#: A topic whose consumer failed is tried again after this, and at most after the other.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: Seconds that the end of a window waits for a poll, and between two looks whether it has returned.
_PATIENCE, _GLANCE = 1.0, 0.02


@dataclass(frozen=True)
class StreamPlan:
    """What a service consumes.

    Attributes:
        bootstrap: addresses of brokers, comma separated.
        topics: they need not exist yet.
        share: (i, n): of n services this is number i, from 0.
        limits: what each topic may gather.
        width: length of a window.
        report_seconds: how often the service tells how it is.
        letters_to: topic that dead letters are forwarded to; empty: they are not.
    """

    bootstrap: str
    topics: tuple[str, ...]
    share: tuple[int, int] = (0, 1)
    limits: StreamLimits = field(default_factory=StreamLimits)
    width: timedelta = timedelta(seconds=5)
    report_seconds: float = 10.0
    letters_to: str = ""


class TopicWatch:
    """One topic: told of what its sink commits, it counts windows and meters the consumer."""

    def __init__(self, store: Store, topic: str, width: timedelta, counted: CountedWindows) -> None:
        self.topic = topic
        self.meter = StreamMeter(topic)
        self.keeper = WindowKeeper(store, topic, width, counted)
        self.totals = StreamTotals()
        self.lag: int | None = None
        #: Whether all that the broker held was fetched once.
        self.caught_up = False
        #: Why its consumer does not run; empty while it does.
        self.trouble = ""
        #: Whether it gave up: another service has its partitions.
        self.fenced = False

    def claimed(self, partitions: Sequence[int]) -> None:
        """See `SinkListener`."""
        self.meter.claimed(partitions)
        self.keeper.claimed(partitions)

    def take(self, events: pa.Table, letters: pa.Table) -> None:
        """See `SinkListener`."""
        self.meter.take(events, letters)
        self.keeper.take(events, letters)


class StreamService:
    """Consumes topics, each in a thread of its own: one that fails leaves the others alone.

    Args:
        store: The open store.
        plan: What to consume.
    """

    def __init__(self, store: Store, plan: StreamPlan) -> None:
        self._store, self._plan = store, plan
        self._stopping = threading.Event()
        self._broken: Exception | None = None
        counted = CountedWindows(store)
        self.watches = [TopicWatch(store, topic, plan.width, counted) for topic in dict.fromkeys(plan.topics)]
        self._judge = WindowJudge(store, plan.width, find_dataset(store.settings, DATASET).owner, counted)
        self.reporter = StreamReporter(store, self.watches, plan.share)

    def run(self, until: Callable[[], bool]) -> StreamTotals:
        """Consume until a condition holds.

        Raises:
            SourceError: other services have taken over every topic.
            Exception: what broke a thread that must not end.
        """
        threads = [self._thread(f"consume {watch.topic}", self._consume, watch) for watch in self.watches]
        threads.append(self._thread("windows", self._watch))
        threads.append(self._thread("report", self._report))
        told = DagsterReporter(self._store, self._store.settings.dagster_url)
        threads.append(self._thread("dagster", told.run, self._stopping, lambda: self.totals))
        if self._plan.letters_to:
            forwarder = LetterForwarder(self._store, self._plan.bootstrap, self._plan.letters_to)
            threads.append(self._thread("letters", forwarder.run, self._stopping))
        for thread in threads:
            thread.start()
        try:
            while not until() and not all(watch.fenced for watch in self.watches):
                if self._stopping.wait(0.1):
                    break
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()
            self._look()
            self._look(leaving=True)
            self.reporter.report()
            for watch in self.watches:
                watch.keeper.close()
        if self._broken is not None:
            raise self._broken
        if self.watches and all(watch.fenced for watch in self.watches):
            raise FencedError(self.watches[0].trouble, "fenced")
        return self.totals

    def _thread(self, name: str, work: Callable[..., None], *given: object) -> threading.Thread:
        """A thread whose unexpected end ends the service: a supervisor starts it again, as a whole."""

        def guarded() -> None:
            try:
                work(*given)
            except Exception as error:
                _log.exception("stream_thread_broke", thread=name)
                self._broken = error
                self._stopping.set()

        return threading.Thread(target=guarded, name=name)

    @property
    def totals(self) -> StreamTotals:
        """What all topics gave together."""
        each = [watch.totals for watch in self.watches]
        return StreamTotals(
            sum(one.records for one in each),
            sum(one.events for one in each),
            sum(one.dead_letters for one in each),
            sum(one.batches for one in each),
        )

    @property
    def caught_up(self) -> bool:
        """Whether each topic that runs was once read to its end."""
        return all(watch.caught_up or watch.fenced for watch in self.watches)

    def _consume(self, watch: TopicWatch) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set() and not watch.fenced:
            began = time.monotonic()
            try:
                self._consume_once(watch)
            except FencedError as error:
                watch.trouble, watch.fenced = str(error), True
                _log.error("stream_fenced", topic=watch.topic, error=str(error))
            except (DqmError, kafka_client().KafkaException) as error:
                watch.trouble = str(error)
                watch.meter.failed()
                _log.error("stream_failed", topic=watch.topic, error=str(error), again_in=pause)
                self._stopping.wait(pause)
                steady = time.monotonic() - began > _LONGEST_PAUSE
                pause = _FIRST_PAUSE if steady else min(2 * pause, _LONGEST_PAUSE)

    def _consume_once(self, watch: TopicWatch) -> None:
        before = watch.totals
        sink = StreamSink(self._store, watch.topic, watch.meter.at, watch)
        plan = self._plan
        try:
            with StreamConsumer(plan.bootstrap, watch.topic, sink, plan.limits, plan.share) as consumer:
                polls = _Polls(watch, consumer)

                def done() -> bool:
                    polls.between()
                    watch.totals = _sum(before, consumer.totals)
                    watch.caught_up = consumer.caught_up
                    if consumer.ready:
                        watch.trouble = ""
                    return self._stopping.is_set()

                consumer.run(done)
                watch.totals = _sum(before, consumer.totals)
        finally:
            sink.close()

    def _watch(self) -> None:
        """Count and judge each window soon after its end."""
        width = self._plan.width.total_seconds()
        while not self._stopping.is_set():
            end = (time.time() // width + 1) * width
            self._stopping.wait(max(0.0, end - time.time()))
            # A poll that began after the end has to return first; a consumer without a broker never does.
            patience = end + self._plan.limits.linger + _PATIENCE
            while time.time() < patience and not all(w.keeper.reaches(end) for w in self.watches):
                self._stopping.wait(_GLANCE)
            self._look()

    def _look(self, *, leaving: bool = False) -> None:
        for watch in self.watches:
            try:
                watch.keeper.flush(leaving=leaving)
            except FencedError as error:
                watch.trouble, watch.fenced = str(error), True
            except StoreError as error:
                _log.warning("windows_not_counted", topic=watch.topic, error=str(error))
        try:
            self.reporter.judged(self._judge.judge())
        except StoreError as error:
            _log.warning("windows_not_judged", error=str(error))

    def _report(self) -> None:
        while not self._stopping.wait(self._plan.report_seconds):
            self.reporter.report()


class _Polls:
    """Tells the keeper between polls how far the broker has been read."""

    def __init__(self, watch: TopicWatch, consumer: StreamConsumer) -> None:
        self._watch, self._consumer = watch, consumer
        self._told: Poll | None = None
        self._looked = 0.0

    def between(self) -> None:
        poll = self._consumer.written
        if poll is not None and poll is not self._told and self._consumer.ready:
            self._watch.keeper.polled(started=poll.started, drained=poll.drained)
        self._told = poll
        if time.monotonic() - self._looked > 1.0:
            self._looked = time.monotonic()
            self._watch.lag = self._consumer.lag()


def _sum(one: StreamTotals, other: StreamTotals) -> StreamTotals:
    return StreamTotals(
        one.records + other.records,
        one.events + other.events,
        one.dead_letters + other.dead_letters,
        one.batches + other.batches,
    )
