"""The stream's services under ``dqm up``: the consumer, and in the demo a producer with its broker."""

from collections.abc import Mapping
from importlib.util import find_spec

from dqm_assets.cli.supervisor import Service, python_service
from dqm_assets.settings import Settings
from dqm_assets.sources.streams.client import kafka_client

#: The demo's stream: slow enough for a laptop, with one faulty source in each span of minutes.
_SENSORS, _RATE, _FAULTS_EVERY = 40, 50, 5
#: Seconds that a batch of the demo waits: each commit costs about 30 ms of processor time.
_LINGER = 0.5
_CLI = ("-m", "dqm_assets.cli")


def stream_services(settings: Settings, environment: Mapping[str, str], *, demo: bool) -> list[Service]:
    """What consumes the stream; nothing when no broker is named and this is no demo.

    Raises:
        SourceError: a broker is named, and the Kafka client is not installed.
    """
    if settings.kafka_bootstrap is not None:
        kafka_client()
        services = [python_service("stream", *_CLI, "stream", "run", env=environment)]
        if settings.stream_sink is not None:
            services.append(python_service("stream copy", *_CLI, "stream", "copy", env=environment))
        return [*services, _producer(environment)] if demo else services
    if not demo or find_spec("confluent_kafka") is None:
        return []
    consumer = python_service(
        "stream", *_CLI, "stream", "run", "--linger", str(_LINGER), "--wait", "60", env=environment
    )
    return [_producer(environment), consumer]


def _producer(environment: Mapping[str, str]) -> Service:
    return python_service(
        "simulated stream",
        *(*_CLI, "simulate", "stream", "--sensors", str(_SENSORS), "--rate", str(_RATE)),
        *("--faults-every", str(_FAULTS_EVERY)),
        env=environment,
    )
