"""A server that speaks MongoDB's wire protocol, in a process of its own; or the one that is named."""

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.streams.jars import CACHE, JarsAbsentError, fetch_jars, free_port, skip_without

pymongo = pytest.importorskip("pymongo", reason="the MongoDB sink is an extra: pip install 'dqm[mongodb]'")

HERE, JARS = Path(__file__).parent, CACHE / "mongo-java-server-1.46.0"


@pytest.fixture(scope="module")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``DQM_MONGODB_URL``, or mongo-java-server: ``mongodb://host:port/``."""
    if named := os.environ.get("DQM_MONGODB_URL"):
        yield named
        return
    try:
        fetch_jars(HERE, JARS)
    except JarsAbsentError as error:
        skip_without(error)
    folder, port = tmp_path_factory.mktemp("mongo"), free_port()
    command = ["java", "-Xmx256m", "-cp", f"{JARS}/*", "bsh.Interpreter", str(HERE / "server.bsh")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, str(folder / "documents"), str(port)], stdout=log, stderr=log)
    url = f"mongodb://127.0.0.1:{port}/"
    deadline = time.monotonic() + 300
    while True:
        try:
            pymongo.MongoClient(url, serverSelectionTimeoutMS=500).admin.command("ping")
            break
        except pymongo.errors.PyMongoError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "the server does not answer"
    yield url
    process.kill()
    process.wait(60)


@pytest.fixture
def url(mongo_server: str) -> Iterator[str]:
    """A database of this test."""
    name = f"sink_{uuid.uuid4().hex[:12]}"
    yield mongo_server + name
    with pymongo.MongoClient(mongo_server) as client:
        client.drop_database(name)
