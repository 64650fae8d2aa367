"""What people do about alerts, over the API: acknowledge, mute, resolve, label; operators and admins."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from dash_app.api.alerts import alert_detail
from dash_app.api.failures import failures
from dash_app.api.models import AlertDetailModel
from dash_app.auth import User, needs
from dash_app.services.actions import LONGEST_REASON, MOST_HOURS, AlertAction, Wish, act_on_alert
from dash_app.services.alert_labels import LearningPreview, accept_labels, label_as, learning_preview
from dash_app.services.services import Services
from dqm_assets.quality.labels import LabelKind

AlertId = Annotated[str, Path(max_length=64)]
Operator = Annotated[User, Depends(needs("operator"))]


class ActionModel(BaseModel):
    """Why something is done with an alert."""

    reason: str = Field("", max_length=LONGEST_REASON, description="Kept in the history.")


class MuteModel(ActionModel):
    """Why and how long an alert is muted."""

    hours: float | None = Field(None, gt=0, le=MOST_HOURS, description="Until it ends, if not given.")


class LabelModel(ActionModel):
    """What an alert was."""

    kind: LabelKind


class LearnedModel(BaseModel):
    """What accepting labels changed, in words."""

    learned: str


def alert_actions_router(services: Services) -> APIRouter:
    """Make the routes under ``/api/v1/alerts/{alert_id}`` that change something."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])
    reads = services.reads

    async def done(alert_id: str, action: AlertAction, user: User, asked: ActionModel) -> AlertDetailModel:
        await alert_detail(services, alert_id)
        hours = asked.hours if isinstance(asked, MuteModel) else None
        await act_on_alert(reads.store, alert_id, Wish(action, user.name, asked.reason, hours))
        return await alert_detail(services, alert_id)

    @router.post("/{alert_id}/acknowledge", responses=failures(403, 404, 409))
    async def acknowledge(alert_id: AlertId, asked: ActionModel, user: Operator) -> AlertDetailModel:
        """Say that someone looks after it."""
        return await done(alert_id, "acknowledge", user, asked)

    @router.post("/{alert_id}/mute", responses=failures(403, 404, 409))
    async def mute(alert_id: AlertId, asked: MuteModel, user: Operator) -> AlertDetailModel:
        """Follow it without telling anyone, for some hours or until it ends."""
        return await done(alert_id, "mute", user, asked)

    @router.post("/{alert_id}/resolve", responses=failures(403, 404, 409))
    async def resolve(alert_id: AlertId, asked: ActionModel, user: Operator) -> AlertDetailModel:
        """Close it by hand."""
        return await done(alert_id, "resolve", user, asked)

    @router.post("/{alert_id}/label", responses=failures(403, 404, 409))
    async def label(alert_id: AlertId, asked: LabelModel, user: Operator) -> AlertDetailModel:
        """Say what it was: an incident, expected, or a false alarm."""
        await alert_detail(services, alert_id)
        await label_as(reads.store, alert_id, asked.kind, user.name, asked.reason)
        return await alert_detail(services, alert_id)

    @router.get("/{alert_id}/learning", responses=failures(404))
    async def learning(alert_id: AlertId) -> LearningPreview | None:
        """Replay the series with what was said of its alerts: what accepting that would change."""
        await alert_detail(services, alert_id)
        return await reads(learning_preview, alert_id)

    @router.post("/{alert_id}/learning", responses=failures(403, 404, 409))
    async def learn(alert_id: AlertId, user: Operator) -> LearnedModel:
        """Accept what was said of the alerts of this series into its training."""
        await alert_detail(services, alert_id)
        return LearnedModel(learned=await accept_labels(reads.store, alert_id, user.name))

    return router
