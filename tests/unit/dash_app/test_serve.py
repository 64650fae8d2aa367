import pytest

from dash_app.serve import refuse_open_network
from dqm_assets.errors import SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machines_own_addresses_are_served(host: str) -> None:
    refuse_open_network(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104 - refused
def test_an_address_that_others_reach_is_refused_with_a_way_out(host: str) -> None:
    with pytest.raises(SettingsError, match=r"no sign-in yet\. Use 127\.0\.0\.1"):
        refuse_open_network(host)
