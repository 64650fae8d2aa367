"""Behind a proxy: its headers are believed because of its address, and only then."""

import httpx
import pytest

from dqm_assets.accounts.users import add_local_user, set_active
from dqm_assets.store import Store
from tests.integration.auth.serving import PASSWORD, site


def test_a_trusted_proxy_names_the_user_the_role_and_where_the_browser_is(users: Store) -> None:
    with site(users, proxy_trusted="127.0.0.0/8, ::1") as proxied:

        def ask(method: str = "GET", **headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            path = "/api/v1/datasets" if method == "GET" else "/api/v1/alerts/nowhere/resolve"
            wish = None if method == "GET" else {"reason": "why"}
            return httpx.request(
                method, f"{proxied.url}{path}", headers=named, json=wish, timeout=30
            ).status_code

        assert ask() == 401
        assert ask(X_Forwarded_User="eva") == 200
        assert ask(X_Forwarded_User="eva", X_Forwarded_Role="king") == 401
        public = {
            "X_Forwarded_Host": "dqm.example.com",
            "X_Forwarded_Proto": "https",
            "Origin": "https://dqm.example.com",
        }
        assert ask("POST", X_Forwarded_User="eva", **public) == 403
        assert ask("POST", X_Forwarded_User="eva", X_Forwarded_Role="operator", **public) == 404
        evil = {**public, "Origin": "https://evil.example"}
        assert ask("POST", X_Forwarded_User="eva", X_Forwarded_Role="operator", **evil) == 403

        add_local_user(users, "gone", "viewer", PASSWORD, actor="test")
        set_active(users, "gone", False, actor="test")
        assert ask(X_Forwarded_User="gone") == 401

        form = {"name": "viewer", "password": PASSWORD}
        said = {name.replace("_", "-"): value for name, value in public.items()}
        answer = httpx.post(f"{proxied.url}/login", data=form, headers=said, timeout=30)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-dqm_session=")
        assert "Secure" in cookie


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1", 200), ("localhost:1", 200), ("dqm.lan", 200), ("evil.example", 421)]
)
def test_without_sign_in_the_server_answers_to_its_own_names_only(
    users: Store, host: str, status: int
) -> None:
    with site(users, auth="off", allowed_hosts="dqm.lan") as open_site:
        answer = httpx.get(f"{open_site.url}/api/v1/datasets", headers={"Host": host}, timeout=30)
        assert answer.status_code == status
        evil = {"Host": host, "Origin": "https://evil.example"}
        refused = httpx.post(f"{open_site.url}/api/v1/alerts/x/resolve", headers=evil, json={}, timeout=30)
        assert refused.status_code in {403, 421}
