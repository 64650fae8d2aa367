"""Who is told what, when and how: channels, and routes from alerts to channels."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from dqm_assets.quality.alert import EventName, Severity
from dqm_assets.quality.durations import read_span

TemplateName = Literal["chat", "mail", "webhook"]
WeekDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAY_MINUTES = 24 * 60
_HOUR_MINUTES = 60
WEEK_DAYS: tuple[WeekDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _zone(value: Any) -> Any:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError("no such time zone; write it as in the IANA list, such as Europe/Berlin") from None


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _parts(value: Any) -> Any:
    return () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)


def _clock_time(value: Any) -> Any:
    """YAML takes 22:00 without quotes for a number of base 60: 1320 minutes; with three parts, seconds."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    # Less than an hour is never written so: `22` means an hour that was not written out.
    if value < _HOUR_MINUTES:
        raise ValueError("no time of a day; write it as 22:00")
    minutes, rest = (value, 0) if value < _DAY_MINUTES else divmod(value, 60)
    if not 0 <= minutes < _DAY_MINUTES:
        raise ValueError("no time of a day; write it as 22:00")
    return time(minutes // 60, minutes % 60, rest)


Duration = Annotated[timedelta, BeforeValidator(read_span)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]


ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True
    )


class Retry(_Part):
    """When a failed delivery is tried again: after ``first``, then twice as long, at most ``longest``."""

    first: Duration = timedelta(seconds=30)
    longest: Duration = timedelta(hours=1)
    attempts: int = Field(default=30, ge=1)


class Channel(_Part):
    """One place that can be told: an Apprise URL and how messages look there."""

    url: str = Field(repr=False, min_length=1)
    template: TemplateName | None = None
    retry: Retry = Retry()

    @property
    def kind(self) -> TemplateName:
        """The template: the given one, or what suits the URL."""
        scheme = self.url.partition(":")[0].lower()
        if self.template is not None:
            return self.template
        if scheme.startswith("mailto"):
            return "mail"
        return "webhook" if scheme in {"json", "jsons"} else "chat"


class Match(_Part):
    """Which alerts a route is for; patterns such as ``orders*`` ignore case, any of several is enough."""

    severity: Severity = "info"
    owner: Patterns = ("*",)
    dataset: Patterns = ("*",)
    column: Patterns = ("*",)


class Quiet(_Part):
    """Hours of a day in which nobody is disturbed; what is held back comes as one message at their end.

    Hours that go past midnight belong to the day on which they begin; from and to the same are a whole day.
    """

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    days: tuple[WeekDay, ...] = Field(default=WEEK_DAYS, min_length=1)
    time_zone: Zone = ZoneInfo("UTC")
    #: Severity from which alerts disturb all the same.
    passing: Severity | Literal["never"] = Field(default="critical", alias="pass")


class Digest(_Part):
    """When a route tells everything that has gathered, in one message: at an interval, or by cron."""

    every: Duration | None = None
    cron: str | None = None
    time_zone: Zone = ZoneInfo("UTC")

    @field_validator("cron")
    @classmethod
    def _readable(cls, cron: str | None) -> str | None:
        if cron is not None:
            try:
                CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC))
            except CronSimError as error:
                raise ValueError(f"not a cron expression: {error}") from None
        return cron

    @model_validator(mode="after")
    def _one_of_both(self) -> "Digest":
        if (self.every is None) == (self.cron is None):
            raise ValueError("a digest has either every or cron")
        if self.every is not None and self.every < timedelta(minutes=1):
            raise ValueError("every is at least 1m")
        return self


class Route(_Part):
    """Alerts that match are told to these channels, under these conditions."""

    name: str = Field(min_length=1)
    when: Match = Match()
    to: Patterns = Field(min_length=1)
    events: tuple[EventName, ...] = Field(
        default=("opened", "reopened", "escalated", "resolved"), min_length=1
    )
    #: After a message about a series, no further opening of that series for so long.
    cooldown: Duration = timedelta(0)
    #: Several are one quiet time where they touch, such as a Friday's night and the weekend.
    quiet: Annotated[tuple[Quiet, ...], BeforeValidator(_parts)] = ()
    digest: Digest | None = None
    #: Transitions of data that was older than this when they were found are not told.
    max_age: Duration | None = None


class Links(_Part):
    """Addresses that messages link to, where they differ from what this machine calls itself."""

    dashboard: str = ""
    dagster: str = ""


class Rules(_Part):
    """The whole of notifications.yaml."""

    version: Literal[1] = 1
    links: Links = Links()
    channels: dict[str, Channel] = Field(default_factory=dict)
    routes: tuple[Route, ...] = ()
