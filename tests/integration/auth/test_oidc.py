"""Sign-in through a real OpenID Connect provider on loopback."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from dqm_assets.accounts.users import add_local_user, find_account, set_active
from dqm_assets.store import Store
from tests.integration.auth.provider import CLIENT, SECRET, Provider
from tests.integration.auth.serving import PASSWORD, Site, serving, site

ANA = {"sub": "1", "preferred_username": "ana@example.com", "groups": ["people"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider(dict(ANA))
    with serving(made.app()) as url:
        made.issuer = url
        yield made


@pytest.fixture(scope="module")
def federated(users: Store, provider: Provider) -> Iterator[Site]:
    settings = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_admins": "keepers",
        "oidc_operators": "people on-call",
    }
    with site(users, **settings) as running:
        yield running


def walk(federated: Site, provider: Provider, browser: httpx.Client, **spoil: Any) -> httpx.Response:
    """Follow the whole way that a browser takes, up to what it is answered in the end."""
    provider.spoil = spoil
    begun = browser.get("/auth/oidc/begin?next=/alerts")
    assert begun.status_code == 303, begun.text
    sent = browser.get(begun.headers["location"])
    assert sent.headers["location"].startswith(f"{federated.url}/auth/oidc/end?")
    return browser.get(sent.headers["location"])


def test_whom_the_provider_vouches_for_is_in_with_the_role_of_their_groups(
    federated: Site, provider: Provider
) -> None:
    with federated.browser() as browser:
        answer = walk(federated, provider, browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/alerts"), answer.text
        assert browser.get("/api/v1/datasets").status_code == 200
    account = find_account(federated.store, "ana@example.com")
    assert account is not None
    assert (account.role, account.source, account.subject) == ("operator", "oidc", f"{provider.issuer}|1")
    with federated.browser() as browser:
        walk(federated, provider, browser, groups=["keepers"])
        changed = find_account(federated.store, "ana@example.com")
        assert changed is not None
        assert changed.role == "admin"
        set_active(federated.store, "ana@example.com", False, actor="test")
        assert browser.get("/api/v1/datasets").status_code == 401
        assert walk(federated, provider, browser).status_code == 403
    set_active(federated.store, "ana@example.com", True, actor="test")


@pytest.mark.parametrize(
    "spoil",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["dqm", "another"]},
        {"exp": int(time.time()) - 3600},
        {"nonce": "of another sign-in"},
        {"sub": "2"},
    ],
    ids=["issuer", "audience", "audiences", "over", "nonce", "another person of the same name"],
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    federated: Site, provider: Provider, spoil: dict[str, Any]
) -> None:
    with federated.browser() as browser:
        walk(federated, provider, browser)
    with federated.browser() as browser:
        answer = walk(federated, provider, browser, **spoil)
        assert answer.status_code == 403
        assert browser.get("/api/v1/datasets").status_code == 401


def test_a_token_of_another_key_lets_nobody_in(federated: Site, provider: Provider) -> None:
    provider.sign_with = RSAKey.generate_key(2048)
    with federated.browser() as browser:
        assert walk(federated, provider, browser).status_code == 403
    provider.sign_with = None


def test_a_provider_cannot_take_the_name_of_a_local_user(federated: Site, provider: Provider) -> None:
    add_local_user(federated.store, "root", "admin", PASSWORD, actor="test")
    with federated.browser() as browser:
        answer = walk(federated, provider, browser, preferred_username="root", sub="9")
        assert answer.status_code == 403
        assert "belongs to another user" in answer.text


def test_a_sign_in_that_this_browser_did_not_begin_is_refused(federated: Site, provider: Provider) -> None:
    with federated.browser() as browser, federated.browser() as other:
        begun = browser.get("/auth/oidc/begin")
        back = browser.get(begun.headers["location"]).headers["location"]
        assert other.get(back).status_code == 400
        walk(federated, provider, other)
        assert browser.get(back.replace("state=", "state=x")).status_code == 403
        refused = browser.get("/auth/oidc/end?error=access_denied&state=x")
        assert refused.status_code == 403


def test_who_comes_back_wrong_again_and_again_has_to_wait(users: Store, provider: Provider) -> None:
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    with site(users, **settings) as running, running.browser() as browser:
        browser.get("/auth/oidc/begin")
        codes = [browser.get("/auth/oidc/end?state=x").status_code for _ in range(24)]
        assert codes[:20] == [403] * 20
        assert 429 in codes[20:]
