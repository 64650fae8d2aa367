"""A development broker on loopback: the Kafka client's mock cluster, with the real protocol."""

from collections.abc import Iterator
from itertools import islice

import pytest

from dqm_assets.simulate.broker import DevelopmentBroker
from dqm_assets.simulate.producing import produce
from dqm_assets.simulate.stream import SensorStream, SimulatedEvent

pytest.importorskip("confluent_kafka", reason="streams are an extra: pip install 'dqm[kafka]'")


@pytest.fixture
def broker() -> Iterator[DevelopmentBroker]:
    with DevelopmentBroker() as running:
        yield running


def send(broker: DevelopmentBroker, amount: int, seed: int = 7, poison: float = 0.05) -> list[SimulatedEvent]:
    """Produce events, of which some are poison."""
    made = list(islice(SensorStream(seed=seed, poison_share=poison).events(), amount))
    for event in made:
        produce(broker.producer, broker.address.topic, event)
    assert broker.producer.flush(60) == 0
    return made
