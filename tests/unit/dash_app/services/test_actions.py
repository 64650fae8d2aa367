"""What a callback brings is refused before the store is asked: its sender may write anything into it."""

import asyncio
from typing import Any, cast

import pytest

from dash_app.services.actions import LONGEST_REASON, Wish, act_on_alert
from dash_app.services.alert_labels import label_as
from dqm_assets.errors import SettingsError
from dqm_assets.store import Store

NO_STORE = cast(Store, None)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(cast(Any, "reopen"), "ana", "why"),
        Wish("mute", "ana", "why", float("inf")),
        Wish("mute", "ana", "why", float("nan")),
        Wish("mute", "ana", "why", -1.0),
        Wish("resolve", "ana", " "),
        Wish("acknowledge", "ana", "x" * (LONGEST_REASON + 1)),
    ],
)
def test_an_action_that_no_button_offers_is_refused(wish: Wish) -> None:
    with pytest.raises(SettingsError):
        asyncio.run(act_on_alert(NO_STORE, "a", wish))


@pytest.mark.parametrize(("kind", "reason"), [("muted", ""), ("expected", "x" * (LONGEST_REASON + 1))])
def test_a_label_that_no_button_offers_is_refused(kind: Any, reason: str) -> None:
    with pytest.raises(SettingsError):
        asyncio.run(label_as(NO_STORE, "a", kind, "ana", reason))
