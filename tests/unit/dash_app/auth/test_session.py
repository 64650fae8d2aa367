"""Who acts where no request is being answered."""

import pytest

from dash_app.auth import ForbiddenError, current_user, require


def test_without_a_session_nobody_may_do_anything() -> None:
    assert not current_user().may("operator")
    with pytest.raises(ForbiddenError, match="takes operator"):
        require("operator")
