"""``dqm stream``: the consumer service, and dead letters."""

import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from dqm_assets.cli.output import DATA_FAILED, JsonFlag, log_console, print_json, print_table
from dqm_assets.cli.stream_copy import copy

if TYPE_CHECKING:
    from dqm_assets.settings import Settings

app = typer.Typer(help="Take events from Kafka; list and replay dead letters.", no_args_is_help=True)
dlq = typer.Typer(help="Dead letters: records that could not become events.", no_args_is_help=True)
app.add_typer(dlq, name="dlq")
app.command()(copy)

Topic = Annotated[str | None, typer.Option(help="Only letters of this topic.")]
Code = Annotated[str | None, typer.Option(help="Only letters of this code, such as wrong_type.")]


@app.callback()
def stream() -> None:
    """Take events from Kafka; list and replay dead letters."""


@app.command()
def run(
    *,
    topic: Annotated[
        list[str] | None, typer.Option(help="A topic, as often as wanted; default: DQM_KAFKA_TOPICS.")
    ] = None,
    share: Annotated[
        str, typer.Option(help="i/n: of n consumers this is number i; it reads each n-th partition.")
    ] = "0/1",
    linger: Annotated[float, typer.Option(min=0, help="Seconds that a batch waits for more.")] = 0.12,
    batch: Annotated[int, typer.Option(min=1, max=1_000_000, help="Records of a batch.")] = 50_000,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a development broker to be started.")
    ] = 0.0,
    idle: Annotated[
        float,
        typer.Option(min=0, help="End when all is read and so many seconds bring no record; 0 never."),
    ] = 0.0,
    json: JsonFlag = False,
) -> None:
    """Consume topics into the store until Ctrl-C: each record once, as an event or a dead letter.

    Windows of each source are counted and judged on the way. Without DQM_KAFKA_BOOTSTRAP it consumes the
    development broker, and ends when that is replaced by another one.
    """
    from dqm_assets.settings import settings
    from dqm_assets.sources.streams.consumer import StreamLimits
    from dqm_assets.sources.streams.exposition import expose
    from dqm_assets.sources.streams.service import StreamPlan, StreamService
    from dqm_assets.store import open_store

    number, consumers = _share(share)
    brokers = _Brokers(settings(), tuple(topic or ()), wait)
    log_console.print(
        f"{brokers.kind} {brokers.bootstrap}, topics {', '.join(brokers.topics)}", highlight=False
    )
    stopped: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda received, _frame: stopped.append(received))
    plan = StreamPlan(
        brokers.bootstrap,
        brokers.topics,
        (number, consumers),
        StreamLimits(linger=linger, batch=batch),
        timedelta(seconds=settings().stream_window_seconds),
        letters_to=settings().kafka_dlq_topic or "",
    )
    with open_store(settings(), threads=1) as store:
        service = StreamService(store, plan)
        if settings().stream_metrics_port:
            expose(service, "127.0.0.1", settings().stream_metrics_port)
        seen, since = 0, time.monotonic()

        def done() -> bool:
            nonlocal seen, since
            if service.totals.records != seen or not service.caught_up:
                seen, since = service.totals.records, time.monotonic()
            return bool(stopped) or brokers.replaced or (idle > 0 and time.monotonic() - since > idle)

        totals = service.run(done)
    told = {"topics": ", ".join(brokers.topics), "development": brokers.development, **vars(totals)}
    if json:
        print_json({**told, "topics": list(brokers.topics)})
    else:
        print_table("consumed", [told])


class _Brokers:
    """Where to consume from: the brokers that the settings name, or the development broker of the home."""

    def __init__(self, where: "Settings", topics: tuple[str, ...], wait: float) -> None:
        from dqm_assets.simulate.broker import awaited_broker

        self._home = where.home
        self._announced = None if where.kafka_bootstrap else awaited_broker(where.home, wait)
        if self._announced is None:
            self.bootstrap, self.topics = str(where.kafka_bootstrap), topics or where.stream_topics
        else:
            self.bootstrap, self.topics = self._announced.bootstrap, topics or (self._announced.topic,)

    @property
    def development(self) -> bool:
        """Whether it is the development broker."""
        return self._announced is not None

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "development broker (memory only)" if self.development else "broker"

    @property
    def replaced(self) -> bool:
        """Whether another development broker was started since."""
        from dqm_assets.simulate.broker import announced_broker

        return self._announced is not None and announced_broker(self._home) != self._announced


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


@dlq.command()
def forward(
    *,
    to: Annotated[str | None, typer.Option(help="Topic; default: DQM_KAFKA_DLQ_TOPIC.")] = None,
    json: JsonFlag = False,
) -> None:
    """Send the dead letters that wait to a topic, each at least once; the service can do it as well."""
    from dqm_assets.errors import SettingsError
    from dqm_assets.settings import settings
    from dqm_assets.sources.streams.forwarding import LetterForwarder
    from dqm_assets.store import open_store

    target = to or settings().kafka_dlq_topic
    if target is None:
        raise SettingsError("Name the topic: --to TOPIC, or DQM_KAFKA_DLQ_TOPIC.")
    brokers = _Brokers(settings(), (), 0.0)
    forwarded = 0
    with open_store(settings()) as store:
        forwarder = LetterForwarder(store, brokers.bootstrap, target)
        while sent := forwarder.forward():
            forwarded += sent
    told = {"topic": target, "forwarded": forwarded}
    if json:
        print_json(told)
    else:
        print_table("forwarded", [told])


def _share(text: str) -> tuple[int, int]:
    from dqm_assets.errors import SettingsError

    number, _, consumers = text.partition("/")
    if not (number.isdecimal() and consumers.isdecimal() and int(number) < int(consumers)):
        raise SettingsError(f"--share {text!r} is not i/n with i below n, such as 0/1 or 1/3.")
    return int(number), int(consumers)
