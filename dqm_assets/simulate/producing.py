"""Handing simulated events to a Kafka producer, as fast as it takes them."""

from typing import Any

from dqm_assets.simulate.stream import SimulatedEvent
from dqm_assets.sources.streams.consumer import SIMULATED_RECORD


def produce(producer: Any, topic: str, event: SimulatedEvent) -> None:
    """Send one event unless it is withheld, marked as simulated; waits while the producer's queue is full."""
    if event.withheld:
        return
    while True:
        try:
            producer.produce(topic, event.value, event.key, headers=[SIMULATED_RECORD])
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)
