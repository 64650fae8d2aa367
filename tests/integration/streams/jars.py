"""Servers from jars that Maven fetches: those whose checksums are pinned, and no others."""

import hashlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

#: Where jars are kept from one test session to the next.
CACHE = Path.home() / ".cache" / "dqm-tests"


class JarsAbsentError(Exception):
    """A server cannot run here; the message says why."""


def fetch_jars(project: Path, jars: Path) -> None:
    """Have Maven copy the jars of a ``pom.xml``, and refuse any that its ``jars.sha256`` does not pin.

    Raises:
        JarsAbsentError: Java or Maven are missing, or Maven cannot fetch them.
    """
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise JarsAbsentError(f"no {tool} here: apt-get install default-jre-headless maven")
    pinned = dict(reversed(line.split()) for line in (project / "jars.sha256").read_text().splitlines())
    if {path.name for path in jars.glob("*.jar")} != set(pinned):
        command = ["mvn", "-q", "-B", "-f", str(project / "pom.xml"), "dependency:copy-dependencies"]
        try:
            subprocess.run([*command, f"-DoutputDirectory={jars}"], check=True, timeout=200)
        except subprocess.SubprocessError as error:
            raise JarsAbsentError(f"Maven cannot fetch {project.name}: {error}") from error
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in jars.glob("*.jar")}
    assert found == pinned, "the jars are not the pinned ones"


def skip_without(error: JarsAbsentError) -> None:
    """Skip, unless this machine has promised to run these tests."""
    (pytest.fail if os.environ.get("DQM_REQUIRE_KAFKA") else pytest.skip)(str(error))


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
