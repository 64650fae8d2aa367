"""Settings of sign-in from the environment."""

import ipaddress

import pytest

from dqm_assets.accounts.settings import SignInSettings
from dqm_assets.errors import SettingsError
from dqm_assets.settings import read_settings


def test_lists_are_words_by_blank_or_comma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQM_PROXY_TRUSTED", "10.0.0.0/8, ::1")
    monkeypatch.setenv("DQM_OIDC_ADMINS", "keepers on-call")
    found = read_settings(SignInSettings)
    assert found.proxy_trusted == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))
    assert found.oidc_admins == ("keepers", "on-call")


@pytest.mark.parametrize(
    ("name", "value", "said", "secret"),
    [
        ("DQM_PROXY_TRUSTED", "10.0.0.0/99", "DQM_PROXY_TRUSTED='10.0.0.0/99'", False),
        ("DQM_AUTH", "maybe", "DQM_AUTH='maybe'", False),
        ("DQM_SECRET_KEY", "hush hush", "DQM_SECRET_KEY: .*at least 32", True),
        ("DQM_OIDC_ISSUER", "https://id.example.com", "DQM_OIDC_ISSUER needs DQM_OIDC_CLIENT_ID", False),
    ],
)
def test_a_wrong_value_is_one_line_that_repeats_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str, secret: bool
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("DQM_OIDC_CLIENT_SECRET", "also secret")
    with pytest.raises(SettingsError, match=said) as caught:
        read_settings(SignInSettings)
    assert "also secret" not in str(caught.value)
    assert (value in str(caught.value)) is (not secret and "needs" not in said)
