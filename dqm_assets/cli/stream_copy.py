"""``dqm stream copy``: the topics once more, into a database of somebody's own."""

import signal
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Annotated

import typer

from dqm_assets.cli.output import JsonFlag, log_console, print_json, print_table


def copy(
    *,
    topic: Annotated[
        list[str] | None, typer.Option(help="A topic, as often as wanted; default: DQM_KAFKA_TOPICS.")
    ] = None,
    idle: Annotated[
        float,
        typer.Option(min=0, help="End when all is read and so many seconds bring no record; 0 never."),
    ] = 0.0,
    json: JsonFlag = False,
) -> None:
    """Consume topics into the database of DQM_STREAM_SINK, each record once, beside `dqm stream run`.

    In PostgreSQL events, dead letters and offsets of a batch are one transaction; in MongoDB each record is a
    document that is upserted by its place in the topic. The store is not touched.

    With --idle, what a topic holds is read first, however long that takes. The clock of an empty topic runs
    from when the broker said so; a topic that does not exist is waited for.
    """
    from dqm_assets.errors import SettingsError
    from dqm_assets.settings import settings
    from dqm_assets.sources.streams.consumer import StreamConsumer, StreamTotals
    from dqm_assets.sources.streams.sinks import open_sink

    url, bootstrap = settings().stream_sink, settings().kafka_bootstrap
    if url is None:
        raise SettingsError("Nothing to copy into: set DQM_STREAM_SINK to a postgresql:// or mongodb:// URL.")
    if bootstrap is None:
        raise SettingsError("Nothing to copy from: set DQM_KAFKA_BOOTSTRAP to the addresses of the brokers.")
    topics = tuple(topic or settings().stream_topics)
    log_console.print(f"broker {bootstrap}, topics {', '.join(topics)}", highlight=False)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _received, _frame: stopping.set())

    def consume(name: str) -> StreamTotals:
        with (
            open_sink(url.get_secret_value(), name) as sink,
            StreamConsumer(bootstrap, name, sink) as consumer,
        ):
            seen, since = -1, time.monotonic()

            def done() -> bool:
                nonlocal seen, since
                if consumer.totals.records != seen or not consumer.caught_up:
                    seen, since = consumer.totals.records, time.monotonic()
                return stopping.is_set() or (idle > 0 and time.monotonic() - since > idle)

            return consumer.run(done)

    with ThreadPoolExecutor(len(topics)) as pool:
        running = {name: pool.submit(consume, name) for name in topics}
        wait(running.values(), return_when=FIRST_EXCEPTION)
        # One that failed ends all: whoever started this starts it anew.
        stopping.set()
        copied = {name: future.result() for name, future in running.items()}
    if json:
        print_json({"copied": {name: vars(totals) for name, totals in copied.items()}})
    else:
        print_table("copied", [{"topic": name, **vars(totals)} for name, totals in copied.items()])
