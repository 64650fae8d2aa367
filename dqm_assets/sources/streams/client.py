"""The Kafka client, which is an extra: dqm works without it, and says what to install."""

from types import ModuleType

from dqm_assets.errors import SourceError


def kafka_client() -> ModuleType:
    """The module ``confluent_kafka``.

    Raises:
        SourceError: it is not installed.
    """
    try:
        import confluent_kafka  # noqa: PLC0415 - an extra
    except ImportError:
        raise SourceError(
            "Streams need the Kafka client, which is an extra: pip install 'dqm[kafka]'."
        ) from None
    return confluent_kafka
