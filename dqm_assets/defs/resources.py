"""Resources that the definitions share."""

from functools import lru_cache

import dagster as dg

from dqm_assets.settings import settings
from dqm_assets.store import Store, open_store


@lru_cache(maxsize=1)
def process_store() -> Store:
    """The store as this process sees it: attaching costs a second, so it is done once."""
    return open_store(settings())


class StoreResource(dg.ConfigurableResource):
    """The store of ``DQM_HOME``, opened once per process."""

    def open(self) -> Store:
        """The open store; whoever asks again gets the same one."""
        return process_store()
