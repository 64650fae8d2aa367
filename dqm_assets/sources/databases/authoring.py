"""Writing a source file from what was discovered; a password in the URL becomes an environment variable."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from dqm_assets.sources.databases.discovery import Proposal
from dqm_assets.sources.databases.source import DatabaseSource


def password_variable(source: str) -> str:
    """Name of the environment variable with the password of a source."""
    return f"{source.upper()}_PASSWORD"


def without_password(url: str, source: str) -> tuple[str, str | None]:
    """The URL as it may stand in a file, and the password that was in it."""
    parts = urlsplit(url)
    if not parts.password:
        return url, None
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}:${{{password_variable(source)}}}@{host}"
    return url.replace(parts.netloc, netloc, 1), parts.password


def write_source(source: DatabaseSource, url: str, proposals: Sequence[Proposal]) -> str:
    """YAML of a source, with the reason beside each table.

    Args:
        source: the source; its name and owner are written.
        url: its URL, without a password.
        proposals: the tables.
    """
    lines = [
        f"# Written by `dqm init` from {source.address}: what docs/databases.md lists can be added.",
        f"source: {source.source}",
        f"url: {_quoted(url)}",
        *([f"owner: {_quoted(source.owner)}"] if source.owner else []),
        f"schedule: {_quoted(source.schedule)}",
        "tables:" if proposals else "tables: []",
    ]
    for one in proposals:
        watched = one.watched
        lines += [f"  # {one.reason}", f"  - table: {_quoted(watched.table)}", f"    kind: {watched.kind}"]
        if watched.freshness:
            lines.append(f"    freshness: {_quoted(watched.freshness)}")
        if watched.operation:
            lines.append(f"    operation: {{column: {_quoted(watched.operation.column)}}}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
