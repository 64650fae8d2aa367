"""How long rows of each dataset stay: what contracts say, and DQM_RETENTION_DAYS for the rest."""

from dqm_assets.pipeline.datasets import landing_datasets
from dqm_assets.settings import Settings
from dqm_assets.store.retention import Retention


def retention_of(settings: Settings, days: int | None = None) -> Retention:
    """The retention of every dataset.

    Args:
        settings: Where the contracts are, and the days of datasets that do not say.
        days: In place of ``DQM_RETENTION_DAYS``.

    Raises:
        ContractError: a contract cannot be read, or its days are no number.
    """
    own = [dataset for dataset in landing_datasets(settings) if dataset.retention_days is not None]
    return Retention(
        settings.retention_days if days is None else days,
        {dataset.name: dataset.retention_days for dataset in own if dataset.retention_days},
        {dataset.raw_table: dataset.retention_days for dataset in own if dataset.retention_days},
    )
