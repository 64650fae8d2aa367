"""Signing in and out of the real server: what strangers see, what roles may do, how sessions end."""

from datetime import timedelta

import httpx
import pytest

from dqm_assets.accounts.tokens import add_token, revoke_token
from dqm_assets.accounts.users import add_local_user, end_sessions, set_active, set_role
from dqm_assets.pipeline.status import stage
from dqm_assets.store import Store
from tests.integration.auth.serving import HTML, PASSWORD, Site

#: A write that takes an operator, and what it is answered once it may pass.
WRITE, WISH, PASSED = "/api/v1/alerts/nowhere/resolve", {"reason": "why"}, 404


def audited(store: Store, action: str) -> list[dict]:
    return store.rows("SELECT actor, target FROM monitoring.audit WHERE action = ? ORDER BY ts", [action])


def test_strangers_are_led_to_the_sign_in_and_get_nothing_else(guarded: Site) -> None:
    with guarded.browser() as stranger:
        page = stranger.get("/runs?dataset=a b", headers=HTML)
        assert (page.status_code, page.headers["location"]) == (
            303,
            "/login?next=%2Fruns%3Fdataset%3Da%2520b",
        )
        closed = (
            "/api/v1/datasets",
            "/metrics",
            "/metrics/latest",
            "/run/x",
            "/_dash-layout",
            "/api/openapi.json",
        )
        for path in closed:
            answer = stranger.get(path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        assert stranger.post("/_dash-update-component", json={}).status_code == 401
        for path in ("/health", "/login", "/assets/sign_in.css"):
            assert stranger.get(path).status_code in {200, 503}, path


def test_no_answer_may_be_framed_elsewhere_or_taken_for_another_type(guarded: Site) -> None:
    with guarded.sign_in("viewer") as browser:
        for path in ("/dashboard", "/api/docs", "/api/v1/datasets", "/assets/app.css", "/login"):
            headers = browser.get(path).headers
            assert headers.get_list("x-content-type-options") == ["nosniff"], path
            assert headers["x-frame-options"] == "SAMEORIGIN"
            assert headers.get_list("referrer-policy") == ["same-origin"], path


def test_strangers_hear_which_pipeline_failed_and_not_why(guarded: Site) -> None:
    with pytest.raises(OSError, match="secret"), stage(guarded.store, "detector", "load"):
        raise OSError("/secret/folder cannot be read")
    with guarded.browser() as stranger:
        answer = stranger.get("/health")
    assert answer.json()["status"] == "failing"
    assert "detector" in answer.text
    assert "secret" not in answer.text


def test_who_signs_in_comes_to_the_page_they_wanted_with_a_cookie_that_scripts_cannot_read(
    guarded: Site,
) -> None:
    with guarded.browser() as browser:
        form = {"name": "viewer", "password": PASSWORD, "next": "/alerts?status=all"}
        answer = browser.post("/login", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?status=all")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
        assert browser.get("/api/v1/datasets").status_code == 200
        assert browser.get("/login", headers=HTML).status_code == 303
        kept = browser.cookies["dqm_session"]
        with guarded.sign_in("viewer") as elsewhere:
            left = browser.post("/logout")
            assert (left.status_code, left.headers["location"]) == (303, "/login")
            assert browser.get("/api/v1/datasets").status_code == 401
            assert elsewhere.get("/api/v1/datasets").status_code == 200
    with guarded.browser(cookies={"dqm_session": kept}) as thief:
        assert thief.get("/api/v1/datasets").status_code == 401
    assert {"actor": "viewer", "target": "viewer"} in audited(guarded.store, "sign_in.done")


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/login"])
def test_nobody_is_sent_to_another_site(guarded: Site, wanted: str) -> None:
    with guarded.browser() as browser:
        answer = browser.post("/login", data={"name": "viewer", "password": PASSWORD, "next": wanted})
        assert answer.headers["location"] == "/dashboard"


def test_a_changed_cookie_is_worth_nothing(guarded: Site) -> None:
    with guarded.sign_in("admin") as browser:
        cookie = browser.cookies["dqm_session"]
    for forged in (cookie[:-3] + "abc", cookie.replace(cookie[:8], "eyJhZG1p"), "x", ""):
        with guarded.browser(cookies={"dqm_session": forged}) as browser:
            assert browser.get("/api/v1/datasets").status_code == 401, forged


def test_a_wrong_password_costs_more_time_each_time_and_the_right_one_waits_too(guarded: Site) -> None:
    add_local_user(guarded.store, "target", "viewer", PASSWORD, actor="test")
    with guarded.browser() as browser:
        wrong: list[int] = []
        # On a slow machine the first waits are over before the next try comes; they double each time.
        while 429 not in wrong and len(wrong) < 15:
            form = {"name": "target", "password": f"wrong {len(wrong)}"}
            wrong.append(browser.post("/login", data=form).status_code)
        assert wrong[:4] == [401] * 4
        assert wrong[-1] == 429
        late = browser.post("/login", data={"name": "target", "password": PASSWORD})
        if late.status_code == 429:
            assert int(late.headers["retry-after"]) >= 1
        # Someone else from the same place is not kept waiting.
        assert browser.post("/login", data={"name": "viewer", "password": PASSWORD}).status_code == 303
    assert len(audited(guarded.store, "sign_in.failed")) >= 4


def test_an_unknown_name_is_answered_as_a_wrong_password_is(guarded: Site) -> None:
    with guarded.browser() as browser:
        answers = [
            browser.post("/login", data={"name": name, "password": "wrong password"})
            for name in ("operator", "nobody")
        ]
    assert [answer.status_code for answer in answers] == [401, 401]
    texts = [answer.text.replace("operator", "").replace("nobody", "") for answer in answers]
    assert texts[0] == texts[1]


def test_a_new_role_and_the_end_of_a_user_hold_from_the_next_request_on(guarded: Site) -> None:
    add_local_user(guarded.store, "bo", "viewer", PASSWORD, actor="test")
    with guarded.sign_in("bo") as browser:
        refused = browser.post(WRITE, json=WISH)
        assert (refused.status_code, refused.json()["detail"]) == (
            403,
            "bo is viewer, and this takes operator. An admin can change that.",
        )
        set_role(guarded.store, "bo", "operator", actor="test")
        assert browser.post(WRITE, json=WISH).status_code == PASSED
        set_active(guarded.store, "bo", False, actor="test")
        assert browser.get("/api/v1/datasets").status_code == 401
        set_active(guarded.store, "bo", True, actor="test")
        assert browser.get("/api/v1/datasets").status_code == 401
    with guarded.sign_in("bo") as browser:
        end_sessions(guarded.store, "bo", actor="test")
        assert browser.get("/api/v1/datasets").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, PASSED),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": None}, 403),
        ({"Origin": None, "Sec-Fetch-Site": "same-origin"}, PASSED),
        ({"Origin": None, "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_pages_of_this_server_may_write(guarded: Site, headers: dict, status: int) -> None:
    with guarded.sign_in("operator") as browser:
        kept = {name: value for name, value in browser.headers.items() if name.lower() != "origin"}
        said = {"Origin": guarded.url, **headers}
        browser.headers = httpx.Headers({**kept, **{k: v for k, v in said.items() if v is not None}})
        assert browser.post(WRITE, json=WISH).status_code == status


def test_another_site_cannot_sign_anyone_in_or_out(guarded: Site) -> None:
    with guarded.sign_in("viewer") as browser:
        evil = {"Origin": "https://evil.example"}
        assert browser.post("/logout", headers=evil).status_code == 403
        form = {"name": "viewer", "password": PASSWORD}
        assert browser.post("/login", data=form, headers=evil).status_code == 403
        assert browser.get("/api/v1/datasets").status_code == 200


def test_a_token_lets_a_program_in_with_its_role_until_it_is_revoked_or_over(guarded: Site) -> None:
    token, secret = add_token(guarded.store, "ci", "operator", actor="test")
    _, reading = add_token(guarded.store, "board", "viewer", actor="test")
    _, over = add_token(guarded.store, "old", "viewer", actor="test", lifetime=timedelta(seconds=-1))

    def ask(text: str, method: str = "GET") -> int:
        headers = {"Authorization": f"Bearer {text}"}
        path, wish = ("/api/v1/datasets", None) if method == "GET" else (WRITE, WISH)
        url = f"{guarded.url}{path}"
        return httpx.request(method, url, headers=headers, json=wish, timeout=30).status_code

    assert ask(secret) == ask(reading) == 200
    assert (ask(secret, "POST"), ask(reading, "POST")) == (PASSED, 403)
    assert ask(over) == 401
    for wrong in (secret[:-1] + ("A" if secret[-1] != "A" else "B"), f"dqm_{token.token_id}_", "x"):
        assert ask(wrong) == 401, wrong
    assert secret not in str(guarded.store.rows("FROM monitoring.tokens"))
    revoke_token(guarded.store, token.token_id, actor="test")
    assert ask(secret) == 401


def test_headers_of_a_proxy_that_nobody_trusts_name_nobody(guarded: Site) -> None:
    headers = {"X-Forwarded-User": "admin", "X-Forwarded-Role": "admin", "X-Forwarded-For": "10.9.0.1"}
    assert httpx.get(f"{guarded.url}/api/v1/datasets", headers=headers, timeout=30).status_code == 401
