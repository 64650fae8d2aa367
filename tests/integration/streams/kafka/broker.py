"""A real Apache Kafka in KRaft mode: one node on loopback, from the jars that Maven fetches."""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tests.integration.streams.jars import CACHE, fetch_jars, free_port

HERE = Path(__file__).parent
#: Where the jars are kept from one test session to the next.
JARS = Path(os.environ.get("DQM_KAFKA_JARS", CACHE / "kafka-4.1.1"))
QUIET = {"log_level": 0}

PROPERTIES = """
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


@dataclass
class KafkaBroker:
    """One broker, which can be killed and started again on the same data."""

    folder: Path
    port: int
    process: subprocess.Popen | None = field(default=None)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "kafka.log").open("ab") as log:
            self.process = _java("-Xmx512m", "kafka.Kafka", str(self.folder / "server.properties"), log=log)
        deadline = time.monotonic() + 600
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        while True:
            try:
                admin.list_topics(timeout=2)
                return
            except KafkaException:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    log = (self.folder / "kafka.log").read_text()[-3000:]
                    raise AssertionError(f"Kafka did not start: {log}") from None

    def make_topic(self, name: str, partitions: int) -> None:
        """Make a topic and wait until it is there."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        admin.create_topics([NewTopic(name, partitions, 1)], operation_timeout=60)[name].result(90)

    def kill(self) -> None:
        """End it as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)


def make_broker(folder: Path) -> KafkaBroker:
    """Format the storage of a new broker.

    Raises:
        JarsAbsentError: Java or Maven are missing, or Maven cannot fetch Kafka.
    """
    fetch_jars(HERE, JARS)
    port, controller = free_port(), free_port()
    properties = folder / "server.properties"
    properties.write_text(PROPERTIES.format(port=port, controller=controller, data=folder / "data"))
    tool = "kafka.tools.StorageTool"
    cluster = _output(tool, "random-uuid").splitlines()[-1]
    _output(tool, "format", "--standalone", "-t", cluster, "-c", str(properties))
    return KafkaBroker(folder, port)


def _java(*arguments: str, log: object) -> subprocess.Popen:
    options = [one for one in arguments if one.startswith("-X")]
    rest = [one for one in arguments if not one.startswith("-X")]
    return subprocess.Popen(["java", *options, "-cp", f"{JARS}/*", *rest], stdout=log, stderr=log)


def _output(*arguments: str) -> str:
    command = ["java", "-cp", f"{JARS}/*", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()
