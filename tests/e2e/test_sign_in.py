"""Signing in with a real browser: each role sees and may do what it should, in both themes."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from dqm_assets.accounts.user import ROLES
from dqm_assets.accounts.users import add_local_user, set_active
from dqm_assets.settings import Settings
from dqm_assets.store import open_store
from tests.e2e.conftest import Tab, until
from tests.e2e.seed import seed
from tests.e2e.test_pages import violations
from tests.integration.auth.serving import PASSWORD, Site, site

pytestmark = pytest.mark.e2e

#: Where to keep pictures for docs/images; nowhere when it is not set.
PICTURES = os.environ.get("DQM_TEST_PICTURES")


@pytest.fixture(scope="module")
def guarded(new_settings: Callable[[], Settings]) -> Iterator[Site]:
    """A dashboard with sign-in, over the seeded store, with a user for each role."""
    settings = new_settings()
    with open_store(settings) as store:
        seed(store)
        for role in ROLES:
            add_local_user(store, role, role, PASSWORD, actor="test")
        with site(store) as running:
            yield running


def sign_in(page: Page, guarded: Site, name: str, wanted: str = "/dashboard") -> None:
    page.goto(guarded.url + wanted)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#main h1")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_admin_comes_to_the_page_they_wanted_sees_the_audit_and_leaves(
    guarded: Site, new_tab: Callable[..., Tab], scheme: str
) -> None:
    tab = new_tab(scheme)
    page = tab.page
    page.goto(f"{guarded.url}/audit")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    picture(page, f"sign-in-{scheme}")
    assert violations(page) == []
    sign_in(page, guarded, "admin", "/audit")
    expect(page.get_by_role("heading", name="Audit", exact=True)).to_be_visible()
    expect(page.locator("#audit-grid")).to_contain_text("sign_in.done")
    expect(page.locator("#who")).to_contain_text("admin")
    assert violations(page) == []
    picture(page, f"audit-{scheme}")
    assert tab.wrongs == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    # The audit of it wakes the page that is being left: what it still asks for may be refused.
    assert [wrong for wrong in tab.wrongs if "401" not in wrong] == []
    tab.wrongs.clear()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_comes_to_every_page_of_its_own_and_may_do_what_it_may(
    guarded: Site, new_tab: Callable[..., Tab], role: str
) -> None:
    page = new_tab().page
    sign_in(page, guarded, role)
    links = page.locator(".navbar a[href^='/']:not([target])")
    paths = [str(link.get_attribute("href")) for link in links.all()]
    assert {"/dashboard", "/datasets", "/runs", "/alerts", "/backtest", "/system"} <= set(paths)
    assert ("/audit" in paths) == (role == "admin")
    for path in paths:
        page.locator(f".navbar a[href='{path}']").click()
        until(page, f"window.dash_component_api.getLayout('shown').props.data === '{path}?'")
        assert page.locator("h1").count() == 1, path
        assert "Nothing can be shown" not in page.inner_text("#main"), path
    [alert] = guarded.store.rows("SELECT alert_id FROM monitoring.alerts ORDER BY alert_id LIMIT 1")
    # Asked beside the page, which would report a refusal as an error.
    said = page.request.post(
        f"{guarded.url}/api/v1/alerts/{alert['alert_id']}/label",
        data={"kind": "incident", "reason": "seen"},
        headers={"Origin": guarded.url},
    )
    assert said.status == (403 if role == "viewer" else 200), said.text()


def test_a_viewer_may_look_and_not_act_and_is_out_when_deactivated(
    guarded: Site, new_tab: Callable[..., Tab]
) -> None:
    tab = new_tab()
    page = tab.page
    [alert] = guarded.store.rows(
        "SELECT alert_id FROM monitoring.alerts WHERE status = 'open' ORDER BY alert_id LIMIT 1"
    )
    sign_in(page, guarded, "viewer", f"/alerts?status=all&alert={alert['alert_id']}")
    expect(page.get_by_role("link", name="Audit")).to_have_count(0)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#alert-said")).to_contain_text("viewer is viewer, and this takes operator")
    [still] = guarded.store.rows(
        "SELECT status FROM monitoring.alerts WHERE alert_id = ?", [alert["alert_id"]]
    )
    assert still["status"] == "open"
    page.goto(f"{guarded.url}/audit")
    expect(page.get_by_text("Only admins see the audit")).to_be_visible()
    assert tab.wrongs == []
    set_active(guarded.store, "viewer", False, actor="test")
    # The page may leave by itself, when its socket is closed, while it is about to be clicked.
    with contextlib.suppress(PlaywrightError):
        page.get_by_role("link", name="Runs").click(timeout=5_000)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    # The refused requests and the closed socket are what this is about.
    tab.wrongs.clear()


def test_an_operator_acts_under_their_own_name(guarded: Site, new_tab: Callable[..., Tab]) -> None:
    page = new_tab().page
    [alert] = guarded.store.rows(
        "SELECT alert_id FROM monitoring.alerts WHERE status = 'open' ORDER BY alert_id LIMIT 1"
    )
    sign_in(page, guarded, "operator", f"/alerts?status=all&alert={alert['alert_id']}")
    page.get_by_role("button", name="Acknowledge").click()
    deadline = time.monotonic() + 60
    query = "SELECT actor FROM monitoring.audit WHERE action = 'alert.acknowledged' AND target = ?"
    while not (found := guarded.store.rows(query, [alert["alert_id"]])):
        assert time.monotonic() < deadline, "the acknowledgement was not audited"
        page.wait_for_timeout(100)
    assert found == [{"actor": "operator"}]
