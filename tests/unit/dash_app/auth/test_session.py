"""Who acts where no request is being answered."""

import getpass

import pytest

from dash_app.auth import ForbiddenError, current_user, require
from dash_app.auth.session import machine_user


def test_without_a_session_nobody_may_do_anything() -> None:
    assert not current_user().may("operator")
    with pytest.raises(ForbiddenError, match="takes operator"):
        require("operator")


def test_a_machine_user_without_a_name_is_no_failure_of_every_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert machine_user().may("admin")
