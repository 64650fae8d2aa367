"""One snapshot of the fleet: what the device API answered, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from dqm_assets.errors import SourceError
from dqm_assets.sources.devices.segments import MOST_DIMENSIONS, WHOLE_FLEET, dimensions_of

_Text = Annotated[str, Field(min_length=1, max_length=128)]
_SHOWN = 3


class SnapshotError(SourceError):
    """An answer is JSON, but not the snapshot that was asked for.

    ``code`` is ``not_a_snapshot``, ``contradiction`` (one key with two counts), ``empty`` or
    ``wrong_time`` (a snapshot of another time: late, or sent again).
    """


class SegmentKey(NamedTuple):
    """What is counted: a segment and the value of each of its dimensions.

    A tuple, because thousands are made and looked up for every snapshot.
    """

    segment: str
    values: tuple[str, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the dimensions, one for each value."""
        return dimensions_of(self.segment)


@dataclass(frozen=True)
class Snapshot:
    """Connected devices by segment at a time.

    Attributes:
        ts: UTC.
        counts: devices by segment and values.
        simulated: whether the source says that it made them up.
        repeated: rows that came more than once with one count.
    """

    ts: datetime
    counts: Mapping[SegmentKey, int]
    simulated: bool
    repeated: int

    @property
    def online(self) -> int:
        """Devices of the whole fleet: the sum of the segment Type."""
        return sum(count for key, count in self.counts.items() if key.segment == WHOLE_FLEET)


class _Row(BaseModel):
    model_config = ConfigDict(strict=True)

    segment: _Text
    count: int = Field(ge=0)
    dim1_name: _Text
    dim1_value: _Text
    dim2_name: _Text | None = None
    dim2_value: _Text | None = None
    dim3_name: _Text | None = None
    dim3_value: _Text | None = None

    def key(self) -> SegmentKey:
        if self.dim2_name is None:
            names, values = (self.dim1_name,), (self.dim1_value, *_given(self.dim2_value))
        elif self.dim3_name is None:
            names = (self.dim1_name, self.dim2_name)
            values = (self.dim1_value, *_given(self.dim2_value, self.dim3_value))
        else:
            names = (self.dim1_name, self.dim2_name, self.dim3_name)
            values = (self.dim1_value, *_given(self.dim2_value, self.dim3_value))
        if names != dimensions_of(self.segment) or len(values) != len(names):
            raise SnapshotError(
                f"A row of segment {self.segment!r} has {list(names)} and {len(values)} values; it "
                f"must have the segment's own dimensions, at most {MOST_DIMENSIONS}, each with a value.",
                "not_a_snapshot",
            )
        return SegmentKey(self.segment, values)


def _given(*values: str | None) -> tuple[str, ...]:
    return tuple(value for value in values if value is not None)


class _Answer(BaseModel):
    current_time: AwareDatetime
    simulated: bool = False
    segments: list[_Row]


def read_snapshot(document: Any, asked: datetime) -> Snapshot:
    """Read an answer of ``POST /segment-stats``; rows that are there twice count once.

    Args:
        document: the answer's JSON.
        asked: time that was asked for, UTC.

    Raises:
        SnapshotError: it is no snapshot, holds none of the fleet, contradicts itself or is of another time.
    """
    try:
        answer = _Answer.model_validate(document)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:_SHOWN]]
        raise SnapshotError(f"The answer is no snapshot: {'; '.join(wrong)}.", "not_a_snapshot") from None
    ts = answer.current_time.astimezone(UTC)
    if ts != asked:
        raise SnapshotError(
            f"Asked for {asked.isoformat()}, got the snapshot of {ts.isoformat()}: late, or sent again.",
            "wrong_time",
        )
    found = list(dict.fromkeys((row.key(), row.count) for row in answer.segments))
    counts = dict(found)
    if len(counts) < len(found):
        raise SnapshotError("The snapshot gives one segment value two different counts.", "contradiction")
    if not any(key.segment == WHOLE_FLEET for key in counts):
        raise SnapshotError(
            f"The snapshot has no segment {WHOLE_FLEET!r}, whose sum is the online fleet.", "empty"
        )
    return Snapshot(ts, counts, answer.simulated, len(answer.segments) - len(counts))
