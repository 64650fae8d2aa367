"""One channel: handing a message to Apprise, and saying why it was not taken."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.email.base import NotifyEmail

from dqm_assets.notify.message import Message
from dqm_assets.notify.rules import TemplateName

#: Header by which a receiver can tell a delivery that it had before.
IDEMPOTENCY_HEADER = "Idempotency-Key"

_ASSET = AppriseAsset(
    app_id="dqm",
    app_desc="data quality monitoring",
    app_url="",
    image_url_mask=None,
    image_url_logo=None,
    async_mode=False,
)
_TONES = {
    "info": NotifyType.INFO,
    "warning": NotifyType.WARNING,
    "error": NotifyType.FAILURE,
    "critical": NotifyType.FAILURE,
    "resolved": NotifyType.SUCCESS,
}


@dataclass(frozen=True)
class Outcome:
    """Whether a message was taken, and if not, what the service said."""

    sent: bool
    error: str = ""


def is_understood(url: str) -> bool:
    """Whether Apprise knows the service and finds all it needs in the URL."""
    with _warnings():
        return _service(url) is not None


def holds_secret(url: str) -> bool:
    """Whether a part of the URL is one that Apprise hides when it shows the URL."""
    with _warnings():
        service = _service(url)
        return service is not None and service.url(privacy=True) != service.url(privacy=False)


def shown(url: str) -> str:
    """The URL for people, without its secrets."""
    with _warnings():
        service = _service(url)
        return str(service.url(privacy=True)).partition("?")[0] if service is not None else "not understood"


def send(url: str, kind: TemplateName, message: Message) -> Outcome:
    """Send one message; never raises, as a service that fails is what the outbox is for.

    Args:
        url: an Apprise URL.
        kind: which form of the message to send.
        message: the message.
    """
    with _warnings() as said:
        try:
            service = _service(url)
            if service is None:
                return Outcome(False, "Apprise does not understand the channel's URL")
            _mark(service, message)
            sender = Apprise(asset=_ASSET)
            sender.add(service)
            body, form = _body(kind, message)
            sent = sender.notify(
                body=body, title=message.title, notify_type=_TONES[message.tone], body_format=form
            )
        except Exception as error:
            return Outcome(False, f"{type(error).__name__}: {error}")
    return Outcome(True) if sent else Outcome(False, " ".join(said) or "the service did not take it")


def _service(url: str) -> NotifyBase | None:
    found = Apprise.instantiate(url, asset=_ASSET, suppress_exceptions=True)
    return found if isinstance(found, NotifyBase) else None


def _body(kind: TemplateName, message: Message) -> tuple[str, NotifyFormat]:
    if kind == "mail":
        return message.html, NotifyFormat.HTML
    if kind == "chat":
        return message.markdown, NotifyFormat.MARKDOWN
    return message.text, NotifyFormat.TEXT


def _mark(service: NotifyBase, message: Message) -> None:
    """Give what can carry it the delivery's id, and a JSON receiver the whole document."""
    if isinstance(service, NotifyJSON):
        service.headers[IDEMPOTENCY_HEADER] = message.delivery_id
        service.payload_extras["dqm"] = message.document
    elif isinstance(service, NotifyEmail):
        service.headers["X-DQM-Delivery"] = message.delivery_id


#: What Apprise warns of during the present call; it carries the context into the threads it sends from.
_SAID: ContextVar[list[str] | None] = ContextVar("said", default=None)


class _Listener(logging.Handler):
    """Keeps Apprise's warnings for the call they belong to: it tells the reason in no other way."""

    def emit(self, record: logging.LogRecord) -> None:
        said = _SAID.get()
        if said is not None:
            said.append(record.getMessage())


_LOGGER = logging.getLogger("apprise")
_LOGGER.addHandler(_Listener(logging.WARNING))


@contextmanager
def _warnings() -> Generator[list[str]]:
    said: list[str] = []
    token = _SAID.set(said)
    try:
        yield said
    finally:
        _SAID.reset(token)
