"""Machines as the network sees them: a namespace each, and one cable from it to where the servers are."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

#: Set to 1 to run what needs network namespaces; not in the gate, where nobody may make them.
WANTED = "DQM_NETNS_TESTS"


@dataclass(frozen=True)
class Cable:
    """The only way from one machine to the others."""

    namespace: str
    device: str

    def beyond(self, command: Sequence[str]) -> list[str]:
        """The command as it is run on the machine at the other end."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def pull(self) -> None:
        """Pull the cable out: nobody is told of it, neither here nor there."""
        _ip("link", "set", self.device, "down")

    def plug(self) -> None:
        """Put it back."""
        _ip("link", "set", self.device, "up")


@dataclass(frozen=True)
class Wiring:
    """Where the servers listen, and the cable of each machine."""

    address: str
    cables: dict[str, Cable]


@contextmanager
def wired(*machines: str) -> Iterator[Wiring]:
    """A bridge here, and for each machine a namespace with nothing in it but its end of a cable.

    The test is skipped where it was not asked for, or namespaces cannot be made.
    """
    if os.environ.get(WANTED) != "1":
        pytest.skip(f"{WANTED}=1 runs it, as root")
    if shutil.which("ip") is None:
        pytest.skip("needs ip: apt-get install iproute2")
    # A network that RFC 2544 keeps for tests; several runs at once have one each.
    mark, net = f"{os.getpid() % 10_000:04d}", f"198.18.{os.getpid() % 250}"
    bridge = f"dqm{mark}"
    with ExitStack() as stack:
        try:
            _ip("link", "add", bridge, "type", "bridge")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no network can be made here: {error.stderr.strip()}")
        stack.callback(_ip, "link", "delete", bridge)
        _ip("address", "add", f"{net}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        cables = {}
        for number, name in enumerate(machines, 2):
            cable = cables[name] = Cable(f"dqm{mark}{name}", f"dqm{mark}{name}")
            try:
                _ip("netns", "add", cable.namespace)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"no namespace can be made here: {error.stderr.strip()}")
            stack.callback(_ip, "netns", "delete", cable.namespace)
            inside = ("netns", "exec", cable.namespace, "ip")
            _ip("link", "add", cable.device, "type", "veth", "peer", "name", "eth0", "netns", cable.namespace)
            # A namespace is kept, with its end, as long as a process is in it.
            stack.callback(_ip, "link", "delete", cable.device)
            _ip("link", "set", cable.device, "master", bridge, "up")
            _ip(*inside, "address", "add", f"{net}.{number}/24", "dev", "eth0")
            _ip(*inside, "link", "set", "eth0", "up")
            _ip(*inside, "link", "set", "lo", "up")
        yield Wiring(f"{net}.1", cables)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
