"""The named string formats of ODCS: those that are regular, and those that need a parser."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dqm_assets.quality.contracts.conditions.pattern import Pattern

if TYPE_CHECKING:
    import pandas as pd

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

#: Formats with a regular grammar: RFC 9562, the HTML standard's e-mail, RFC 1123, RFC 4648 section 4.
REGULAR: dict[str, str] = {
    "uuid": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    "email": rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(\.{_LABEL})*$",
    "ipv4": rf"^({_OCTET}\.){{3}}{_OCTET}$",
    "hostname": rf"^{_LABEL}(\.{_LABEL})*$",
    "byte": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
}


def _is_ipv6(value: str) -> bool:
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def _is_uri(value: str) -> bool:
    if any(character.isspace() or ord(character) < ord(" ") for character in value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.scheme) and bool(parts.netloc or parts.path)


#: Formats that a parser of Python's library decides.
PARSED: dict[str, Callable[[str], bool]] = {"ipv6": _is_ipv6, "uri": _is_uri}
#: Formats that say how a text is shown or stored, and exclude no text.
DESCRIPTIVE = frozenset({"password", "binary"})
KNOWN_FORMATS = sorted({*REGULAR, *PARSED, *DESCRIPTIVE})


@dataclass(frozen=True, slots=True)
class Parsed:
    """The text is accepted by a parser: ``ipv6`` (RFC 4291) or ``uri`` (RFC 3986). No SQL can say so."""

    name: str

    def holds(self, values: "pd.Series") -> "pd.Series":
        """See `PythonCondition.holds`."""
        accepts = PARSED[self.name]
        return values.map(lambda value: accepts(str(value))).astype(bool)

    def __str__(self) -> str:
        """See `Condition`."""
        return f"is a valid {self.name}"


def text_format(name: str) -> Pattern | Parsed | None:
    """Return the condition of a format, or None when it excludes nothing.

    Raises:
        KeyError: a format that dqm does not know.
    """
    if name in DESCRIPTIVE:
        return None
    if name in REGULAR:
        return Pattern(REGULAR[name], meaning=name)
    if name in PARSED:
        return Parsed(name)
    raise KeyError(name)
