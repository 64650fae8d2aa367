"""Where requests come from."""

import pytest
from starlette.datastructures import Headers

from dash_app.auth.login import inside
from dash_app.auth.origin import Origin, is_known_host, is_same_origin, is_trusted, origin_of
from dqm_assets.accounts.settings import SignInSettings

TRUSTING = SignInSettings(proxy_trusted="10.0.0.0/8 fd00::/8")


def scope(peer: str, scheme: str = "http") -> dict:
    return {"type": "http", "client": (peer, 1), "scheme": scheme}


@pytest.mark.parametrize(
    ("address", "trusted"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("fd00::1", True), ("11.0.0.1", False), ("", False)],
)
def test_only_listed_addresses_are_trusted(address: str, trusted: bool) -> None:
    assert is_trusted(address, TRUSTING.proxy_trusted) is trusted


def test_forwarded_headers_count_from_a_trusted_proxy_only() -> None:
    headers = Headers(
        {
            "host": "inner:8050",
            "x-forwarded-for": "6.6.6.6, 1.2.3.4",
            "x-forwarded-proto": "https",
            "x-forwarded-host": "dqm.example.com",
        }
    )
    assert origin_of(scope("10.0.0.1"), headers, TRUSTING) == Origin("1.2.3.4", True, True, "dqm.example.com")
    assert origin_of(scope("9.9.9.9"), headers, TRUSTING) == Origin("9.9.9.9", False, False, "inner:8050")


@pytest.mark.parametrize(
    ("said", "secure", "host", "same"),
    [
        ("http://a.example:8050", False, "a.example:8050", True),
        ("https://a.example", True, "a.example", True),
        ("https://a.example:443", True, "A.example".lower(), True),
        ("https://a.example", False, "a.example", False),
        ("http://a.example", False, "a.example:8050", False),
        ("http://a.example.evil", False, "a.example", False),
        ("null", False, "a.example", False),
        ("", False, "a.example", False),
    ],
)
def test_a_page_is_ours_when_scheme_host_and_port_are(said: str, secure: bool, host: str, same: bool) -> None:
    assert is_same_origin(Headers({"origin": said}), Origin("1.1.1.1", False, secure, host)) is same


def test_a_client_that_is_no_browser_says_nothing_of_where_it_comes_from() -> None:
    origin = Origin("1.1.1.1", False, False, "a.example")
    assert is_same_origin(Headers({}), origin) is None
    assert is_same_origin(Headers({"sec-fetch-site": "same-site"}), origin) is False


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1:8050", True),
        ("[::1]:8050", True),
        ("dqm.lan", True),
        ("evil.example:8050", False),
        ("", False),
    ],
)
def test_a_server_knows_its_own_names(host: str, known: bool) -> None:
    assert is_known_host(host, "127.0.0.1", ("DQM.lan",)) is known


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/runs?dataset=a", "/runs?dataset=a"),
        ("//evil.example", "/dashboard"),
        ("/\\evil.example", "/dashboard"),
        ("https://evil.example", "/dashboard"),
        ("/a\nSet-Cookie: x", "/dashboard"),
        ("/login?next=/a", "/dashboard"),
        ("", "/dashboard"),
    ],
)
def test_after_sign_in_one_stays_on_this_server(wanted: str, given: str) -> None:
    assert inside(wanted) == given
