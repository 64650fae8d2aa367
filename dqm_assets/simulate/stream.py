"""Events of simulated sensors, with poison of five kinds, late ones and repeated ones."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from dqm_assets.simulate.stream_faults import NO_FAULTS, SOURCES, StreamFaults

#: What each kind of poison is called when it is found.
POISON = ("not_utf8", "not_json", "missing_field", "wrong_type", "impossible_time")
#: Shares of events that warn, and that report an error.
_WARN, _ERROR = 0.04, 0.01
#: What a fault does to its source: a share of its events report an error, or values are so much higher.
_FAULTY_ERRORS, _FAULTY_SHIFT = 0.4, 6.0
_LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class SimulatedEvent:
    """One record: its key, its bytes, and what is wrong with it."""

    key: bytes
    value: bytes
    #: One of `POISON`; empty when it is an event.
    poison: str
    late: bool
    repeated: bool
    #: Its source is silent: it takes its place in time, and is not sent.
    withheld: bool = False


@dataclass(frozen=True)
class SensorStream:
    """An endless stream of events; the same seed gives the same faults in the same places."""

    sensors: int = 200
    seed: int = 7
    poison_share: float = 0.01
    late_share: float = 0.01
    repeated_share: float = 0.005
    faults: StreamFaults = NO_FAULTS

    def events(self) -> Iterator[SimulatedEvent]:
        """Events as of now, one after the other."""
        rng = np.random.default_rng(self.seed)
        levels = rng.normal(20, 5, self.sensors)
        last: SimulatedEvent | None = None
        number = 0
        while True:
            for draw in rng.random((1000, 5)):
                if last is not None and draw[0] < self.repeated_share:
                    yield replace(last, repeated=True)
                    continue
                last = self._event(number, draw, levels)
                number += 1
                yield last

    def _event(self, number: int, draw: np.ndarray, levels: np.ndarray) -> SimulatedEvent:
        sensor = int(draw[1] * self.sensors)
        late = bool(draw[2] < self.late_share)
        now = datetime.now(UTC)
        at = now - (_LATE if late else timedelta(0))
        source = SOURCES[sensor % len(SOURCES)]
        fault = self.faults.of(source, now)
        error = _FAULTY_ERRORS if fault == "errors" else _ERROR
        event = {
            "event_id": f"{self.seed}-{number}",
            "source": source,
            "sensor": f"sensor-{sensor:05d}",
            "ts": at.isoformat(),
            "value": round(
                float(levels[sensor] + 2 * (draw[3] - 0.5)) + _FAULTY_SHIFT * (fault == "shift"), 4
            ),
            "status": "error" if draw[3] < error else "warn" if draw[3] < error + _WARN else "ok",
        }
        key = str(event["sensor"]).encode()
        kind = POISON[int(draw[4] / self.poison_share * len(POISON))] if draw[4] < self.poison_share else ""
        body = _spoiled(event, kind)
        return SimulatedEvent(key, body, kind, late and not kind, False, fault == "silence")


def _spoiled(event: dict, kind: str) -> bytes:
    match kind:
        case "missing_field":
            del event["sensor"]
        case "wrong_type":
            event["value"] = "high"
        case "impossible_time":
            event["ts"] = "1970-01-01T00:00:00+00:00"
    body = json.dumps(event).encode()
    if kind == "not_json":
        return body[: len(body) // 2]
    return b"\xff\xfe" + body if kind == "not_utf8" else body
