"""Asking an HTTP API for JSON: retries with back-off, a circuit breaker, bounds in time and size."""

import json
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from types import TracebackType
from typing import Any, Self

import httpx
import pybreaker
import structlog
import tenacity

from dqm_assets.errors import SourceError

_log = structlog.get_logger(__name__)

#: Statuses that another attempt may mend.
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOO_MANY, _UNAVAILABLE = 429, 503
_ERROR = 400
_EXCERPT = 200


class FetchError(SourceError):
    """An API gave no usable answer.

    ``code`` is one of ``timeout``, ``unreachable``, ``rate_limited``, ``refused`` (another 4xx),
    ``server_error``, ``too_large``, ``not_json``, ``circuit_open``.
    """

    def __init__(
        self, message: str, code: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, code)
        #: HTTP status, when there was an answer.
        self.status = status
        #: Seconds that the server asked to wait.
        self.retry_after = retry_after

    @property
    def temporary(self) -> bool:
        """Whether another attempt may succeed."""
        return self.code in {"timeout", "unreachable", "rate_limited", "server_error", "not_json"}


@dataclass(frozen=True)
class Patience:
    """How long and how often a `Fetcher` tries; times in seconds."""

    #: For connecting, and for each wait for bytes.
    timeout: float = 10.0
    #: For one whole answer, however slowly it drips.
    answer: float = 30.0
    attempts: int = 5
    #: Waits between attempts: exponential from the first to the longest, with full jitter.
    first_wait: float = 0.25
    longest_wait: float = 20.0
    #: For all attempts of one request together; a longer Retry-After is not waited for.
    total: float = 60.0
    #: Requests that fail one after the other (all attempts of each) until the circuit opens.
    failures: int = 3
    #: How long an open circuit lets nothing through; then one request may try.
    rest: float = 60.0
    #: Largest body that is read, after decompression.
    most_bytes: int = 64 * 2**20


@dataclass(frozen=True)
class Reply:
    """An API's answer whose body is JSON."""

    status: int
    body: bytes
    headers: httpx.Headers
    #: The body as Python values.
    data: Any
    received_at: datetime
    #: Attempts it took.
    attempts: int

    @property
    def text(self) -> str:
        """The body as it was received."""
        return self.body.decode("utf-8")

    @property
    def generated_at(self) -> datetime:
        """When the server made it (RFC 9110, 9111): Last-Modified, else Date less Age, else now."""
        modified = _http_date(self.headers.get("last-modified"))
        if modified is not None:
            return modified
        dated = _http_date(self.headers.get("date"))
        if dated is None:
            return self.received_at
        age = self.headers.get("age", "0")
        return datetime.fromtimestamp(dated.timestamp() - (int(age) if age.isdecimal() else 0), UTC)


class Fetcher:
    """Asks one API for JSON; keep one per API and process, and close it.

    Args:
        base_url: Address that paths are relative to.
        name: Name of the API in logs and messages.
        headers: Sent with each request; may hold a secret, and is never logged.
        patience: Limits in time, size and number.
        parse_float: What makes a number with a fraction; ``decimal.Decimal`` keeps every digit.
        breaker: Where the circuit's state is kept; without, it is this process's own.
        sleep: Waits between attempts; for callers that must not wait.

    Raises:
        SourceError: the address is none.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
        parse_float: Callable[[str], Any] = float,
        breaker: pybreaker.CircuitBreakerStorage | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.patience = patience or Patience()
        self.base_url = base_url.rstrip("/")
        try:
            scheme = httpx.URL(self.base_url).scheme
        except httpx.InvalidURL:
            scheme = ""
        if scheme not in {"http", "https"}:
            raise SourceError(f"{base_url!r} is no http:// or https:// address. Correct the setting.")
        self.name = name or self.base_url
        self._parse_float = parse_float
        self._sleep = sleep
        self._client = httpx.Client(
            base_url=self.base_url,
            headers={"accept": "application/json", "user-agent": "dqm", **(headers or {})},
            timeout=self.patience.timeout,
            follow_redirects=False,
        )
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=self.patience.failures,
            reset_timeout=self.patience.rest,
            exclude=[_answered],
            state_storage=breaker,
            throw_new_error_on_trip=False,
            name=self.name,
        )

    @property
    def circuit(self) -> str:
        """State of the circuit: ``closed``, ``open`` or ``half-open``."""
        return self._breaker.current_state

    def get_json(
        self,
        path: str,
        params: Mapping[str, str | int | float | bool] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask by GET.

        Raises:
            FetchError: no attempt gave a usable answer, or the circuit is open.
        """
        return self._fetch("GET", path, params=params, headers=headers)

    def post_json(self, path: str, payload: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask by POST with a JSON body; repeated like a GET, so only for requests that change nothing twice.

        Raises:
            FetchError: no attempt gave a usable answer, or the circuit is open.
        """
        return self._fetch("POST", path, json=payload, headers=headers)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _fetch(self, method: str, path: str, **options: Any) -> Reply:
        try:
            return self._breaker.call(self._persevere, method, path, **options)
        except pybreaker.CircuitBreakerError:
            raise FetchError(
                f"{self.name} failed {self.patience.failures} times in a row and is left alone for "
                f"{self.patience.rest:g} s. Look at the earlier failures; it is tried again by itself.",
                "circuit_open",
            ) from None

    def _persevere(self, method: str, path: str, **options: Any) -> Reply:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, FetchError) and error.temporary
            ),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(self.patience.attempts),
                tenacity.stop_before_delay(self.patience.total),
            ),
            wait=self._wait,
            sleep=self._sleep,
            before_sleep=partial(self._log_retry, path),
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                return self._ask(method, path, attempt.retry_state.attempt_number, **options)
        raise AssertionError("tenacity ends with an answer or an error")

    def _wait(self, state: tenacity.RetryCallState) -> float:
        ceiling = min(
            self.patience.longest_wait, self.patience.first_wait * 2.0 ** min(state.attempt_number - 1, 60)
        )
        jittered = random.uniform(0, ceiling)  # noqa: S311 - jitter
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, FetchError) else None
        # Jitter on top of what the server asked for: its clients must not come back all at once.
        return asked + jittered if asked is not None else jittered

    def _log_retry(self, path: str, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        _log.info(
            "fetch_retry",
            api=self.name,
            path=path,
            attempt=state.attempt_number,
            wait_seconds=round(state.upcoming_sleep, 3),
            code=getattr(error, "code", ""),
        )

    def _ask(self, method: str, path: str, attempt: int, **options: Any) -> Reply:
        started = time.monotonic()
        what = f"{self.name} ({method} {path})"
        try:
            with self._client.stream(method, path, **options) as response:
                body = self._read(response, what, started)
        except httpx.TimeoutException:
            raise FetchError(
                f"{what} did not answer within {self.patience.timeout:g} s.", "timeout"
            ) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            message = f"{what} cannot be reached or broke off: {error or type(error).__name__}."
            raise FetchError(message, "unreachable") from None
        if response.status_code >= _ERROR or response.is_redirect:
            raise _refusal(response, body, what)
        try:
            data = json.loads(body, parse_float=self._parse_float, parse_constant=_no_constant)
        except ValueError as error:
            raise FetchError(
                f"{what} answered something that is no JSON ({error}): {_excerpt(body)}",
                "not_json",
                status=response.status_code,
            ) from None
        return Reply(response.status_code, body, response.headers, data, datetime.now(UTC), attempt)

    def _read(self, response: httpx.Response, what: str, started: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self.patience.most_bytes:
                raise FetchError(
                    f"{what} answered more than {self.patience.most_bytes:,} bytes. Ask for less.",
                    "too_large",
                    status=response.status_code,
                )
            if time.monotonic() - started > self.patience.answer:
                raise FetchError(f"{what} took longer than {self.patience.answer:g} s to answer.", "timeout")
            chunks.append(chunk)
        return b"".join(chunks)


def _answered(error: BaseException) -> bool:
    """Whether the API itself is well: what is wrong is the request, so the circuit stays closed."""
    return isinstance(error, FetchError) and error.code in {"refused", "too_large"}


def _refusal(response: httpx.Response, body: bytes, what: str) -> FetchError:
    status = response.status_code
    retry_after = _retry_after(response.headers.get("retry-after"))
    said = f"{what} answered {status} {response.reason_phrase}: {_excerpt(body)}"
    if status == _TOO_MANY or (status == _UNAVAILABLE and retry_after is not None):
        pause = f" It asks to wait {retry_after:g} s." if retry_after is not None else ""
        return FetchError(
            f"{said}{pause} Ask less often.", "rate_limited", status=status, retry_after=retry_after
        )
    if status in _RETRIED:
        return FetchError(said, "server_error", status=status)
    return FetchError(f"{said} Check the address, the parameters and the key.", "refused", status=status)


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3): a number, or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    until = _http_date(value)
    return None if until is None else math.ceil(max(0.0, (until - datetime.now(UTC)).total_seconds()))


def _http_date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _excerpt(body: bytes) -> str:
    text = body[:_EXCERPT].decode("utf-8", "replace").strip()
    return repr(text) if text else "(empty)"
