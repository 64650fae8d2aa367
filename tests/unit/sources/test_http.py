import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from dqm_assets.errors import SourceError
from dqm_assets.sources.breaker import FileBreaker
from dqm_assets.sources.http import Fetcher, FetchError, Patience
from tests.unit.sources.conftest import Scripted, reply

GOOD = reply(200, b'{"price": 1.10}')


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the fetcher would have waited."""
    return []


@pytest.fixture
def fetcher(scripted: Scripted, waits: list[float]) -> Callable[..., Fetcher]:
    def make(patience: Patience | None = None, **options: object) -> Fetcher:
        return Fetcher(scripted.url, name="test", patience=patience, sleep=waits.append, **options)

    return make


def truncated(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"price": 1')


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.recv(1)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(reply(500), id="500"),
        pytest.param(reply(503), id="503"),
        pytest.param(reply(429), id="429"),
        pytest.param(truncated, id="truncated"),
        pytest.param(reply(200, b"<html>maintenance</html>"), id="html"),
        pytest.param(reply(200, b'{"price": NaN}'), id="NaN"),
        pytest.param(silent, id="timeout"),
    ],
)
def test_a_passing_fault_is_tried_again(
    fault: Callable[[BaseHTTPRequestHandler], None], scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [fault, GOOD]

    with fetcher(Patience(timeout=0.3)) as api:
        answer = api.get_json("/price", {"coin": "btc"})

    assert (answer.data, answer.attempts) == ({"price": 1.1}, 2)
    assert scripted.asked == ["/price?coin=btc"] * 2


def test_a_wrong_request_is_not_repeated_and_leaves_the_circuit_closed(
    scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [reply(401, b'{"error": "invalid key"}')]

    with fetcher(Patience(failures=1)) as api:
        for _ in range(3):
            with pytest.raises(FetchError, match="invalid key") as failure:
                api.get_json("/price")
        assert api.circuit == "closed"

    assert (failure.value.code, failure.value.status, len(scripted.asked)) == ("refused", 401, 3)


def test_the_wait_between_attempts_is_the_one_the_server_asks_for_and_a_little_more(
    scripted: Scripted, fetcher: Callable[..., Fetcher], waits: list[float]
) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    scripted.answers = [reply(429, Retry_After="7"), reply(503, Retry_After=until), GOOD]

    with fetcher(Patience(first_wait=0.1)) as api:
        api.get_json("/price")

    assert 7.0 <= waits[0] <= 7.1
    assert 20.0 <= waits[1] <= 30.2


def test_a_pause_longer_than_all_patience_is_not_waited_for(
    scripted: Scripted, fetcher: Callable[..., Fetcher], waits: list[float]
) -> None:
    scripted.answers = [reply(429, Retry_After="3600")]

    with fetcher() as api, pytest.raises(FetchError, match="3600 s") as failure:
        api.get_json("/price")

    assert (failure.value.code, failure.value.retry_after, waits) == ("rate_limited", 3600.0, [])


def test_waits_grow_no_longer_than_the_longest_and_are_not_all_the_same(
    scripted: Scripted, fetcher: Callable[..., Fetcher], waits: list[float]
) -> None:
    scripted.answers = [reply(500)]

    with (
        fetcher(Patience(attempts=30, first_wait=0.001, longest_wait=0.1)) as api,
        pytest.raises(FetchError, match="500"),
    ):
        api.get_json("/price")

    assert len(waits) == 29
    assert all(wait <= min(0.1, 0.001 * 2**number) for number, wait in enumerate(waits))
    assert len(set(waits)) > 20


def test_after_so_many_failures_nothing_is_sent_until_the_circuit_has_rested(
    scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [reply(500)]
    with fetcher(Patience(attempts=2, failures=2, rest=3600)) as api:
        for _ in range(2):
            with pytest.raises(FetchError, match="500"):
                api.get_json("/price")
        with pytest.raises(FetchError, match="left alone") as failure:
            api.get_json("/price")

    assert failure.value.code == "circuit_open"
    assert len(scripted.asked) == 4


def test_a_circuit_that_has_rested_lets_one_request_try_and_closes_when_it_works(
    scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [reply(500), GOOD]
    with fetcher(Patience(attempts=1, failures=1, rest=0)) as api:
        with pytest.raises(FetchError, match="500"):
            api.get_json("/price")
        assert api.circuit == "open"
        assert api.get_json("/price").data == {"price": 1.1}
        assert api.circuit == "closed"


def test_processes_share_a_circuit_that_is_kept_in_a_file(
    scripted: Scripted, fetcher: Callable[..., Fetcher], tmp_path: Path
) -> None:
    scripted.answers = [reply(500)]
    patience = Patience(attempts=1, failures=2, rest=3600)
    for _ in range(2):
        with (
            fetcher(patience, breaker=FileBreaker(tmp_path / "api.json")) as api,
            pytest.raises(FetchError, match="500"),
        ):
            api.get_json("/price")

    with (
        fetcher(patience, breaker=FileBreaker(tmp_path / "api.json")) as api,
        pytest.raises(FetchError) as failure,
    ):
        api.get_json("/price")

    assert failure.value.code == "circuit_open"
    assert len(scripted.asked) == 2


def test_a_damaged_circuit_file_counts_as_closed(
    scripted: Scripted, fetcher: Callable[..., Fetcher], tmp_path: Path
) -> None:
    path = tmp_path / "api.json"
    path.write_text("{")
    scripted.answers = [GOOD]

    with fetcher(breaker=FileBreaker(path)) as api:
        assert api.get_json("/price").status == 200


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_that_is_too_large_is_refused_also_when_it_was_small_on_the_wire(
    compressed: bool, scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    body = b'"' + b"x" * 1_000_000 + b'"'
    scripted.answers = [
        reply(200, gzip.compress(body), Content_Encoding="gzip") if compressed else reply(200, body)
    ]

    with fetcher(Patience(most_bytes=10_000)) as api, pytest.raises(FetchError, match="10,000") as failure:
        api.get_json("/price")

    assert (failure.value.code, len(scripted.asked)) == ("too_large", 1)


def test_numbers_keep_every_digit_when_they_are_asked_for_as_decimals(
    scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [reply(200, b'{"price": 0.100000000000000000001}')]

    with fetcher(parse_float=Decimal) as api:
        assert api.get_json("/price").data == {"price": Decimal("0.100000000000000000001")}


def test_the_body_is_kept_as_it_was_received(scripted: Scripted, fetcher: Callable[..., Fetcher]) -> None:
    scripted.answers = [reply(200, b'{ "b": 1,  "a": 2 }')]

    with fetcher() as api:
        answer = api.post_json("/stats", {"minutes": 5})

    assert answer.text == '{ "b": 1,  "a": 2 }'
    assert scripted.bodies == [b'{"minutes":5}']


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Last_Modified": "Sun, 01 Mar 2026 10:00:00 GMT"}, datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ({"Last_Modified": "yesterday"}, None),
    ],
)
def test_an_answer_is_as_old_as_its_headers_say(
    headers: dict[str, str], expected: datetime | None, scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [reply(200, b"{}", **headers)]

    with fetcher() as api:
        answer = api.get_json("/rates")

    if expected is not None:
        assert answer.generated_at == expected
    else:  # the server's own Date is all that is left
        assert abs(answer.generated_at - answer.received_at) < timedelta(seconds=60)


def test_an_answer_from_a_cache_is_older_by_its_age(
    scripted: Scripted, fetcher: Callable[..., Fetcher]
) -> None:
    scripted.answers = [reply(200, b"{}", Age="600")]

    with fetcher() as api:
        answer = api.get_json("/rates")

    assert timedelta(seconds=540) < answer.received_at - answer.generated_at < timedelta(seconds=660)


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(SourceError, match="ftp://x"):
        Fetcher("ftp://x")


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        Fetcher("http://127.0.0.1:9", name="prices", sleep=lambda _: None) as api,
        pytest.raises(FetchError, match="cannot be reached") as failure,
    ):
        api.get_json("/x")

    assert failure.value.code == "unreachable"
    assert "prices" in str(failure.value)
