"""A development broker: the Kafka client's own mock cluster, with the real protocol over TCP.

It is in memory only and forgets everything when its process ends, keeps 5 MB a partition, and knows neither
transactions nor fencing: it replaces no broker.
"""

import json
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from dqm_assets.errors import SourceError
from dqm_assets.sources.streams.client import kafka_client

_FILE = Path("streams") / "development_broker.json"


@dataclass(frozen=True)
class BrokerAddress:
    """Where a broker listens, and the topic that is meant."""

    bootstrap: str
    topic: str
    development: bool = False


class DevelopmentBroker:
    """Runs in this process while it is open; its topic is new each time, since offsets begin anew."""

    def __init__(self) -> None:
        self.producer = kafka_client().Producer(
            {
                "bootstrap.servers": "",
                "test.mock.num.brokers": 1,
                "linger.ms": 5,
                "log_level": 2,
            }
        )
        brokers = self.producer.list_topics(timeout=30).brokers.values()
        topic = f"development-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:4]}"
        self.address = BrokerAddress(
            ",".join(f"{one.host}:{one.port}" for one in brokers), topic, development=True
        )

    def announce(self, home: Path) -> None:
        """Write down under ``home`` where it listens, for consumers that know no other broker."""
        path = home / _FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self.address)))

    def close(self) -> None:
        """Send what waits, and end."""
        self.producer.flush(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def awaited_broker(home: Path, seconds: float) -> BrokerAddress:
    """The development broker of a home, which may only just be starting.

    Raises:
        SourceError: none was started in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return announced_broker(home)
        except SourceError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.2)


def announced_broker(home: Path) -> BrokerAddress:
    """The development broker of a home.

    Raises:
        SourceError: none was started.
    """
    try:
        return BrokerAddress(**json.loads((home / _FILE).read_text()))
    except (OSError, ValueError, TypeError):
        raise SourceError(
            "No broker is known. Set DQM_KAFKA_BOOTSTRAP, or start a development broker: dqm simulate stream."
        ) from None
