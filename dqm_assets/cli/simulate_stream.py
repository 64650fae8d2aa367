"""``dqm simulate stream``: events of simulated sensors into a Kafka topic."""

import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import JsonFlag, log_console, print_json, print_table

if TYPE_CHECKING:
    from dqm_assets.simulate.stream import SensorStream

#: Most events between two looks at the clock, and looks a second of slower streams.
_BURST, _LOOKS = 100, 20
Share = typer.Option(min=0, max=1)


def stream(
    *,
    sensors: Annotated[int, typer.Option(min=1, help="How many sensors.")] = 200,
    rate: Annotated[float, typer.Option(min=0, help="Events a second; 0 is as fast as it goes.")] = 1000.0,
    most: Annotated[int, typer.Option("--max", min=0, help="How many records; 0 never ends.")] = 0,
    poison: Annotated[float, Share] = 0.01,
    late: Annotated[float, Share] = 0.01,
    repeated: Annotated[float, Share] = 0.005,
    faults_every: Annotated[
        float, typer.Option(min=0, help="Minutes in which one source is faulty once; 0 never.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same faults.")] = 7,
    topic: Annotated[str | None, typer.Option(help="Topic; default: the first of DQM_KAFKA_TOPICS.")] = None,
    stay: Annotated[
        float, typer.Option(min=0, help="Seconds that a development broker stays after the last record.")
    ] = 3600.0,
    json: JsonFlag = False,
) -> None:
    """Produce events to DQM_KAFKA_BOOTSTRAP, or to a development broker in this process.

    Poison is of five kinds: no UTF-8, no JSON, a field missing, a field of a wrong type, an impossible
    time. A fault is errors, too high values or silence of one source, for 40 seconds. The development broker
    is the Kafka client's mock cluster: it holds everything in memory and is gone when this command ends.
    """
    from dqm_assets.settings import settings
    from dqm_assets.simulate.broker import BrokerAddress, DevelopmentBroker
    from dqm_assets.simulate.stream import SensorStream
    from dqm_assets.simulate.stream_faults import StreamFaults
    from dqm_assets.sources.streams.client import kafka_client

    faults = StreamFaults(timedelta(minutes=faults_every), seed=seed)
    made = SensorStream(sensors, seed, poison, late, repeated, faults)
    bootstrap = settings().kafka_bootstrap
    broker = None
    if bootstrap is None:
        broker = DevelopmentBroker()
        broker.announce(settings().home)
        where, producer = broker.address, broker.producer
        log_console.print(
            f"development broker (memory only)  {where.bootstrap}  topic {where.topic}", highlight=False
        )
    else:
        where = BrokerAddress(bootstrap, topic or settings().stream_topics[0])
        producer = kafka_client().Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    counted = Counter()
    try:
        counted = _produce(producer, where.topic, made, rate, most)
        if broker is not None and most:
            log_console.print(f"the development broker stays {stay:g} s; Ctrl-C ends it")
            time.sleep(stay)
    except KeyboardInterrupt:
        log_console.print("stopped")
    producer.flush(30)
    told = {"bootstrap": where.bootstrap, "topic": where.topic, "development": where.development, **counted}
    if json:
        print_json(told)
    else:
        print_table("produced", [told])


def _produce(producer: object, topic: str, made: "SensorStream", rate: float, most: int) -> Counter:
    from dqm_assets.simulate.producing import produce

    counted: Counter = Counter()
    started = time.monotonic()
    burst = max(1, min(_BURST, int(rate / _LOOKS)))
    for number, event in enumerate(made.events()):
        if most and number >= most:
            break
        produce(producer, topic, event)
        counted["records"] += not event.withheld
        counted["poison"] += bool(event.poison)
        counted["late"] += event.late
        counted["repeated"] += event.repeated
        if rate and number % burst == 0:
            ahead = number / rate - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)
    return counted
