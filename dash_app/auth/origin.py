"""What a request says of where it comes from: the peer, the proxy in front, the page that sent it."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from dqm_assets.accounts.settings import Network, SignInSettings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, after what a trusted proxy added.

    Attributes:
        address: of the client; behind a trusted proxy the one that it names.
        proxied: whether the peer is a trusted proxy, whose headers may be believed.
        secure: whether the browser speaks TLS.
        host: name and port that the browser asked for.
    """

    address: str
    proxied: bool
    secure: bool
    host: str


def origin_of(scope: Scope, headers: Headers, settings: SignInSettings) -> Origin:
    """Read it from a connection."""
    peer = (scope.get("client") or ("", 0))[0]
    proxied = is_trusted(peer, settings.proxy_trusted)
    scheme = scope.get("scheme", "http")
    host = headers.get("host", "")
    address = peer
    if proxied:
        # The last address is the one that the proxy itself saw; what stands before it anyone can write.
        address = headers.get("x-forwarded-for", peer).split(",")[-1].strip() or peer
        scheme = headers.get("x-forwarded-proto", scheme).split(",")[-1].strip().lower()
        host = headers.get("x-forwarded-host", host).split(",")[-1].strip()
    return Origin(address, proxied, scheme in {"https", "wss"}, host.lower())


def is_trusted(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def is_same_origin(headers: Headers, origin: Origin) -> bool | None:
    """Whether a page of ours sent the request; ``None`` when no browser says anything about it."""
    said = headers.get("origin")
    if said is not None:
        page = urlsplit(said)
        return bool(page.netloc) and _place(page.scheme, page.netloc) == _place(
            "https" if origin.secure else "http", origin.host
        )
    site = headers.get("sec-fetch-site")
    return None if site is None else site in {"same-origin", "none"}


def is_known_host(host: str, own: str, allowed: tuple[str, ...]) -> bool:
    """Whether the server may be asked for under this name: a foreign one that leads here is an attack."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in LOOPBACK_NAMES or name in {own.lower(), *(each.lower() for each in allowed)}


def _place(scheme: str, netloc: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//{netloc.lower()}")
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.hostname or "", port or _DEFAULT_PORTS.get(scheme)
