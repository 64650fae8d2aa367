"""Where dqm keeps its state and finds its sources: environment variables, read once, checked."""

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dqm_assets.errors import SettingsError

_Settings = TypeVar("_Settings", bound=BaseSettings)


class Settings(BaseSettings):
    """All settings, each from the environment variable ``DQM_<NAME>``.

    Secrets (passwords inside URLs, API keys) come only from the environment and are
    never written to a file or a log.
    """

    model_config = SettingsConfigDict(env_prefix="DQM_", env_ignore_empty=True, frozen=True)

    #: Folder of all state: embedded PostgreSQL, store data, Dagster instance, logs.
    home: Path = Field(default=Path(".dqm"))
    #: PostgreSQL that holds the store's catalog and Dagster's instance; ``None`` starts the embedded server.
    postgres_url: str | None = None
    #: Celery broker that hands Dagster's runs to ``dqm worker``; ``None`` runs them beside the daemon.
    celery_broker: str | None = None
    #: Folder or ``s3://bucket/prefix`` of the store's Parquet files; ``None`` is ``<home>/store``.
    store_path: str | None = None
    #: Drop folder: one sub-folder per dataset; ``None`` is ``<home>/landing``.
    landing: Path | None = None
    #: Seconds a dropped file must stay unchanged before it is read.
    landing_settle_seconds: float = Field(default=1.0, ge=0.0)
    #: Folder of the ODCS contracts.
    contracts: Path = Field(default=Path(__file__).parent.parent / "contracts")
    #: Folder of the databases and folders of files that are watched; ``None`` is sources/ beside contracts/.
    sources: Path | None = None
    #: Days after which raw rows, metrics and results are removed.
    retention_days: int = Field(default=90, ge=1)
    #: Weights of a health score's parts that are not the usual ones: ``freshness=30, alerts=10``.
    score_weights: str = ""
    #: Points that a dataset's score must fall below its usual one to open an alert.
    score_drop: float = Field(default=15.0, gt=0.0, le=100.0)
    #: Address and port of the dashboard and API.
    host: str = "127.0.0.1"
    port: int = Field(default=8050, ge=1, le=65535)
    #: Port of Dagster's own web server.
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    #: Address of Dagster's web server. It has no sign-in: any other than loopback needs a proxy that has.
    dagster_host: str = "127.0.0.1"
    #: Port of the demo's simulated sources.
    simulator_port: int = Field(default=8060, ge=1, le=65535)
    #: Brokers of the event stream, comma separated; ``None`` is the development broker, when one runs.
    kafka_bootstrap: str | None = None
    #: Topics of the events, comma separated.
    kafka_topics: str = "sensor-events"
    #: Topic that dead letters are forwarded to; ``None``: they are not.
    kafka_dlq_topic: str | None = None
    #: Length of a window of the stream, in seconds: each is judged soon after its end.
    stream_window_seconds: float = Field(default=5.0, ge=0.2, le=3600.0)
    #: Port on loopback at which the consumer service answers Prometheus; 0 for none.
    stream_metrics_port: int = Field(default=9464, ge=0, le=65535)
    #: ``postgresql://`` or ``mongodb://`` URL that `dqm stream copy` copies the events into; ``None``: none.
    stream_sink: SecretStr | None = None
    #: The device API; ``None``: no fleet is watched.
    devices_url: str | None = None
    #: What a snapshot is asked with: devices count that connected in a window, trying now and then.
    devices_window_minutes: int = Field(default=5, ge=1, le=1440)
    devices_frequency_minutes: int = Field(default=1, ge=1, le=1440)
    devices_update_probability: float = Field(default=0.99, gt=0.0, le=1.0)
    #: Simulated minutes between two snapshots of an accelerated clock; ``None`` is the wall's clock.
    devices_simulate_minutes: float | None = Field(default=None, gt=0.0)
    #: Snapshots that an accelerated clock takes at a time, and the time it starts from.
    devices_steps: int = Field(default=1, ge=1, le=1440)
    devices_start: AwareDatetime | None = None
    #: The online share drops when it is so much below the mean of the previous so many snapshots.
    devices_history: int = Field(default=4, ge=1, le=1000)
    devices_drop: float = Field(default=0.15, gt=0.0, lt=1.0)
    #: The crypto provider's API; ``None`` is the provider's public one.
    crypto_url: str | None = None
    #: Demo key of the crypto provider; goes into a request header only.
    crypto_api_key: SecretStr | None = None
    #: How many coins are followed: the largest by market capitalisation.
    crypto_top: int = Field(default=10, ge=1, le=250)
    #: Age from which an exchange rate is stale.
    crypto_rate_minutes: float = Field(default=30.0, gt=0)
    #: Apprise URLs, comma separated.
    notify_urls: str | None = None
    #: Routes and channels of notifications; ``None`` is notifications.yaml in the home, or beside contracts/.
    notifications: Path | None = None

    @field_validator("home", "landing", "contracts", "sources", "notifications")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @property
    def landing_folder(self) -> Path:
        """Drop folder as an absolute path."""
        return self.landing or self.home.absolute() / "landing"

    @property
    def stream_topics(self) -> tuple[str, ...]:
        """Topics of the events, in order, each once."""
        return tuple(dict.fromkeys(name.strip() for name in self.kafka_topics.split(",") if name.strip()))

    @property
    def sources_folder(self) -> Path:
        """Folder of ``<source>.yaml`` files."""
        return self.sources or self.contracts.parent / "sources"

    @property
    def store_location(self) -> str:
        """Folder or ``s3://`` prefix that holds the store's data files."""
        return self.store_path or str(self.home.absolute() / "store")

    @property
    def reports_folder(self) -> Path:
        """Folder that health reports are written to."""
        return self.home.absolute() / "reports"

    @property
    def dagster_home(self) -> Path:
        """Folder that Dagster uses as ``DAGSTER_HOME``."""
        return self.home.absolute() / "dagster"

    @property
    def dagster_url(self) -> str:
        """Address of Dagster's web server."""
        return f"http://{self.dagster_host}:{self.dagster_port}"

    @property
    def simulator_url(self) -> str:
        """Address of the demo's simulated sources."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def dashboard_url(self) -> str:
        """Address of the dashboard."""
        return f"http://{self.host}:{self.port}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsError: a variable has a value that cannot be used; the message names each.
    """
    return read_settings(Settings)


def read_settings(kind: type[_Settings]) -> _Settings:
    """Read settings of one kind from the environment.

    Raises:
        SettingsError: a variable has a value that cannot be used; the message names each.
    """
    try:
        return kind()
    except ValidationError as error:
        wrong = "; ".join(
            _told(kind, problem["loc"], problem["input"], problem["msg"]) for problem in error.errors()
        )
        raise SettingsError(f"Wrong setting: {wrong}. Change or unset it and start again.") from None


def _told(kind: type[BaseSettings], loc: tuple[int | str, ...], value: object, message: str) -> str:
    """One mistake in words; what is secret, and what all settings together are, is not repeated."""
    if not loc:
        return message.removeprefix("Value error, ")
    field = kind.model_fields.get(str(loc[0]))
    secret = field is not None and "SecretStr" in str(field.annotation)
    return f"DQM_{'_'.join(map(str, loc)).upper()}{'' if secret else f'={value!r}'}: {message}"
