"""Which sink a URL means."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dqm_assets.errors import SettingsError

if TYPE_CHECKING:
    from dqm_assets.sources.streams.mongo_sink import MongoSink
    from dqm_assets.sources.streams.postgres_sink import PostgresSink


def open_sink(url: str, topic: str) -> "AbstractContextManager[PostgresSink | MongoSink]":
    """Open the sink of a topic in somebody's own database.

    Args:
        url: ``postgresql://…`` or ``mongodb://…`` (``mongodb+srv://…``).
        topic: The topic.

    Raises:
        SettingsError: the URL is of neither.
        SourceError: its client is not installed.
        StoreError: the database cannot be reached.
    """
    match urlsplit(url).scheme:
        case "postgresql" | "postgres":
            from dqm_assets.sources.streams.postgres_sink import PostgresSink  # noqa: PLC0415 - only when used

            return PostgresSink(url, topic)
        case "mongodb" | "mongodb+srv":
            from dqm_assets.sources.streams.mongo_sink import MongoSink  # noqa: PLC0415 - an extra

            return MongoSink(url, topic)
        case other:
            raise SettingsError(
                f"DQM_STREAM_SINK begins with {other or 'no scheme'!r}; it must be a postgresql:// or a "
                "mongodb:// URL."
            )
