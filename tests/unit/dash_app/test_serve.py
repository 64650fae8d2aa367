import pytest

from dash_app.auth.gate import refuse_locked_doors, signs_in
from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.accounts.users import add_local_user, set_active
from dqm_assets.errors import SettingsError
from dqm_assets.settings import Settings
from dqm_assets.store import Store

OPEN_TO_OTHERS = ["0.0.0.0", "::", "192.168.1.5", "example.org", ""]  # noqa: S104 - asked to sign in


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_on_this_machines_own_addresses_nobody_signs_in_unless_asked(host: str) -> None:
    assert not signs_in(Settings(host=host), SignInSettings())
    assert signs_in(Settings(host=host), SignInSettings(auth="on"))


@pytest.mark.parametrize("host", OPEN_TO_OTHERS)
def test_on_an_address_that_others_reach_one_signs_in_and_that_cannot_be_switched_off(host: str) -> None:
    assert signs_in(Settings(host=host), SignInSettings())
    with pytest.raises(SettingsError, match=r"DQM_AUTH=off .* dqm users add NAME"):
        signs_in(Settings(host=host), SignInSettings(auth="off"))


def test_a_server_that_nobody_could_sign_in_to_is_refused_with_a_way_out(store: Store) -> None:
    where, sign_in = store.settings.model_copy(update={"host": "192.168.1.5"}), SignInSettings()
    refuse_locked_doors(store, store.settings, sign_in)
    with pytest.raises(SettingsError, match=r"nobody could sign in\. Add a user: dqm users add NAME"):
        refuse_locked_doors(store, where, sign_in)
    add_local_user(store, "ana", "viewer", "long enough", actor="test")
    refuse_locked_doors(store, where, sign_in)
    set_active(store, "ana", False, actor="test")
    with pytest.raises(SettingsError, match="nobody could sign in"):
        refuse_locked_doors(store, where, sign_in)
    provider = SignInSettings(oidc_issuer="https://id.example.com", oidc_client_id="dqm")
    for way in (provider, SignInSettings(proxy_trusted="10.0.0.0/8")):
        refuse_locked_doors(store, where, way)
