"""``dqm stream``: the consumer service, and dead letters."""

import signal
import time
from typing import Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, log_console, print_json, print_table

app = typer.Typer(help="Take events from Kafka; list and replay dead letters.", no_args_is_help=True)
dlq = typer.Typer(help="Dead letters: records that could not become events.", no_args_is_help=True)
app.add_typer(dlq, name="dlq")

Topic = Annotated[str | None, typer.Option(help="Topic; default: all, or the one of the broker.")]
Code = Annotated[str | None, typer.Option(help="Only letters of this code, such as wrong_type.")]


@app.callback()
def stream() -> None:
    """Take events from Kafka; list and replay dead letters."""


@app.command()
def run(
    *,
    topic: Topic = None,
    share: Annotated[
        str, typer.Option(help="i/n: of n consumers this is number i; it reads each n-th partition.")
    ] = "0/1",
    linger: Annotated[float, typer.Option(min=0, help="Seconds that a batch waits for more.")] = 0.05,
    batch: Annotated[int, typer.Option(min=1, max=1_000_000, help="Records of a batch.")] = 20_000,
    idle: Annotated[
        float, typer.Option(min=0, help="End after so many seconds without a record; 0 never.")
    ] = 0.0,
    json: JsonFlag = False,
) -> None:
    """Consume a topic into the store until Ctrl-C: each record once, as an event or a dead letter."""
    from dqm_assets.settings import settings
    from dqm_assets.simulate.broker import BrokerAddress, announced_broker
    from dqm_assets.sources.streams.consumer import StreamConsumer, StreamLimits
    from dqm_assets.sources.streams.sink import StreamSink
    from dqm_assets.store import open_store

    number, consumers = _share(share)
    bootstrap = settings().kafka_bootstrap
    where = (
        BrokerAddress(bootstrap, topic or settings().kafka_topic)
        if bootstrap
        else announced_broker(settings().home)
    )
    kind = "development broker (memory only)" if where.development else "broker"
    log_console.print(f"{kind} {where.bootstrap}, topic {where.topic}", highlight=False)
    stopped: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda received, _frame: stopped.append(received))
    limits = StreamLimits(linger=linger, batch=batch)
    with open_store(settings()) as store:
        sink = StreamSink(store, where.topic)
        with StreamConsumer(where.bootstrap, where.topic, sink, limits, (number, consumers)) as consumer:
            seen, since = 0, time.monotonic()

            def done() -> bool:
                nonlocal seen, since
                if consumer.totals.records != seen or not consumer.ready:
                    seen, since = consumer.totals.records, time.monotonic()
                return bool(stopped) or (idle > 0 and time.monotonic() - since > idle)

            totals = consumer.run(done)
        sink.close()
    if json:
        print_json({"topic": where.topic, "development": where.development, **vars(totals)})
    else:
        print_table(f"consumed {where.topic}", [vars(totals)])


@dlq.command("list")
def list_(
    *,
    topic: Topic = None,
    code: Code = None,
    replayed: Annotated[bool, typer.Option("--replayed", help="Also those that became events.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Newest letters to list.")] = 20,
    json: JsonFlag = False,
) -> None:
    """List dead letters, newest first; exit code 1 when there are any."""
    from dqm_assets.settings import settings
    from dqm_assets.sources.streams.dead_letters import dead_letters
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        letters = dead_letters(store, topic=topic, code=code, replayed=replayed, limit=limit)
    if json:
        print_json({"dead_letters": letters})
    else:
        shown = [{**row, "raw": repr(row["raw"] or b"")[:60]} for row in letters]
        print_table(f"Newest dead letters: {len(letters)}", shown)
    if letters:
        raise typer.Exit(DATA_FAILED)


@dlq.command()
def replay(*, topic: Topic = None, code: Code = None, json: JsonFlag = False) -> None:
    """Try dead letters again by today's rules; those that are events now become rows, once."""
    from dqm_assets.settings import settings
    from dqm_assets.sources.streams.dead_letters import replay as replay_letters
    from dqm_assets.store import open_store

    with open_store(settings()) as store:
        done = replay_letters(store, topic=topic, code=code)
    if json:
        print_json(vars(done))
    else:
        print_table("replayed", [vars(done)])


def _share(text: str) -> tuple[int, int]:
    from dqm_assets.errors import SettingsError

    number, _, consumers = text.partition("/")
    if not (number.isdecimal() and consumers.isdecimal() and int(number) < int(consumers)):
        raise SettingsError(f"--share {text!r} is not i/n with i below n, such as 0/1 or 1/3.")
    return int(number), int(consumers)
