"""A store, and receivers that are really there."""

from collections.abc import Iterator
from email.message import Message

import pytest

from tests.integration.notify.receivers import Webhook, mail_server


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook that takes everything."""
    with Webhook().serving() as serving:
        yield serving


@pytest.fixture
def mail() -> Iterator[tuple[str, list[Message]]]:
    """URL and mails of an SMTP server."""
    with mail_server() as serving:
        yield serving
