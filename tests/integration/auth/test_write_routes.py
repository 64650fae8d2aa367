"""Every route that writes says which role it takes, and pages obey the same rule."""

import re

import httpx
import pytest

from dash_app.app import create_app
from dash_app.auth.origin import SAFE_METHODS
from dqm_assets.accounts.tokens import add_token
from dqm_assets.store import Store
from tests.integration.auth.serving import Site

#: Routes that compute and keep nothing: whoever may look may ask.
COMPUTE = {"/api/v1/backtests", "/api/v1/contracts/{dataset}/compare"}


@pytest.fixture(scope="module")
def writes(users: Store) -> list[tuple[str, str]]:
    """Method and path of every route under /api that is not only read."""
    server = create_app(users, users.settings)
    schema = server.openapi()
    return [
        (method.upper(), path)
        for path, methods in schema["paths"].items()
        for method in methods
        if method.upper() not in SAFE_METHODS and path not in COMPUTE
    ]


def test_a_viewer_may_write_nothing_and_an_operator_gets_past_the_door(
    guarded: Site, writes: list[tuple[str, str]]
) -> None:
    assert len(writes) >= 5
    _, viewer = add_token(guarded.store, "viewer", "viewer", actor="test")
    _, operator = add_token(guarded.store, "operator", "operator", actor="test")
    for method, path in writes:
        url = guarded.url + re.sub(r"\{\w+\}", "x", path)
        found = {
            who: httpx.request(
                method, url, headers={"Authorization": f"Bearer {text}"}, json={"reason": "why"}, timeout=30
            ).status_code
            for who, text in (("viewer", viewer), ("operator", operator))
        }
        assert found["viewer"] == 403, (method, path, found)
        assert found["operator"] != 403, (method, path, found)
